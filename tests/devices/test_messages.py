"""Every message of the contract: written and read back, and read strictly."""

from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocol.commands import Command, Op
from devices.protocol.envelope import sign, verify
from devices.protocol.errors import BadField, Oversized, ProtocolError, UnknownEvent
from devices.protocol.events import Event, EventName, State, Telemetry
from devices.protocol.fields import MAX_COUNT, MAX_SECONDS, MAX_TIME_MS, MAX_U32
from devices.protocol.sessions import Conn, Hello, Sync, new_nonce
from devices.protocol.topics import Topic

KEY = bytes(range(32))
DEVICE = "0193f4a2-7c1e-7b3a-9d55-0a1b2c3d4e5f"
START = Command(
    id=UUID("0193f4a2-9a00-7000-8000-000000000001"),
    sess="9f3c21",
    t=1795160000123,
    exp=1795160030123,
    op=Op.START,
    a={"dur_s": 600},
)

# Round trips

times = st.integers(0, MAX_TIME_MS)
u32 = st.integers(0, MAX_U32)
counts = st.integers(0, MAX_COUNT)
seconds = st.integers(0, MAX_SECONDS)
tokens = st.from_regex(r"[A-Za-z0-9_.:-]{1,32}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=("C", "Z")), max_size=40)
nonces = st.from_regex(r"[0-9a-f]{16}", fullmatch=True)

commands = st.builds(
    Command,
    id=st.uuids(),
    sess=tokens,
    t=times,
    exp=times,
    op=tokens,
    a=st.dictionaries(tokens.map(lambda name: name[:8]), st.integers(0, 9999), max_size=4),
)
hellos = st.builds(
    Hello,
    nonce=nonces,
    boot=u32,
    c=counts,
    fw=texts,
    running=st.lists(st.uuids(), max_size=4).map(tuple),
    more=st.booleans(),
    sess=st.just("") | tokens,
)
syncs = st.builds(Sync, nonce=nonces, now_ms=times, sess=tokens, keepalive_s=st.integers(1, 3600))
states = st.builds(
    State, status=tokens, door=st.just("") | tokens, course=st.just("") | tokens, left_s=st.none() | seconds
)
telemetries = st.builds(
    Telemetry,
    rssi=st.none() | st.integers(-128, 127),
    heap=st.none() | counts,
    counters=st.dictionaries(tokens.map(lambda name: name[:8]), st.integers(0, MAX_U32), max_size=8),
)


@st.composite
def events(draw: st.DrawFn) -> Event:
    name = draw(st.sampled_from(EventName))
    broken_off = name in (EventName.FAILED, EventName.INTERRUPTED)
    ran = draw(st.booleans()) if broken_off else None
    return Event(
        id=None if name in (EventName.SYNCED, EventName.FAULT) else draw(st.uuids()),
        boot=draw(u32),
        n=draw(counts),
        ev=name,
        t=draw(times),
        code=draw(tokens),
        left_s=draw(seconds if ran else st.none() | seconds),
        evidence=draw(texts),
        ran=ran,
        sess=draw(tokens) if name is EventName.SYNCED else "",
    )


Message = Command | Event | Hello | Sync | State | Telemetry


@given(commands | events() | hellos | syncs | states | telemetries)
def test_every_message_reads_back_as_it_was_written(message: Message) -> None:
    wire = sign(message.body(), key=KEY, device_id=DEVICE, topic=Topic.EVT)

    assert type(message).parse(verify(wire, keys=[KEY], device_id=DEVICE, topic=Topic.EVT)) == message


@given(st.builds(Conn, on=st.booleans(), boot=u32, c=counts))
def test_presence_reads_back_as_it_was_written(conn: Conn) -> None:
    assert Conn.decode(conn.encode()) == conn


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.data(), commands | events() | hellos | syncs | states | telemetries)
def test_a_spoilt_field_does_no_more_than_a_protocol_error(data: st.DataObject, message: Message) -> None:
    body = message.body()
    body[data.draw(st.sampled_from(sorted(body)))] = data.draw(json_values)

    with suppress(BadField, UnknownEvent):
        type(message).parse(body)


# Strict reading

EVENT: dict[str, Any] = {
    "v": 1,
    "id": "0193f4a2-9a00-7000-8000-000000000001",
    "boot": 2917740012,
    "n": 3,
    "ev": "started",
    "t": 1795160000123,
    "code": "ok",
    "left_s": 1800,
    "evidence": "current_a:3.1",
}


def test_the_contracts_event_reads() -> None:
    event = Event.parse(EVENT)

    assert (event.ev, event.n, event.left_s, event.evidence) == (EventName.STARTED, 3, 1800, "current_a:3.1")


