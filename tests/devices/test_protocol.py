"""The wire: keys, signatures and topics, with the contract's own test vector."""

import base64
import hmac
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocol.commands import Command, Op
from devices.protocol.envelope import MAX_BYTES, decode, encode, sign, verify
from devices.protocol.errors import (
    BadTag,
    BadTopic,
    NotJson,
    Oversized,
    ProtocolError,
)
from devices.protocol.keys import decode_key, derive_key, encode_key, mqtt_password
from devices.protocol.sessions import Conn
from devices.protocol.topics import Direction, Topic, parse_topic

KEY = bytes(range(32))
DEVICE = "0193f4a2-7c1e-7b3a-9d55-0a1b2c3d4e5f"
NEIGHBOUR = "0193f4a2-7c1e-7b3a-9d55-0a1b2c3d4e60"
VECTOR = (
    b'{"v":1,"id":"0193f4a2-9a00-7000-8000-000000000001","sess":"9f3c21","t":1795160000123,'
    b'"exp":1795160030123,"op":"start","a":{"dur_s":600}}.yB2f3NlvTlJ9pHTcid5L7Q'
)
START = Command(
    id=UUID("0193f4a2-9a00-7000-8000-000000000001"),
    sess="9f3c21",
    t=1795160000123,
    exp=1795160030123,
    op=Op.START,
    a={"dur_s": 600},
)


def signed_raw(text: bytes, topic: Topic = Topic.CMD) -> bytes:
    """A message with a right tag over any bytes."""
    context = f"{topic.direction}|{DEVICE}|{topic}|".encode()
    tag = base64.urlsafe_b64encode(hmac.digest(KEY, context + text, sha256)[:16]).rstrip(b"=")
    return text + b"." + tag


def opened(message: bytes, topic: Topic = Topic.CMD, device_id: str = DEVICE) -> dict[str, Any]:
    return verify(message, keys=[KEY], device_id=device_id, topic=topic)


# Keys


def test_the_contracts_message_is_signed_byte_for_byte() -> None:
    assert sign(START.body(), key=KEY, device_id=DEVICE, topic=Topic.CMD) == VECTOR


def test_the_contracts_message_reads_back() -> None:
    assert Command.parse(opened(VECTOR)) == START


def test_the_contracts_password_comes_from_its_key() -> None:
    assert (
        mqtt_password(decode_key("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")) == "xYKAX2szQQv6KsO1WvNDVjQF"
    )


def test_every_device_and_every_version_has_its_own_key() -> None:
    keys = {derive_key(KEY, device, version) for device in (DEVICE, NEIGHBOUR) for version in (1, 2)}

    assert len(keys) == 4
    assert all(len(key) == 32 for key in keys)


def test_a_key_is_derived_the_same_for_ever() -> None:
    """Machines in the field hold these keys: a change here would silence all of them."""
    assert encode_key(derive_key(KEY, DEVICE, 1)) == "2V8hx1_nLKU7_RQNnhhdQ1rYNWKHVOaAvwS8-LdhkTo"


def test_a_short_master_key_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 32"):
        derive_key(b"short", DEVICE, 1)


@given(st.binary(min_size=32, max_size=32))
def test_keys_are_written_and_read(key: bytes) -> None:
    assert decode_key(encode_key(key)) == key
    assert decode_key(base64.urlsafe_b64encode(key).decode()) == key


