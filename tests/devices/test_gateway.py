"""The gateway as a process: what it stored it acknowledges, and it survives whatever it depends on."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
from django.db import connection

from devices.gateway.line import Line, LineLost
from devices.gateway.lock import LOCK_ID, ActiveLock
from devices.gateway.loop import Gateway
from devices.models import Device, Event, GatewayBeat, RejectedMessage, Session
from devices.protocol.topics import Topic
from outbox.clock import now
from tests.devices.wire import WiredMachine
from tests.rig.mosquitto import Mosquitto
from tests.rig.service import Service
from tests.rig.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def admitted(service: Service, chair: Device) -> Service:
    """The broker knows the chair and our own processes."""
    service.admit_devices()
    return service


def beaten_since(at: object) -> Callable[[], bool]:
    return lambda: GatewayBeat.objects.filter(beat_at__gt=at).exists()


def start_gateway(service: Service) -> None:
    at = now()
    service.gateway.start()
    eventually(beaten_since(at), within_s=30, what="the gateway beats")


def is_online(device: Device) -> bool:
    return Session.objects.filter(device=device, synced_at__isnull=False, gone_at__isnull=True).exists()


def test_a_machine_comes_online_and_its_events_are_stored(admitted: Service, chair: Device) -> None:
    start_gateway(admitted)
    with WiredMachine(chair) as machine:
        eventually(lambda: is_online(chair))
        machine.say(machine.hardware.event("fault", code="door"))
        machine.say(machine.hardware.telemetry())
        eventually(lambda: Event.objects.filter(name="fault").exists())
        machine.drop()
    eventually(lambda: not is_online(chair), within_s=30, what="the last will")


@pytest.mark.mosquitto
def test_the_same_over_mosquitto(service: Service, mosquitto: Mosquitto, chair: Device) -> None:
    mosquitto.admit_devices()
    mosquitto.start()
    service.env(MQTT_URL=mosquitto.url)
    start_gateway(service)
    with WiredMachine(chair, url=mosquitto.url) as machine:
        eventually(lambda: is_online(chair))
        service.gateway.kill()
        machine.say(machine.hardware.event("fault"))
        start_gateway(service)
        eventually(lambda: Event.objects.filter(name="fault").exists())
        machine.drop()
    eventually(lambda: not is_online(chair), within_s=30, what="the last will")


def test_what_was_said_while_no_gateway_listened_is_stored_later(admitted: Service, chair: Device) -> None:
    start_gateway(admitted)
    with WiredMachine(chair) as machine:
        eventually(lambda: is_online(chair))
        admitted.gateway.kill()
        for number in range(30):
            machine.say(machine.hardware.event("fault", code=f"f{number}"))
        start_gateway(admitted)
        eventually(lambda: Event.objects.filter(name="fault").count() == 30, within_s=30)


def test_a_gateway_killed_again_and_again_loses_and_repeats_nothing(admitted: Service, chair: Device) -> None:
    start_gateway(admitted)
    with WiredMachine(chair) as machine:
        eventually(lambda: is_online(chair))
        for _ in range(3):
            for _ in range(20):
                machine.say(machine.hardware.event("fault"))
            admitted.gateway.kill()
            admitted.gateway.start()
        eventually(lambda: Event.objects.filter(name="fault").count() == 60, within_s=30)
        assert not RejectedMessage.objects.exists()


def test_a_standby_takes_over_and_only_one_is_active(admitted: Service, chair: Device) -> None:
    start_gateway(admitted)
    admitted.standby.start()
    eventually(lambda: admitted.standby.says("stands by"), within_s=30)
    first = GatewayBeat.objects.get().holder
    time.sleep(2)
    assert not admitted.standby.says("listens")

    admitted.gateway.kill()
    with WiredMachine(chair, boot=1) as machine:
        eventually(lambda: GatewayBeat.objects.get().holder != first, within_s=30, what="take-over")
        eventually(lambda: is_online(chair), within_s=30)
        machine.say(machine.hardware.event("fault"))
        eventually(lambda: Event.objects.filter(name="fault").exists())
    assert GatewayBeat.objects.get().hearing_since <= GatewayBeat.objects.get().beat_at


def test_the_gateway_survives_a_restart_of_the_database(admitted: Service, chair: Device) -> None:
    start_gateway(admitted)
    with WiredMachine(chair) as machine:
        eventually(lambda: is_online(chair))
        connection.close()
        admitted.servers.postgres.stop_immediately()
        machine.say(machine.hardware.event("fault"))
        time.sleep(1)
        admitted.servers.postgres.start()
        eventually(lambda: Event.objects.filter(name="fault").exists(), within_s=30)
    assert admitted.gateway.running


def test_the_gateway_survives_a_restart_of_the_broker(admitted: Service, chair: Device) -> None:
    start_gateway(admitted)
    admitted.servers.nats.kill()
    time.sleep(1.5)
    at = now()
    admitted.servers.nats.start()
    eventually(beaten_since(at), within_s=30, what="the gateway beats again")
    with WiredMachine(chair):
        eventually(lambda: is_online(chair), within_s=30)


def test_a_gateway_without_a_broker_gives_no_sign_of_life(admitted: Service) -> None:
    admitted.env(GATEWAY_SILENT_S="1")  # five beats a second
    start_gateway(admitted)
    admitted.servers.nats.kill()
    time.sleep(0.7)
    at = GatewayBeat.objects.get().beat_at
    time.sleep(1)

    assert GatewayBeat.objects.get().beat_at == at
    assert admitted.gateway.running
    admitted.servers.nats.start()


def test_a_gateway_that_is_asked_to_stop_ends_within_two_seconds(admitted: Service) -> None:
    start_gateway(admitted)
    started = time.monotonic()
    admitted.gateway.stop(within_s=5)

    assert not admitted.gateway.running
    assert time.monotonic() - started < 2


def test_hostile_messages_over_the_wire_are_counted_and_the_gateway_goes_on(
    admitted: Service, chair: Device
) -> None:
    start_gateway(admitted)
    with WiredMachine(chair) as machine:
        eventually(lambda: is_online(chair))
        hardware = machine.hardware
        forged = hardware.hello().payload[:-1] + b"!"
        for payload in (b"", b"\xff\xfe", b"x" * 600, b"x" * 4_000, b'{"v":1}.AAAA', forged):
            machine.say(hardware.message(Topic.EVT, payload))
        machine.say(hardware.event("fault"))
        eventually(lambda: Event.objects.filter(name="fault").exists())
        eventually(lambda: RejectedMessage.objects.count() == 6)  # stored after the others of their batch
    assert GatewayBeat.objects.get().rejected == 6


@contextmanager
def other_session_holds_the_lock() -> Iterator[None]:
    def hold() -> None:
        lock = ActiveLock()
        assert lock.take()
        taken.append(True)
        while taken[-1]:
            time.sleep(0.01)
        lock.drop()

    taken: list[bool] = []
    thread = Thread(target=hold)
    thread.start()
    eventually(lambda: taken)
    yield
    taken.append(False)
    thread.join()


def test_the_lock_is_held_by_one_connection_and_ends_with_it(transactional_db: None) -> None:
    lock = ActiveLock()
    with other_session_holds_the_lock():
        assert not lock.take()
        assert not lock.is_held()
    assert lock.take()
    assert lock.is_held()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s", [LOCK_ID])
        assert cursor.fetchone() == (1,)

    connection.close()
    connection.ensure_connection()
    assert not lock.is_held()


def test_a_broker_that_refuses_us_is_tried_again_later(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: Line) -> None:
        tries.append(time.monotonic())
        if len(tries) == 3:
            gateway.stop()
        raise LineLost("not now")

    tries: list[float] = []
    gateway = Gateway()
    monkeypatch.setattr(Line, "open", refuse)
    monkeypatch.setattr("devices.gateway.loop.SHORTEST_BREAK_S", 0.01)
    with caplog.at_level(logging.WARNING):
        gateway.run()

    assert len(tries) == 3
    assert "not now" in caplog.text
