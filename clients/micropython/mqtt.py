"""As much of MQTT 3.1.1 as a machine needs: one socket, QoS 1 outwards, no waiting for acknowledgements."""

import socket
import struct
from select import POLLIN, poll

from .wire import RETAINED, TO_DEVICE

PATIENCE_S = 5  # to connect, and for the socket to take a message
KEEPALIVE_S = 30
MAX_PACKET = 4096
# User name, password, will retained, will with QoS 1, will, clean session
FLAGS = 0xEE
CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, PING = 0x10, 0x20, 0x30, 0x40, 0x82, 0x90, 0xC0


class Line:
    """Connected as one machine until an OSError; `at` is (host, port), `will` is said when it breaks."""

    def __init__(self, at: tuple, device_id: str, password: str, will: bytes, now: int) -> None:
        self._prefix, self._buffer, self._packet = "v1/" + device_id + "/", b"", 0
        self._heard_at = self._spoke_at = now
        self._socket, self._poll = socket.socket(), poll()
        try:
            self._open(at, device_id.encode(), password.encode(), will)
        except OSError:
            self._socket.close()
            raise

    def _open(self, at: tuple, user: bytes, password: bytes, will: bytes) -> None:
        self._socket.settimeout(PATIENCE_S)
        self._socket.connect(socket.getaddrinfo(*at)[0][-1])
        if hasattr(socket, "TCP_NODELAY"):  # else an acknowledgement on its way costs 40 ms a message
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._poll.register(self._socket, POLLIN)
        names = [_text(name) for name in (user, (self._prefix + "conn").encode(), will, user, password)]
        head = _text(b"MQTT") + struct.pack("!BBH", 4, FLAGS, KEEPALIVE_S)
        self._write(CONNECT, head + b"".join(names), self._spoke_at)

    def publish(self, topic: str, message: bytes, now: int) -> int:
        """The number under which the broker will confirm it; 0: it will not. Raises OSError."""
        name, retain = _text((self._prefix + topic).encode()), int(topic in RETAINED)
        if topic == "tel":
            self._write(PUBLISH, name + message, now)
            return 0
        self._packet = self._packet % 0xFFFF + 1
        self._write(PUBLISH | 2 | retain, name + struct.pack("!H", self._packet) + message, now)
        return self._packet

    def read(self, now: int, wait_ms: int) -> list:
        """What came meanwhile: (topic, message), ("connected", 0), ("confirmed", n). Raises OSError."""
        if self._poll.poll(wait_ms):
            data = self._socket.recv(MAX_PACKET)
            if not data:
                raise OSError("the broker hung up")
            self._buffer, self._heard_at = self._buffer + data, now
        if now - self._heard_at > 1500 * KEEPALIVE_S:
            raise OSError("the broker is silent")
        if now - self._spoke_at > 500 * KEEPALIVE_S:
            self._write(PING, b"", now)
        return self._packets(now)

    def close(self) -> None:
        """Without a goodbye, so that the broker says the last will."""
        self._socket.close()

    def _packets(self, now: int) -> list:
        found: list = []
        while True:
            start, end = _bounds(self._buffer)
            if len(self._buffer) < end:
                return found
            kind, body = self._buffer[0] & 0xF0, self._buffer[start:end]
            self._buffer = self._buffer[end:]
            if kind == PUBLISH:
                name_ends = 2 + struct.unpack("!H", body[:2])[0]
                found.append((body[2:name_ends].decode().split("/")[-1], body[name_ends:]))
            elif kind == PUBACK:
                found.append(("confirmed", struct.unpack("!H", body)[0]))
            elif kind in (CONNACK, SUBACK):
                found += self._welcome(kind, body, now)

    def _welcome(self, kind: int, body: bytes, now: int) -> list:
        """Each connection subscribes anew, with QoS 0: the server sends again until it has a verdict."""
        if kind == CONNACK and body[1] == 0:
            topics = [_text((self._prefix + topic).encode()) + b"\0" for topic in TO_DEVICE]
            self._write(SUBSCRIBE, b"\0\1" + b"".join(topics), now)
            return []
        if kind == CONNACK or 0x80 in body[2:]:
            raise OSError("the broker does not let us in: wrong password, or no rights to our own topics")
        return [("connected", 0)]

    def _write(self, kind: int, body: bytes, now: int) -> None:
        size = bytes([len(body)]) if len(body) < 128 else bytes([len(body) & 127 | 128, len(body) >> 7])
        self._socket.sendall(bytes([kind]) + size + body)
        self._spoke_at = now


def _text(data: bytes) -> bytes:
    return struct.pack("!H", len(data)) + data


def _bounds(buffer: bytes) -> tuple:
    """Where the body of the first packet starts and ends. Raises OSError."""
    size = 0
    for place in range(1, min(len(buffer), 5)):
        size |= (buffer[place] & 127) << 7 * (place - 1)
        if size > MAX_PACKET:
            raise OSError("the broker sends too much")
        if buffer[place] < 128:
            return place + 1, place + 1 + size
    return 0, len(buffer) + 1
