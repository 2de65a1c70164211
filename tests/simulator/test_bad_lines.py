"""Machines on bad lines, against a real broker: whatever the line does, no run starts twice."""

import time
from collections.abc import Iterator

import pytest

from devices.protocol.commands import Command, Op
from embedded.nats import Nats
from simulator.faults import Faults
from simulator.fleet import Fleet
from simulator.player import Device
from simulator.script import Script, Step
from tests.rig.waiting import eventually
from tests.simulator.server import Server
from tests.simulator.test_fleet import SPEED, chair, devices, nats, server

__all__ = ["chair", "devices", "nats", "server"]  # fixtures

ENDINGS = {"finished", "failed", "interrupted", "rejected"}


@pytest.fixture
def fleet(nats: Nats, chair: Device, server: Server) -> Iterator[Fleet]:
    """One chair on its line, healthy at first."""
    fresh = Device(chair.id, chair.type, chair.key, chair.password)
    with Fleet([fresh], mqtt_url=nats.url, speed=SPEED, seed=7) as fleet:
        fleet.wait_online()
        yield fleet


def insist(server: Server, chair: Device, run: Command, *, within_s: float = 20) -> None:
    """Send a command again and again until its run has an end."""
    deadline = time.monotonic() + within_s
    while not ENDINGS & set(server.events(run.id)):
        assert time.monotonic() < deadline, server.events(run.id)
        server.send(chair, run)
        time.sleep(0.1)


def test_a_bad_line_starts_nothing_twice(fleet: Fleet, server: Server, chair: Device) -> None:
    faults = fleet.faults(chair.id)
    faults.loss, faults.duplicates, faults.replays = 0.2, 0.3, 0.3
    faults.delay_s, faults.reorder = 0.3, 0.2

    runs = [server.start(chair) for _ in range(3)]
    for run in runs:
        insist(server, chair, run)

    starts = fleet.starts(chair.id)
    assert len(starts) == len(set(starts)) >= 1


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("put", [1, 2, 3, 5])
def test_a_power_cut_at_a_durable_write_starts_nothing_twice(
    fleet: Fleet, server: Server, chair: Device, put: int, before: bool
) -> None:
    faults = fleet.faults(chair.id)
    faults.power_cut_at_put, faults.power_cut_before = put, before

    run = server.start(chair)
    insist(server, chair, run)

    assert fleet.starts(chair.id).count(run.id) <= 1
    assert faults.power_cut_at_put == 0


def test_all_that_was_overheard_starts_nothing_when_it_is_played_again(
    fleet: Fleet, server: Server, chair: Device
) -> None:
    run = server.start(chair)
    insist(server, chair, run)
    synced = server.events_of_machine(chair)

    for topic in ("cmd", "sync"):
        fleet.replay(chair.id, topic)
    server.wait(lambda: server.events(run.id).count("accepted") > 1, 15)

    assert fleet.starts(chair.id) == [run.id]
    assert server.events_of_machine(chair) == synced


def test_commands_of_an_earlier_session_start_nothing(fleet: Fleet, server: Server, chair: Device) -> None:
    fleet.faults(chair.id).loss = 1.0  # they are overheard, and do not arrive
    run = server.start(chair)
    time.sleep(0.3)
    fleet.faults(chair.id).loss = 0
    server.sess, synced = "b2", len(server.events_of_machine(chair))
    fleet.drop_line(chair.id)
    server.wait(lambda: len(server.events_of_machine(chair)) > synced, 15)

    fleet.replay(chair.id, "cmd")
    time.sleep(0.3)  # else it might be the next command that is said again
    identify = server.command(chair, Op.IDENTIFY, {})
    server.wait(lambda: set(server.events(identify.id)) == {"accepted"}, 15)  # said again, perhaps

    assert server.events(run.id) == []
    assert fleet.starts(chair.id) == []


def test_with_a_wrong_key_nobody_understands_each_other(fleet: Fleet, server: Server, chair: Device) -> None:
    fleet.faults(chair.id).wrong_key = True

    run = server.start(chair)

    time.sleep(0.3)
    assert server.events(run.id) == []
    fleet.faults(chair.id).wrong_key = False
    insist(server, chair, run)


def test_a_half_open_line_carries_nothing_until_the_machine_gives_it_up(
    fleet: Fleet, server: Server, chair: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.line.PATIENCE_S", 0.5)
    fleet.faults(chair.id).half_open = True
    fleet.wake()
    run = server.start(chair)
    time.sleep(0.3)
    assert server.events(run.id) == []

    eventually(lambda: not fleet.faults(chair.id).half_open, within_s=15, what="the machine gives it up")
    fleet.wait_online()
    insist(server, chair, run)


def test_a_machine_ahead_of_time_refuses_early(fleet: Fleet, server: Server, chair: Device) -> None:
    fleet.faults(chair.id).drift = 9.0
    fleet.wake()
    time.sleep(0.5)  # it believes that five seconds went by

    run = server.start(chair, expires_s=2)

    server.wait(lambda: server.events(run.id) == ["rejected"], 15)
    assert fleet.starts(chair.id) == []


def test_a_script_plays_its_faults(nats: Nats, server: Server, chair: Device) -> None:
    device = Device(chair.id, chair.type, chair.key, chair.password, Faults(), "A-01")
    steps = (
        Step(at_s=0.5, machine="A-01", set={"silent": True}),
        Step(at_s=1.5, machine="A-01", set={"silent": False}, do="drop_line"),
    )
    fleet = Fleet([device], mqtt_url=nats.url, speed=SPEED)
    Script(steps).play(fleet, (device,))
    lines = len(server.connections(device))

    with fleet:
        eventually(lambda: device.faults.silent, within_s=15, what="the first step is played")
        eventually(lambda: not device.faults.silent, within_s=15, what="the second step is played")
        server.wait(lambda: server.connections(device)[lines:].count(True) >= 2, within_s=15)
