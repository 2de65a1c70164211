"""Messages that are not what they should be: kept for a look, counted, acknowledged, and nothing else."""

import base64
import hmac
from uuid import uuid4

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from devices.gateway import reading
from devices.gateway.beat import beat
from devices.gateway.intake import Intake
from devices.gateway.line import Incoming
from devices.models import (
    REJECTED_BYTES,
    REJECTED_SLOTS,
    Device,
    Event,
    GatewayBeat,
    RejectedMessage,
    Session,
)
from devices.protocol import envelope
from devices.protocol.topics import Topic
from devices.services.provision import provision
from devices.services.strangers import Stranger, keep
from tests.devices.hardware import Hardware

pytestmark = pytest.mark.django_db


def reasons() -> list[str]:
    return list(RejectedMessage.objects.order_by("slot").values_list("reason", flat=True))


def incoming(topic: str, payload: bytes) -> Incoming:
    return Incoming(topic, payload, retained=False, mid=1, qos=1)


def hostile(hardware: Hardware) -> list[tuple[Incoming, str]]:
    """Messages and why each is refused."""
    evt = f"v1/{hardware.name}/evt"
    good = hardware.event("fault").payload
    body, _, tag = good.rpartition(b".")

    def signed(text: bytes) -> bytes:
        return text + b"." + _tag(hardware, text)

    return [
        (incoming(evt, body.replace(b"fault", b"start") + b"." + tag), "bad_tag"),
        (incoming(evt, body), "bad_tag"),
        (incoming(evt, b""), "bad_tag"),
        (incoming(evt, hardware.hello().payload), "bad_tag"),
        (incoming(evt, b"\xff\xfe\x00"), "bad_tag"),
        (incoming(evt, b"x" * 513), "oversized"),
        (incoming(evt, b"x" * 100_000), "oversized"),
        (incoming(evt, signed(b'{"v":1,"\xff":2}')), "not_utf8"),
        (incoming(evt, signed(b"[1]")), "not_json"),
        (incoming(evt, signed(b'{"v":2}')), "bad_version"),
        (incoming(evt, signed(b'{"v":1,"id":null,"boot":1,"n":1,"t":1,"ev":"exploded"}')), "unknown_event"),
        (incoming(evt, signed(b'{"v":1,"id":null,"boot":-1,"n":1,"t":1,"ev":"fault"}')), "bad_field"),
        (incoming(f"v1/{uuid4()}/evt", good), "unknown_device"),
        (incoming(f"v1/{hardware.name}/cmd", good), "bad_topic"),
        (incoming(f"v1/{hardware.name}/nonsense", good), "bad_topic"),
        (incoming("", good), "bad_topic"),
        (incoming("v1/\0/evt", good), "bad_topic"),
        (incoming(f"v1/{hardware.name}/conn", b'{"on":2,"boot":1,"c":1}'), "bad_field"),
        (incoming(f"v1/{hardware.name}/conn", b"gone"), "not_json"),
        (hardware.event("started", uuid4()), "foreign_command"),
    ]


def _tag(hardware: Hardware, text: bytes) -> bytes:
    digest = hmac.digest(hardware.key, f"evt|{hardware.name}|evt|".encode() + text, "sha256")
    return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=")


def test_each_hostile_message_is_kept_with_its_reason_and_changes_nothing(
    intake: Intake, hardware: Hardware
) -> None:
    before = Session.objects.values().get()
    for message, reason in hostile(hardware):
        RejectedMessage.objects.all().delete()
        assert intake.store([message]) == []
        assert reasons() == [reason], message

    assert Session.objects.values().get() == before
    assert not Event.objects.exists()


def test_a_batch_of_hostile_messages_does_not_touch_the_good_ones_in_it(
    intake: Intake, hardware: Hardware
) -> None:
    bad = [message for message, _ in hostile(hardware)]
    good = [hardware.event("fault") for _ in bad]
    intake.store([message for pair in zip(bad, good, strict=True) for message in pair])

    assert Event.objects.count() == len(good)
    assert RejectedMessage.objects.count() == len(bad)


def test_a_message_of_a_neighbour_under_ones_own_key_is_refused(
    intake: Intake, hardware: Hardware, chair: Device
) -> None:
    other = provision(account_id=chair.earner_id, place_id=None, type="chair", number="08", name="Chair")
    theirs = Hardware(other).event("fault")
    intake.store([incoming(f"v1/{hardware.name}/evt", theirs.payload)])

    assert reasons() == ["bad_tag"]