@pytest.mark.parametrize(
    "change",
    [
        {"id": None},
        {"id": "0193F4A2-9A00-7000-8000-000000000001"},
        {"id": 5},
        {"boot": -1},
        {"boot": 2**32},
        {"boot": 1.0},
        {"boot": True},
        {"boot": "1"},
        {"n": None},
        {"n": 2**53},
        {"t": -1},
        {"t": MAX_TIME_MS + 1},
        {"t": 1795160000123.0},
        {"code": ""},
        {"code": "with space"},
        {"code": "x" * 33},
        {"left_s": -1},
        {"left_s": 10**9},
        {"left_s": "5"},
        {"evidence": 3},
        {"evidence": "x" * 161},
        {"evidence": "nul\x00"},
        {"evidence": "\ud800"},
        {"ev": "rejected", "code": None},
        {"ev": "failed"},
        {"ev": "failed", "ran": 1},
        {"ev": "failed", "ran": True, "left_s": None},
        {"ev": "interrupted", "ran": None},
        {"ev": "synced"},
        {"ev": "synced", "sess": ""},
        {"ev": 7},
    ],
    ids=repr,
)
def test_an_event_with_a_wrong_field_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadField):
        Event.parse(EVENT | change)


@pytest.mark.parametrize("missing", ["id", "boot", "n", "ev", "t"])
def test_an_event_with_a_field_missing_is_refused(missing: str) -> None:
    with pytest.raises(BadField, match=missing):
        Event.parse({name: value for name, value in EVENT.items() if name != missing})


def test_an_unknown_event_has_its_own_reason() -> None:
    with pytest.raises(UnknownEvent):
        Event.parse(EVENT | {"ev": "exploded"})


def test_fields_of_newer_firmware_are_ignored() -> None:
    assert Event.parse(EVENT | {"humidity": 40, "a": {}}) == Event.parse(EVENT)


def test_a_refusal_code_of_newer_firmware_is_still_a_refusal() -> None:
    assert Event.parse(EVENT | {"ev": "rejected", "code": "water_low"}).code == "water_low"


@pytest.mark.parametrize("ev", ["synced", "fault"])
def test_events_about_the_machine_itself_need_no_id(ev: str) -> None:
    assert Event.parse(EVENT | {"ev": ev, "id": None, "sess": "9f3c21"}).id is None


def test_progress_names_the_phase_entered() -> None:
    assert Event.parse(EVENT | {"ev": "progress", "code": "wash"}).phase == "wash"
    assert Event.parse(EVENT).phase is None


@pytest.mark.parametrize(
    "change",
    [{"exp": None}, {"op": ""}, {"op": 5}, {"a": None}, {"a": []}, {"sess": ""}, {"sess": 5}, {"id": None}],
    ids=repr,
)
def test_a_command_with_a_wrong_field_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadField):
        Command.parse(START.body() | change)


def test_a_query_is_its_start_message_with_another_op() -> None:
    assert START.as_query().body() == START.body() | {"op": "query"}


@pytest.mark.parametrize(
    "change",
    [
        {"nonce": "9f3c21"},
        {"nonce": "0123456789ABCDEF"},
        {"nonce": 5},
        {"running": None},
        {"running": [str(UUID(int=number)) for number in range(5)]},
        {"running": ["x"]},
        {"more": 0},
        {"fw": None},
        {"fw": "line\nbreak"},
    ],
    ids=repr,
)
def test_a_hello_with_a_wrong_field_is_refused(change: dict[str, Any]) -> None:
    hello = Hello(nonce=new_nonce(), boot=1, c=1, fw="test")

    with pytest.raises(BadField):
        Hello.parse(hello.body() | change)


@pytest.mark.parametrize(
    "message",
    [
        b'{"on":2,"boot":1,"c":1}',
        b'{"on":true,"boot":1,"c":1}',
        b'{"on":1,"boot":1}',
        b"{}",
        b"[]",
        b"1",
        b"",
        b"\xff",
    ],
)
def test_presence_with_a_wrong_field_is_refused(message: bytes) -> None:
    with pytest.raises(ProtocolError):
        Conn.decode(message)


def test_presence_is_bounded() -> None:
    with pytest.raises(Oversized):
        Conn.decode(b'{"on":1,"boot":1,"c":1}' + b" " * 200)


def test_presence_is_what_the_contract_shows() -> None:
    assert Conn(on=True, boot=5, c=2).encode() == b'{"on":1,"boot":5,"c":2}'


def test_telemetry_counters_are_bounded() -> None:
    with pytest.raises(BadField):
        Telemetry.parse({"v": 1, "counters": {f"c{n}": n for n in range(17)}})
    with pytest.raises(BadField):
        Telemetry.parse({"v": 1, "counters": {"c": -1}})
