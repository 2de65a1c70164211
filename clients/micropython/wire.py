"""Signed messages: JSON, a full stop, and a tag that holds for one device, one topic and one direction."""

import json
import sys
from binascii import b2a_base64
from hashlib import sha256

MAX_BYTES = 512
TO_DEVICE = ("cmd", "sync")
RETAINED = ("conn", "state")
# MicroPython leaves printable text as it is, and knows no such option.
_PLAIN: dict = {} if sys.implementation.name == "micropython" else {"ensure_ascii": False}


class Refused(Exception):
    """A message to be dropped in silence; the first argument says why."""


def encode(body: dict) -> str:
    """The shortest JSON: the form that is signed, sent and stored."""
    return json.dumps(body, separators=(",", ":"), **_PLAIN)


def sign(text: bytes, key: bytes, device_id: str, topic: str) -> bytes:
    """The whole message for the JSON of a body."""
    return text + b"." + _tag(text, key, device_id, topic)


def verify(message: bytes, key: bytes, device_id: str, topic: str) -> dict:
    """The body of a message signed for us; nothing is parsed before the tag. Raises Refused."""
    if len(message) > MAX_BYTES:
        raise Refused("oversized")
    text, _, tag = message.rpartition(b".")
    if not _same(tag, _tag(text, key, device_id, topic)):
        raise Refused("bad_tag")
    try:
        body = json.loads(text)
    except (ValueError, RuntimeError):  # RuntimeError: nested deeper than the parser goes
        raise Refused("not_json") from None
    if type(body) is not dict or type(body.get("v")) is not int or body["v"] != 1:
        raise Refused("bad_version")
    return body


def check(body: dict, **kinds: type) -> None:
    """Raises Refused unless each field has its type; `true` is no integer."""
    if any([type(body.get(name)) is not kinds[name] for name in kinds]):
        raise Refused("bad_field")


def _tag(text: bytes, key: bytes, device_id: str, topic: str) -> bytes:
    direction = "cmd" if topic in TO_DEVICE else "evt"
    digest = hmac_sha256(key, "{}|{}|{}|".format(direction, device_id, topic).encode() + text)
    return b2a_base64(digest[:16]).strip().rstrip(b"=").replace(b"+", b"-").replace(b"/", b"_")


def hmac_sha256(key: bytes, data: bytes) -> bytes:
    """By hand: MicroPython has no hmac. Our keys are shorter than a block."""
    key = key + bytes(64 - len(key))
    inner = sha256(bytes([byte ^ 0x36 for byte in key]) + data).digest()
    return sha256(bytes([byte ^ 0x5C for byte in key]) + inner).digest()


def _same(one: bytes, other: bytes) -> bool:
    """Compare in a time that tells nothing of where they differ."""
    return len(one) == len(other) and sum([a ^ b for a, b in zip(one, other)]) == 0
