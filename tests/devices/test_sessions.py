"""How a machine comes online and goes: hello, sync, synced, the last will."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from devices.gateway.beat import beat
from devices.gateway.intake import Intake
from devices.models import Device, Event, RejectedMessage, Session
from devices.services.drive import Outgoing
from devices.sight import Sight
from outbox.clock import now
from tests.devices.hardware import Hardware

pytestmark = pytest.mark.django_db


def session(chair: Device) -> Session:
    return Session.objects.get(device=chair)


def online(chair: Device) -> bool:
    sight = Sight.of(chair.pk)
    assert sight
    return sight.online


def greet(intake: Intake, hardware: Hardware, sess: str = "") -> str:
    """Say hello and return the session offered."""
    (answer,) = intake.store([hardware.hello(sess=sess)])
    return hardware.read_sync(answer.payload).sess


def connect(intake: Intake, hardware: Hardware) -> str:
    sess = greet(intake, hardware)
    intake.store([hardware.event("synced", sess=sess)])
    return sess


def test_hello_is_answered_with_its_nonce_the_time_and_a_session(intake: Intake, hardware: Hardware) -> None:
    hello = hardware.hello()
    (answer,) = intake.store([hello])

    sync = hardware.read_sync(answer.payload)
    assert answer == Outgoing(f"v1/{hardware.name}/sync", answer.payload)
    assert sync.nonce in hello.payload.decode()
    assert sync.sess
    assert (
        timedelta(0) <= timedelta(milliseconds=sync.now_ms - now().timestamp() * 1000) < timedelta(seconds=1)
    )


def test_only_synced_makes_a_machine_online(intake: Intake, hardware: Hardware, chair: Device) -> None:
    sess = greet(intake, hardware)
    assert not online(chair)

    intake.store([hardware.event("synced", sess=sess)])
    assert online(chair)
    assert session(chair).sess == sess


@pytest.mark.parametrize("sess", ["deadbeef", "0"])
def test_synced_to_a_session_never_offered_changes_nothing(
    intake: Intake, hardware: Hardware, chair: Device, sess: str
) -> None:
    greet(intake, hardware)
    intake.store([hardware.event("synced", sess=sess)])

    assert not online(chair)


def test_synced_of_another_power_up_changes_nothing(
    intake: Intake, hardware: Hardware, chair: Device
) -> None:
    sess = greet(intake, hardware)
    hardware.boot += 1
    intake.store([hardware.event("synced", sess=sess)])

    assert not online(chair)


def test_a_replayed_synced_does_not_bring_an_old_session_back(
    intake: Intake, hardware: Hardware, chair: Device
) -> None:
    first = greet(intake, hardware)
    synced = hardware.event("synced", sess=first)
    intake.store([synced])
    hardware.c += 1
    second = connect(intake, hardware)
    intake.store([synced])

    assert session(chair).sess == second != first


def test_a_replayed_synced_does_not_bring_a_machine_back_that_is_gone(
    intake: Intake, hardware: Hardware, chair: Device
) -> None:
    synced = hardware.event("synced", sess=greet(intake, hardware))
    intake.store([synced, hardware.will(), synced])

    assert not online(chair)


def test_the_hourly_hello_keeps_its_session(intake: Intake, hardware: Hardware, chair: Device) -> None:
    sess = connect(intake, hardware)

    assert greet(intake, hardware, sess=sess) == sess
    assert online(chair)


def test_a_rebooted_machine_gets_a_new_session_whatever_it_names(intake: Intake, hardware: Hardware) -> None:
    sess = connect(intake, hardware)
    hardware.boot += 1

    assert greet(intake, hardware, sess=sess) != sess


def test_the_last_will_of_the_current_connection_takes_a_machine_offline(
    intake: Intake, hardware: Hardware, chair: Device
) -> None:
    connect(intake, hardware)
    intake.store([hardware.will()])

    assert not online(chair)


@pytest.mark.parametrize(("boot", "c"), [(77, 1), (76, 2), (0, 0)])
def test_the_will_of_another_connection_is_ignored(
    intake: Intake, hardware: Hardware, chair: Device, boot: int, c: int
) -> None:
    hardware.c = 2
    connect(intake, hardware)
    intake.store([hardware.will(boot=boot, c=c)])

    assert online(chair)


def test_a_machine_comes_back_after_its_will_only_by_a_new_session(
    intake: Intake, hardware: Hardware, chair: Device
) -> None:
    connect(intake, hardware)
    intake.store([hardware.will(), hardware.telemetry()])
    assert not online(chair)

    hardware.c += 1
    connect(intake, hardware)
    assert online(chair)


def test_a_machine_not_heard_from_for_75_seconds_is_offline(
    intake: Intake, hardware: Hardware, chair: Device
) -> None:
    connect(intake, hardware)
    Session.objects.update(last_seen_at=now() - timedelta(seconds=74))
    assert online(chair)
    Session.objects.update(last_seen_at=now() - timedelta(seconds=76))
    assert not online(chair)


def test_signed_messages_are_signs_of_life_and_retained_ones_are_not(
    intake: Intake, hardware: Hardware, chair: Device
) -> None:
    connect(intake, hardware)
    intake.flush()
    Session.objects.update(last_seen_at=now() - timedelta(seconds=80))

    intake.store([hardware.state("idle", retained=True), hardware.will(boot=1)])
    intake.flush()
    assert not online(chair)

    intake.store([hardware.telemetry()])
    intake.flush()
    assert online(chair)


def test_state_and_telemetry_are_kept_for_people(intake: Intake, hardware: Hardware, chair: Device) -> None:
    intake.store([hardware.state("idle"), hardware.telemetry()])

    assert session(chair).state == {"status": "idle"}
    assert session(chair).telemetry == {"rssi": -60}


def test_every_machine_is_offline_while_the_gateway_is_silent(
    intake: Intake, hardware: Hardware, chair: Device, gateway_silent_since: Callable[[float], None]
) -> None:
    connect(intake, hardware)
    assert online(chair)
    gateway_silent_since(16)
    assert not online(chair)
    beat(holder="again")
    assert online(chair)


def test_a_disabled_machine_is_offline_and_not_listened_to(
    intake: Intake, hardware: Hardware, chair: Device
) -> None:
    connect(intake, hardware)
    Device.objects.update(enabled=False)
    assert not online(chair)

    assert Intake(still_ours=lambda: True).store([hardware.hello()]) == []
    assert RejectedMessage.objects.get().reason == "unknown_device"


def test_events_about_the_machine_itself_are_stored_once(intake: Intake, hardware: Hardware) -> None:
    fault = hardware.event("fault", code="door_sensor")
    intake.store([fault, fault])
    intake.store([fault])

    assert Event.objects.get().name == "fault"


def test_a_replayed_hello_of_an_earlier_connection_is_not_answered_and_changes_nothing(
    intake: Intake, hardware: Hardware, chair: Device
) -> None:
    old = hardware.hello()
    hardware.c += 1
    sess = greet(intake, hardware)
    assert intake.store([old]) == []

    intake.store([hardware.event("synced", sess=sess)])
    assert online(chair)
    before = session(chair)
    assert intake.store([old]) == []
    assert (session(chair).offer_sess, session(chair).offer_c) == (before.offer_sess, before.offer_c)


def test_a_hello_delivered_twice_offers_one_session(intake: Intake, hardware: Hardware) -> None:
    hello = hardware.hello()
    syncs = [hardware.read_sync(answer.payload) for answer in intake.store([hello, hello])]

    assert syncs[0].sess == syncs[1].sess
    assert syncs[0].nonce == syncs[1].nonce


def test_a_replayed_hello_of_the_adopted_connection_changes_nothing(
    intake: Intake, hardware: Hardware, chair: Device
) -> None:
    hello = hardware.hello()
    (answer,) = intake.store([hello])
    sess = hardware.read_sync(answer.payload).sess
    intake.store([hardware.event("synced", sess=sess)])
    before = Session.objects.values().get(device=chair)
    intake.store([hello])

    assert Session.objects.values().get(device=chair) == before


def test_a_power_up_may_count_its_connections_from_one_again(
    intake: Intake, hardware: Hardware, chair: Device
) -> None:
    hardware.c = 9
    first = connect(intake, hardware)
    hardware.boot, hardware.c = 12, 1

    assert connect(intake, hardware) != first
    assert online(chair)
