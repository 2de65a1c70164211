"""A whole fleet against a real broker."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from devices.protocol.commands import Op
from devices.protocol.events import EventName, RejectCode
from devices.protocol.keys import derive_key, encode_key, mqtt_password
from devices.protocol.topics import FROM_DEVICE, TO_DEVICE
from embedded import ports
from embedded.nats import Nats
from simulator.client import Broker
from simulator.fleet import Fleet
from simulator.player import Device
from tests.simulator.server import NAME, PASSWORD, Server

PROJECT = Path(__file__).resolve().parents[2]
SPEED = 1000  # a ten-minute chair finishes in 0.6 s


def device(kind: str) -> Device:
    device_id = str(uuid4())
    key = derive_key(bytes(32), device_id, 1)
    return Device(id=device_id, type=kind, key=key, password=mqtt_password(key))


@pytest.fixture(scope="module")
def devices() -> list[Device]:
    return [device("chair"), device("chair"), device("washer")]


@pytest.fixture(scope="module")
def nats(tmp_path_factory: pytest.TempPathFactory, devices: list[Device]) -> Iterator[Nats]:
    folder = tmp_path_factory.mktemp("nats")
    port, core_port = ports.pick(2)
    nats = Nats(folder=folder, port=port, core_port=core_port)
    nats.users_file.write_text(users(devices))
    nats.start()
    yield nats
    nats.kill()


def users(devices: list[Device]) -> str:
    entries: list[object] = [{"user": NAME, "password": PASSWORD}]
    for one in devices:
        publish = [topic.of(one.id).replace("/", ".") for topic in FROM_DEVICE]
        subscribe = [topic.of(one.id).replace("/", ".") for topic in TO_DEVICE]
        rights = {"publish": {"allow": publish}, "subscribe": {"allow": [*subscribe, "$MQTT.sub.>"]}}
        entries.append({"user": one.id, "password": one.password, "permissions": rights})
    return f"authorization {{ users: {json.dumps(entries)} }}\n"


@pytest.fixture
def server(nats: Nats, devices: list[Device]) -> Iterator[Server]:
    with Server(Broker.at(nats.url), devices) as server:
        yield server


@pytest.fixture
def fleet(nats: Nats, devices: list[Device], server: Server) -> Iterator[Fleet]:
    fresh = [Device(one.id, one.type, one.key, one.password) for one in devices]
    with Fleet(fresh, mqtt_url=nats.url, speed=SPEED) as fleet:
        fleet.wait_online()
        yield fleet


@pytest.fixture
def chair(devices: list[Device]) -> Device:
    return devices[0]


@pytest.fixture
def washer(devices: list[Device]) -> Device:
    return devices[2]


def test_all_machines_run_at_once(fleet: Fleet, server: Server, devices: list[Device]) -> None:
    runs = {one.id: server.start(one) for one in devices}

    for one in devices:
        server.wait(lambda one=one: "finished" in server.events(runs[one.id].id))  # type: ignore[misc]
        assert fleet.starts(one.id) == [runs[one.id].id]


def test_one_thread_plays_them_all(nats: Nats, devices: list[Device], server: Server) -> None:
    before = threading.active_count()

    with Fleet(devices, mqtt_url=nats.url) as fleet:
        fleet.wait_online()
        assert threading.active_count() == before + 1

    assert threading.active_count() == before


def test_a_silent_machine_is_online_but_answers_nothing(fleet: Fleet, server: Server, chair: Device) -> None:
    fleet.faults(chair.id).silent = True

    run = server.start(chair)

    time.sleep(0.3)
    assert server.events(run.id) == []
    assert fleet.online()


def test_a_deaf_machine_that_hears_late_does_not_start(fleet: Fleet, server: Server, chair: Device) -> None:
    fleet.faults(chair.id).deaf_s = 0.5

    run = server.start(chair, expires_s=0.2)

    server.wait(lambda: server.events(run.id) == ["rejected"])
    assert fleet.starts(chair.id) == []


def test_a_mute_machine_starts_and_tells_it_late(fleet: Fleet, server: Server, chair: Device) -> None:
    fleet.faults(chair.id).mute_s = 0.5

    run = server.start(chair)

    time.sleep(0.2)
    assert (fleet.starts(chair.id), server.events(run.id)) == ([run.id], [])
    server.wait(lambda: server.events(run.id)[:2] == ["accepted", "started"])


def test_switches_work_while_the_machine_is_played(fleet: Fleet, server: Server, washer: Device) -> None:
    fleet.faults(washer.id).door_open = True
    refused = server.start(washer)
    server.wait(lambda: server.events(refused.id) == ["rejected"])
    fleet.faults(washer.id).door_open = False

    fleet.faults(washer.id).rejects = RejectCode.FAULT
    broken = server.start(washer)
    server.wait(lambda: server.events(broken.id) == ["rejected"])
    fleet.faults(washer.id).rejects = None

    run = server.start(washer)
    server.wait(lambda: "finished" in server.events(run.id))


def test_a_power_cut_between_the_store_and_the_relay(fleet: Fleet, server: Server, chair: Device) -> None:
    fleet.faults(chair.id).power_cut_after = EventName.ACCEPTED

    run = server.start(chair)

    server.wait(lambda: server.events(run.id) == ["accepted", "interrupted"])
    server.send(chair, run)
    server.wait(lambda: server.events(run.id) == ["accepted", "interrupted"] * 2)
    assert fleet.starts(chair.id) == []


def test_the_broker_speaks_the_last_will_of_a_machine_without_power(
    fleet: Fleet, server: Server, chair: Device
) -> None:
    fleet.cut_power(chair.id, for_s=0.2)

    server.wait(lambda: server.connections(chair)[-2:] == [False, True])
    fleet.wait_online()


def test_the_fleet_finds_back_to_a_broker_that_was_away(
    fleet: Fleet, server: Server, nats: Nats, chair: Device
) -> None:
    nats.kill()
    time.sleep(0.2)
    nats.start()

    fleet.wait_online(15)
    server.wait(lambda: server.connections(chair)[-1:] == [True], 15)
    time.sleep(1.5)  # the test's own server comes back once a second, and answers the next hello
    run = server.start(chair)
    server.wait(lambda: "started" in server.events(run.id), 15)


def test_a_machine_with_a_wrong_password_stays_outside(
    nats: Nats, devices: list[Device], server: Server
) -> None:
    stranger = Device(devices[0].id, "chair", devices[0].key, "wrong")

    with Fleet([stranger], mqtt_url=nats.url) as fleet, pytest.raises(TimeoutError):
        fleet.wait_online(0.5)


def test_machines_remember_beyond_the_process(
    nats: Nats, server: Server, chair: Device, tmp_path: Path
) -> None:
    with Fleet([chair], mqtt_url=nats.url, data=tmp_path) as fleet:
        fleet.wait_online()
        run = server.start(chair)
        server.wait(lambda: "started" in server.events(run.id))

    with Fleet([chair], mqtt_url=nats.url, data=tmp_path) as fleet:
        server.wait(lambda: "interrupted" in server.events(run.id))
        server.send(chair, run)
        identify = server.command(chair, Op.IDENTIFY, {})
        server.wait(lambda: server.events(identify.id) == ["accepted"])
        assert fleet.starts(chair.id) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_plays_until_it_is_told_to_end(
    nats: Nats, server: Server, devices: list[Device], tmp_path: Path, number: signal.Signals
) -> None:
    demo = tmp_path / "demo.json"
    demo.write_text(json.dumps(demo_file(nats, devices)))
    before = len(server.connections(devices[0]))
    argv = [sys.executable, "-m", "simulator", "--file", str(demo), "--speed", str(SPEED)]
    process = subprocess.Popen(argv, cwd=PROJECT, env=os.environ)
    try:
        server.wait(lambda: server.connections(devices[0])[before:][-1:] == [True], 10)
        server.wait((tmp_path / "simulator" / devices[0].id).exists)
        assert server.connections(devices[1])[-1:] != [True], "only what is marked simulated is played"
    finally:
        process.send_signal(number)
        assert process.wait(2) == 0


def demo_file(nats: Nats, devices: list[Device]) -> dict[str, object]:
    machines = [
        {
            "id": one.id,
            "number": f"M-{n}",
            "type": one.type,
            "key": encode_key(one.key),
            "mqtt_password": one.password,
            "simulated": n != 1,
        }
        for n, one in enumerate(devices)
    ]
    return {"base_url": "http://127.0.0.1:8000", "mqtt_url": nats.url, "machines": machines}


def test_without_a_file_the_command_says_what_to_do(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "simulator", "--file", str(tmp_path / "demo.json")]
    done = subprocess.run(argv, cwd=PROJECT, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "make demo" in done.stderr
    assert "Traceback" not in done.stderr