@pytest.mark.parametrize(
    "text", ["", "AAEC", "ä" * 43, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8AAA", "*" * 43]
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="key"):
        decode_key(text)


# Signatures


@pytest.mark.parametrize("position", range(len(VECTOR)))
def test_no_byte_of_a_message_can_be_changed(position: int) -> None:
    changed = bytearray(VECTOR)
    changed[position] ^= 1

    with pytest.raises(BadTag):
        opened(bytes(changed))


@pytest.mark.parametrize("topic", [topic for topic in Topic if topic is not Topic.CMD])
def test_a_message_holds_for_its_own_topic_alone(topic: Topic) -> None:
    with pytest.raises(BadTag):
        opened(VECTOR, topic=topic)


def test_a_message_holds_for_its_own_device_alone() -> None:
    with pytest.raises(BadTag):
        opened(VECTOR, device_id=NEIGHBOUR)


def test_a_message_under_another_key_is_refused() -> None:
    with pytest.raises(BadTag):
        verify(VECTOR, keys=[KEY[::-1]], device_id=DEVICE, topic=Topic.CMD)


def test_the_previous_key_is_accepted_beside_the_current_one() -> None:
    assert verify(VECTOR, keys=[KEY[::-1], KEY], device_id=DEVICE, topic=Topic.CMD)["op"] == "start"


def test_without_any_key_nothing_is_accepted() -> None:
    with pytest.raises(BadTag):
        verify(VECTOR, keys=[], device_id=DEVICE, topic=Topic.CMD)


def test_the_spare_bits_of_the_tag_carry_nothing() -> None:
    """22 characters hold 132 bits: a decoder would take several spellings of one tag."""
    assert VECTOR.endswith(b"Q")

    with pytest.raises(BadTag):
        opened(VECTOR[:-1] + b"R")


@pytest.mark.parametrize(
    "message", [b"", b".", b"{}", b"{}.", VECTOR.rpartition(b".")[0], VECTOR + b"=", b"\xff.\xff"]
)
def test_a_message_without_its_tag_is_refused(message: bytes) -> None:
    with pytest.raises(BadTag):
        opened(message)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b'{"v":1,"x":"\xff"}', "not_utf8"),
        (b'{"v":1', "not_json"),
        (b"", "not_json"),
        (b"[1]", "not_json"),
        (b'"v"', "not_json"),
        (b'{"v":1,"t":NaN}', "not_json"),
        (b'{"v":1,"t":-Infinity}', "not_json"),
        (b'{"v":1,"v":1}', "not_json"),
        (b'{"v":1,"a":{"n":1,"n":2}}', "not_json"),
        (b'{"v":1}{"v":1}', "not_json"),
        (b"[" * 480, "not_json"),
        (b"{}", "bad_version"),
        (b'{"v":2}', "bad_version"),
        (b'{"v":1.0}', "bad_version"),
        (b'{"v":true}', "bad_version"),
        (b'{"v":"1"}', "bad_version"),
    ],
)
def test_a_rightly_signed_but_unreadable_message_is_refused(text: bytes, code: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        opened(signed_raw(text))

    assert caught.value.code == code


def test_a_message_may_have_512_bytes_and_not_one_more() -> None:
    room = MAX_BYTES - len(signed_raw(encode({"v": 1, "x": ""})))

    assert len(sign({"v": 1, "x": "x" * room}, key=KEY, device_id=DEVICE, topic=Topic.CMD)) == MAX_BYTES
    assert opened(signed_raw(encode({"v": 1, "x": "x" * room})))
    with pytest.raises(Oversized):
        sign({"v": 1, "x": "x" * (room + 1)}, key=KEY, device_id=DEVICE, topic=Topic.CMD)
    with pytest.raises(Oversized):
        opened(signed_raw(encode({"v": 1, "x": "x" * (room + 1)})))


def test_bytes_count_not_characters() -> None:
    with pytest.raises(Oversized):
        sign({"v": 1, "x": "洗" * 170}, key=KEY, device_id=DEVICE, topic=Topic.CMD)


def test_printable_text_travels_as_it_is() -> None:
    assert encode({"v": 1, "x": "洗衣 °"}) == '{"v":1,"x":"洗衣 °"}'.encode()


def test_tags_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    monkeypatch.setattr(hmac, "compare_digest", lambda left, right: compared.append((left, right)))

    with pytest.raises(BadTag):
        opened(VECTOR)
    assert len(compared) == 1


def test_no_error_tells_a_secret() -> None:
    tampered = VECTOR[:-1] + b"A"

    with pytest.raises(ProtocolError) as caught:
        opened(tampered)
    assert str(caught.value) == "bad_tag"


# Topics


@pytest.mark.parametrize("topic", Topic)
def test_topic_names_read_back(topic: Topic) -> None:
    assert parse_topic(topic.of(DEVICE)) == (DEVICE, topic)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "v1",
        f"v1/{DEVICE}",
        f"v2/{DEVICE}/cmd",
        f"v1/{DEVICE}/CMD",
        f"v1/{DEVICE}/other",
        f"v1/{DEVICE}/cmd/cmd",
        f"/v1/{DEVICE}/cmd",
        f"v1/{DEVICE.upper()}/cmd",
        f"v1/{DEVICE.replace('-', '')}/cmd",
        f"v1/{{{DEVICE}}}/cmd",
        "v1/+/cmd",
        "$SYS/x/cmd",
    ],
)
def test_other_topics_are_refused(name: str) -> None:
    with pytest.raises(BadTopic):
        parse_topic(name)


def test_directions_qos_and_retention_are_those_of_the_contract() -> None:
    assert {topic for topic in Topic if topic.direction is Direction.TO_DEVICE} == {Topic.CMD, Topic.SYNC}
    assert {topic for topic in Topic if topic.qos == 0} == {Topic.TEL}
    assert {topic for topic in Topic if topic.retained} == {Topic.CONN, Topic.STATE}


# Any bytes


@given(st.binary(max_size=600))
def test_no_bytes_whatever_do_more_than_a_protocol_error(message: bytes) -> None:
    with pytest.raises(ProtocolError):
        opened(message)
    with pytest.raises(ProtocolError):
        Conn.decode(message)


def test_decoding_needs_an_object() -> None:
    with pytest.raises(NotJson):
        decode(b"[]")
