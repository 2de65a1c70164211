"""What others try over the wire, and what of it arrives: nothing, and the honest go on."""

import json
import queue
import time

import pytest

from devices import keys
from devices.models import Event, GatewayBeat, RejectedMessage, Run, Session
from devices.protocol.envelope import MAX_BYTES
from devices.protocol.topics import Topic
from devices.services.credentials import revoke, rotate
from devices.states import RunStatus
from people.models import User
from tests.contract.conftest import RICH, Town, online
from tests.devices.hardware import Hardware
from tests.devices.paying import balance
from tests.devices.probe import Probe
from tests.devices.wire import WiredMachine
from tests.rig.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)

FLOOD = 3_000


def rejected() -> int:
    beat = GatewayBeat.objects.first()
    return beat.rejected if beat else 0


def starts_and_finishes(town: Town, machine: WiredMachine) -> Run:
    """An honest payment goes through from beginning to end."""
    run = town.pay(machine)
    assert machine.command(within_s=15).id == run.pk
    machine.say(machine.hardware.event("started", run.pk))
    machine.say(machine.hardware.event("finished", run.pk, left_s=0))
    eventually(lambda: Run.objects.get(pk=run.pk).status == RunStatus.FINISHED, within_s=20)
    return run


def test_what_is_no_message_of_this_machine_is_counted_and_nothing_else(town: Town) -> None:
    town.open()
    with town.machine() as machine, town.machine("08") as neighbour:
        eventually(lambda: online(machine.hardware.device) and online(neighbour.hardware.device), within_s=30)
        hardware = machine.hardware
        genuine = hardware.event("fault").payload
        unknown = hardware.signed(
            Topic.EVT, {"v": 1, "ev": "exploded", "boot": 1, "n": 1, "t": 1, "id": None}
        )
        for payload in (
            b"",
            json.dumps({"v": 1, "ev": "fault"}).encode(),  # unsigned
            genuine[:-1] + (b"A" if genuine[-1:] != b"A" else b"B"),  # wrongly signed
            neighbour.hardware.event("fault").payload,  # another machine's
            hardware.telemetry().payload,  # signed for another topic
            b"x" * (MAX_BYTES + 1),
            b"x" * 4_000,
            b"\xff\xfe\x00",
            b"{" * 500,
            unknown.payload,
        ):
            machine.say(hardware.message(Topic.EVT, payload))
        eventually(lambda: rejected() == 10, within_s=20, what=f"ten, not {rejected()}")
        starts_and_finishes(town, machine)
    assert not Event.objects.filter(name="fault").exists()
    assert RejectedMessage.objects.count() == 10


def test_a_machine_decides_nothing_about_another_one_s_run(town: Town) -> None:
    town.open()
    with town.machine() as machine, town.machine("08") as evil:
        run = town.pay(machine)
        machine.command()
        evil.say(evil.hardware.event("started", run.pk))  # signed, on its own topic, about a foreign run
        forged = Hardware(machine.hardware.device, boot=5).event("started", run.pk)
        evil.say(evil.hardware.message(Topic.EVT, forged.payload))  # not its own signature, on its own topic
        eventually(lambda: rejected() >= 2, within_s=20)
        time.sleep(0.5)
        assert Run.objects.get(pk=run.pk).status == RunStatus.SENT
        machine.say(machine.hardware.event("rejected", run.pk, code="busy"))
        eventually(lambda: Run.objects.get(pk=run.pk).status == RunStatus.REJECTED)
    assert balance(town.alice) == RICH


def test_the_broker_delivers_no_word_to_or_from_a_neighbour(town: Town) -> None:
    town.open()
    victim, evil = town.machine(), town.machine("08").hardware.device
    name, port = str(victim.hardware.device.pk), int(town.url.rsplit(":", 1)[1])
    with victim, Probe(port, user=str(evil.pk), password=keys.password_of(str(evil.pk))) as thief:
        for topic in ("#", "v1/#", f"v1/{name}/#", f"v1/{name}/cmd", f"v1/{name}/sync", "v1/+/evt", "$SYS/#"):
            thief.subscribe(topic)
        for topic in ("evt", "hello", "conn", "state", "tel", "cmd", "sync"):
            thief.publish(f"v1/{name}/{topic}", b"forged", retain=topic == "state")
        starts_and_finishes(town, victim)
        assert thief.got == []
    assert rejected() == 0, "the broker let a forged message through"


def test_another_machine_s_client_id_brings_nobody_its_commands(town: Town) -> None:
    town.open()
    victim, evil = town.machine(), town.machine("08").hardware.device
    port = int(town.url.rsplit(":", 1)[1])
    with victim:
        eventually(lambda: online(victim.hardware.device), within_s=30)
        thief = Probe(
            port, user=str(evil.pk), password=keys.password_of(str(evil.pk)), client_id=victim.hardware.name
        )
        with thief:
            thief.subscribe(f"v1/{victim.hardware.name}/cmd")
            if town.broker == "mosquitto":
                time.sleep(0.5)
                assert online(victim.hardware.device), "the client id is tied to the user"
        eventually(lambda: online(victim.hardware.device), within_s=60, what="the victim is back")
        starts_and_finishes(town, victim)
        assert thief.got == []


def test_thousands_of_hostile_messages_leave_the_honest_their_machine(town: Town) -> None:
    town.open()
    with town.machine() as honest, town.machine("08") as evil:
        eventually(lambda: online(honest.hardware.device) and online(evil.hardware.device), within_s=30)
        assert evil.client is not None
        topic = Topic.EVT.of(evil.hardware.name)
        for number in range(FLOOD):
            evil.client.publish(topic, b"%d is no message" % number, qos=0)
        starts_and_finishes(town, honest)
        eventually(lambda: rejected() > 0, within_s=30)
    assert RejectedMessage.objects.count() <= 1_000


def test_a_rotated_key_and_a_revoked_machine_over_the_wire(town: Town, mei: User) -> None:
    town.open()
    with town.machine() as machine:
        chair = machine.hardware.device
        eventually(lambda: online(chair), within_s=30)
        last_words = machine.hardware.event("fault", code="before")
        rotate(device_id=chair.pk, user_id=mei.pk, reason="spring")
        machine.say(last_words)
        eventually(lambda: Event.objects.filter(name="fault").exists(), what="the key before is believed")
    town.admit()
    chair.refresh_from_db()
    renewed = town.wired(chair, boot=78)
    eventually(lambda: joins(renewed), within_s=60, what="it is online with its new key")
    eventually(lambda: Session.objects.get(pk=chair.pk).key_version == 2)
    starts_and_finishes(town, renewed)

    revoke(device_id=chair.pk, user_id=mei.pk, reason="stolen")
    assert not online(chair)
    time.sleep(6)  # the gateway remembers for five seconds whom it knows
    heard = Event.objects.count()
    renewed.say(renewed.hardware.event("fault", code="after"))
    eventually(lambda: RejectedMessage.objects.filter(reason="unknown_device").exists(), within_s=20)
    assert Event.objects.count() == heard
    renewed.leave()


def joins(machine: WiredMachine) -> bool:
    """Connect and say hello once more, as a machine does until it is answered."""
    try:
        machine.join()
    except (AssertionError, queue.Empty):  # the broker, or the gateway, does not know its new key yet
        machine.leave()
        return False
    return True