def test_a_message_that_cannot_be_stored_stops_nothing(
    intake: Intake, hardware: Hardware, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison = hardware.telemetry()

    def explode(**_: object) -> None:
        raise RuntimeError("poison")

    monkeypatch.setattr("devices.services.sessions.measure", explode)
    intake.store([hardware.event("fault"), poison, hardware.state("idle")])

    assert reasons() == ["error"]
    assert Event.objects.count() == 1
    assert Session.objects.get().state == {"status": "idle"}


@pytest.mark.parametrize("strange", [r'"\u0000"', r'"\ud800"', "1e400", r'{"\u0000": [[[]]]}'])
def test_an_event_counts_whatever_stands_in_a_field_nobody_asked_for(
    intake: Intake, hardware: Hardware, strange: str
) -> None:
    event = hardware.event("fault", code="leak").payload.rpartition(b".")[0].decode()
    text = f'{event[:-1]},"new":{strange}}}'.encode()
    tag = envelope._tag(text, key=hardware.key, device_id=hardware.name, topic=Topic.EVT)
    intake.store([hardware.message(Topic.EVT, text + b"." + tag)])

    assert reasons() == []
    assert Event.objects.get().body["code"] == "leak"


def test_a_message_that_the_database_refuses_stops_nothing(
    intake: Intake, hardware: Hardware, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")

    monkeypatch.setattr("devices.services.sessions.measure", refuse)
    intake.store([hardware.event("fault"), hardware.telemetry()])

    assert reasons() == ["error"]
    assert Event.objects.count() == 1


def test_nothing_is_swallowed_when_the_database_is_gone(
    hardware: Hardware, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(**_: object) -> None:
        raise RuntimeError("connection lost")

    monkeypatch.setattr("devices.services.sessions.measure", explode)
    with pytest.raises(RuntimeError):
        Intake(still_ours=lambda: False).store([hardware.telemetry()])


def test_the_ring_of_refused_messages_cannot_grow(intake: Intake) -> None:
    for _ in range(3):
        keep([Stranger("t", "bad_tag", bytes([number % 256])) for number in range(700)])

    assert RejectedMessage.objects.count() == REJECTED_SLOTS
    assert GatewayBeat.objects.get().rejected == 2100
    newest = RejectedMessage.objects.get(slot=2099 % REJECTED_SLOTS)
    assert bytes(newest.payload) == bytes([699 % 256])


def test_more_refused_messages_at_once_than_the_ring_holds(db: None) -> None:
    beat(holder="test")
    keep([Stranger("t", "bad_tag", b"") for _ in range(REJECTED_SLOTS + 5)])

    assert RejectedMessage.objects.count() == REJECTED_SLOTS


def test_only_the_beginning_of_a_refused_message_is_kept(intake: Intake) -> None:
    keep([Stranger("t" * 500, "oversized", b"x" * 100_000)])

    kept = RejectedMessage.objects.get()
    assert (len(kept.payload), kept.size, len(kept.topic)) == (REJECTED_BYTES, 100_000, 120)


def test_rejected_messages_are_bounded() -> None:
    with pytest.raises(IntegrityError, match="rejected_messages_are_bounded"), transaction.atomic():
        RejectedMessage.objects.create(slot=REJECTED_SLOTS, topic="", reason="", payload=b"", size=0)


def test_there_is_one_gateway_beat(intake: Intake) -> None:
    with pytest.raises(IntegrityError, match="there_is_one_gateway_beat"), transaction.atomic():
        GatewayBeat.objects.filter(pk=1).update(id=2)


def test_a_message_that_the_database_refuses_for_a_moment_is_stored_all_the_same(
    intake: Intake, hardware: Hardware, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[int] = []

    def refuse_twice(**_: object) -> None:
        tries.append(1)
        if len(tries) < 3:
            raise OperationalError("canceling statement due to lock timeout")

    monkeypatch.setattr("devices.gateway.intake.PAUSE_S", 0)
    monkeypatch.setattr("devices.services.sessions.measure", refuse_twice)
    intake.store([hardware.event("fault"), hardware.telemetry()])

    assert (len(tries), reasons()) == (3, [])
    assert Event.objects.count() == 1


def test_a_message_that_nobody_foresaw_stops_nothing(
    intake: Intake, hardware: Hardware, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setitem(reading._PARSERS, Topic.TEL, explode)
    intake.store([hardware.telemetry(), hardware.event("fault")])

    assert reasons() == ["error"]
    assert Event.objects.count() == 1


def test_a_message_under_an_earlier_key_is_refused(intake: Intake, hardware: Hardware, chair: Device) -> None:
    old = hardware.event("fault")
    Device.objects.filter(pk=chair.pk).update(key_version=2)
    intake.store([old])

    assert reasons() == ["bad_tag"]
