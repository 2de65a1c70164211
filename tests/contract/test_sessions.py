"""Coming online and going offline, over the wire."""

from datetime import timedelta

import pytest

from devices.models import Device, Event, Session
from devices.protocol.sessions import KEEPALIVE_S
from devices.wiretime import milliseconds
from outbox.clock import now
from tests.contract.conftest import Town, online
from tests.rig.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)


def session_of(device: Device) -> Session:
    return Session.objects.get(device=device)


def test_hello_is_answered_with_the_time_and_a_session_and_only_synced_makes_it_current(town: Town) -> None:
    machine = town.machine()
    town.open()
    with machine:  # says hello, reads the sync, says synced
        chair = machine.hardware.device
        eventually(lambda: online(chair), within_s=30)
        first = session_of(chair)

        machine.hardware.c += 1  # another connection of the same power-up
        machine.say(machine.hardware.hello())
        sync = machine.sync()
        assert sync.keepalive_s == KEEPALIVE_S
        assert abs(sync.now_ms - milliseconds(now())) < timedelta(seconds=30).total_seconds() * 1000
        assert sync.sess != first.sess
        assert session_of(chair).sess == first.sess, "an offer is no session"

        machine.say(machine.hardware.event("synced", sess="never-offered"))
        machine.say(machine.hardware.event("synced", sess=sync.sess))
        eventually(lambda: session_of(chair).sess == sync.sess)


def test_hello_again_and_again_keeps_the_session_and_a_hello_of_before_gets_no_answer(town: Town) -> None:
    machine = town.machine()
    town.open()
    with machine:
        chair = machine.hardware.device
        eventually(lambda: online(chair), within_s=30)
        sess = session_of(chair).sess
        machine.say(machine.hardware.hello(sess=sess))
        assert machine.sync().sess == sess

        machine.hardware.c -= 1
        machine.say(machine.hardware.hello())  # replayed: of an earlier connection
        machine.hardware.c += 1
        machine.say(machine.hardware.hello(sess=sess))
        assert machine.sync().sess == sess
        assert machine.no_sync_for(1)


def test_a_last_will_puts_it_offline_at_once_unless_it_is_that_of_another_connection(town: Town) -> None:
    machine = town.machine()
    town.open()
    with machine:
        chair, hardware = machine.hardware.device, machine.hardware
        eventually(lambda: online(chair), within_s=30)
        machine.say(hardware.will(c=hardware.c - 1))
        machine.say(hardware.will(boot=hardware.boot + 1))
        machine.say(hardware.event("fault", code="door"))
        eventually(lambda: Event.objects.filter(name="fault").exists())
        assert online(chair)

        machine.drop()  # as in a power cut
        eventually(lambda: not online(chair), within_s=30, what="the last will")
    with town.wired(chair, boot=78):
        eventually(lambda: online(chair), within_s=30, what="online again")


def test_what_the_broker_remembers_is_no_sign_of_life(town: Town) -> None:
    machine = town.machine()
    machine.connect()
    machine.say(machine.hardware.state("idle", retained=True))
    machine.leave()
    town.open()  # now the gateway is told what the broker kept

    chair = machine.hardware.device
    eventually(lambda: session_of(chair).state == {"status": "idle"}, within_s=30)
    assert session_of(chair).last_seen_at is None
    assert not online(chair)
