"""Signing and opening messages: `<JSON>.<tag>`, as docs/machines.md describes it for device makers.

The tag is base64url(HMAC-SHA256(key, "<direction>|<device id>|<topic>|" + JSON)[:16]) over the very bytes
sent, so nobody has to agree on a canonical form of JSON.
"""

import base64
import hmac
import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, NoReturn

from devices.protocol.errors import BadTag, BadVersion, NotJson, NotUtf8, Oversized
from devices.protocol.topics import Topic

VERSION = 1
MAX_BYTES = 512  # what an 8-bit controller can buffer next to its own program
TAG_BYTES = 16

Body = dict[str, Any]


def sign(body: Mapping[str, Any], *, key: bytes, device_id: str, topic: Topic) -> bytes:
    """The whole message for a body; the keys stay in the order given.

    Raises:
        Oversized: the message would be longer than 512 bytes.
    """
    text = encode(body)
    message = text + b"." + _tag(text, key=key, device_id=device_id, topic=topic)
    if len(message) > MAX_BYTES:
        raise Oversized(f"{len(message)} bytes, {MAX_BYTES} allowed")
    return message


def verify(message: bytes, *, keys: Iterable[bytes], device_id: str, topic: Topic) -> Body:
    """The body of a message that one of `keys` signed for exactly this device and topic.

    Raises:
        Oversized, BadTag, NotUtf8, NotJson, BadVersion: in this order; nothing is parsed before the tag.
    """
    if len(message) > MAX_BYTES:
        raise Oversized(f"{len(message)} bytes, {MAX_BYTES} allowed")
    text, _, tag = message.rpartition(b".")
    expected = (_tag(text, key=key, device_id=device_id, topic=topic) for key in keys)
    if not any(hmac.compare_digest(tag, candidate) for candidate in expected):
        raise BadTag
    body = decode(text)
    version = body.get("v")
    if type(version) is not int or version != VERSION:
        raise BadVersion
    return body


def encode(body: Mapping[str, Any]) -> bytes:
    """Compact UTF-8 JSON without `\\u` escapes for printable text: the shortest form, and the one signed."""
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def decode(text: bytes) -> Body:
    """One JSON object, refusing what parsers disagree about."""
    try:
        body = json.loads(text.decode(), object_pairs_hook=_object, parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        raise NotUtf8 from None
    except (ValueError, RecursionError):
        raise NotJson from None
    if not isinstance(body, dict):
        raise NotJson("not an object")
    return body


def _tag(text: bytes, *, key: bytes, device_id: str, topic: Topic) -> bytes:
    context = f"{topic.direction}|{device_id}|{topic}|".encode()
    digest = hmac.digest(key, context + text, sha256)
    return base64.urlsafe_b64encode(digest[:TAG_BYTES]).rstrip(b"=")


def _object(pairs: list[tuple[str, Any]]) -> Body:
    body = dict(pairs)
    if len(body) != len(pairs):
        raise NotJson("a key stands twice")
    return body


def _refuse_constant(name: str) -> NoReturn:
    raise NotJson(f"{name} is no number")
