"""MQTT 3.1.1 by hand, as much as a crowd of machines needs: a thousand times a client library is too much."""

from collections.abc import Iterator

CONNACK, PUBLISH, PUBACK, SUBACK, PINGRESP = 2, 3, 4, 9, 13
PING = b"\xc0\x00"
# user name, password, last will: retained, QoS 1, on a clean session
CONNECT_FLAGS = 0x80 | 0x40 | 0x20 | 0x08 | 0x04 | 0x02


def connect(name: str, *, password: str, will_topic: str, will: bytes, keepalive_s: int) -> bytes:
    """Sign in with the name as client id and user."""
    head = _text("MQTT") + bytes((4, CONNECT_FLAGS)) + keepalive_s.to_bytes(2, "big")
    return _packet(0x10, head + _text(name) + _text(will_topic) + _blob(will) + _text(name) + _text(password))


def subscribe(*topics: str) -> bytes:
    """Subscribe with QoS 0."""
    return _packet(0x82, b"\x00\x01" + b"".join(_text(topic) + b"\x00" for topic in topics))


def publish(topic: str, payload: bytes, *, mid: int = 0, retained: bool = False) -> bytes:
    """Publish with QoS 1, without a message id with QoS 0."""
    kind = 0x30 | (0x02 if mid else 0) | int(retained)
    return _packet(kind, _text(topic) + (mid.to_bytes(2, "big") if mid else b"") + payload)


def packets(buffer: bytearray) -> Iterator[tuple[int, bytes]]:
    """Take the whole packets out of a buffer: type and body."""
    while (bounds := _bounds(buffer)) is not None:
        start, end = bounds
        packet = buffer[0] >> 4, bytes(buffer[start:end])
        del buffer[:end]
        yield packet


def published(body: bytes) -> tuple[str, bytes]:
    """Return topic and payload of what came with QoS 0."""
    end = 2 + int.from_bytes(body[:2], "big")
    return body[2:end].decode(), body[end:]


def _bounds(buffer: bytearray) -> tuple[int, int] | None:
    """Return where the first packet's body starts and ends; None: it has not arrived."""
    length = 0
    for place, byte in enumerate(buffer[1:5]):
        length |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            start = place + 2
            return (start, start + length) if len(buffer) >= start + length else None
    return None


def _packet(kind: int, body: bytes) -> bytes:
    length, rest = bytearray(), len(body)
    while True:
        length.append(rest & 0x7F | (0x80 if rest > 0x7F else 0))
        rest >>= 7
        if not rest:
            return bytes((kind,)) + bytes(length) + body


def _text(text: str) -> bytes:
    return _blob(text.encode())


def _blob(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data
