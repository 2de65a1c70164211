"""What the files of `broker_config` allow, asked of the real brokers."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from devices import keys
from devices.broker import files, mosquitto, nats
from devices.keys import GATEWAY_USER, WORKER_USER
from devices.models import Device
from devices.services.provision import provision
from embedded.roles import PROJECT
from tests.devices.probe import Probe
from tests.rig.mosquitto import Mosquitto
from tests.rig.servers import Servers
from tests.rig.waiting import eventually

pytestmark = pytest.mark.django_db

OWN_TOPICS = ["evt", "hello", "conn", "state", "tel"]


@dataclass
class Broker:
    """A running broker and how to tell it that the machines changed."""

    port: int
    admit: Callable[[], None]

    def device(self, device: Device, *, password: str = "", client_id: str = "") -> Probe:
        name = str(device.pk)
        password = password or keys.password_of(name, device.key_version)
        return Probe(self.port, user=name, password=password, client_id=client_id)

    def ours(self, user: str, client_id: str = "") -> Probe:
        return Probe(self.port, user=user, password=keys.password_of(user), client_id=client_id)


@pytest.fixture
def neighbour(chair: Device) -> Device:
    return provision(account_id=chair.earner_id, place_id=None, type="washer", number="08", name="Washer")


@pytest.fixture(params=["nats", pytest.param("mosquitto", marks=pytest.mark.mosquitto)])
def broker(request: pytest.FixtureRequest, chair: Device, neighbour: Device) -> Iterator[Broker]:
    if request.param == "mosquitto":
        mosquitto: Mosquitto = request.getfixturevalue("mosquitto")
        mosquitto.admit_devices()
        mosquitto.start()
        yield Broker(mosquitto.port, mosquitto.admit_devices)
        return
    servers: Servers = request.getfixturevalue("servers")

    def admit() -> None:
        call_command("broker_config", format="nats", file=str(servers.nats.users_file))
        servers.nats.reload()

    admit()
    admitted = Broker(servers.nats.port, admit)
    eventually(lambda: admits(admitted.ours(WORKER_USER)), what="NATS read its users")
    yield admitted
    servers.forget_messages()


def admits(probe: Probe) -> bool:
    with probe:
        return bool(probe.admitted)


def test_a_machine_hears_its_own_commands_and_is_heard(broker: Broker, chair: Device) -> None:
    with (
        broker.device(chair) as machine,
        broker.ours(GATEWAY_USER) as gateway,
        broker.ours(WORKER_USER, "w") as worker,
    ):
        assert machine.subscribe(f"v1/{chair.pk}/cmd")
        assert machine.subscribe(f"v1/{chair.pk}/sync", qos=0)
        assert all(gateway.subscribe(f"v1/+/{topic}") for topic in OWN_TOPICS)
        for topic in OWN_TOPICS:
            machine.publish(f"v1/{chair.pk}/{topic}", topic.encode())
        worker.publish(f"v1/{chair.pk}/cmd", b"command")
        gateway.publish(f"v1/{chair.pk}/sync", b"sync")

        eventually(lambda: len(machine.got) == 2 and len(gateway.got) == len(OWN_TOPICS))
        assert sorted(machine.got) == [(f"v1/{chair.pk}/cmd", b"command"), (f"v1/{chair.pk}/sync", b"sync")]


def test_nobody_else_is_delivered_anything(broker: Broker, chair: Device, neighbour: Device) -> None:
    foreign = [
        *(
            "#",
            "+/#",
            "v1/#",
            "+/+/+",
            "v1/+/+",
            "v1/+/cmd",
            "$SYS/#",
            "$MQTT/#",
            "$MQTT/sub/#",
            "$MQTT/sub/+",
        ),
        *("$JS/#", "_INBOX/#", "$share/g/v1/+/evt", f"v1/{neighbour.pk}/#"),
        *(f"v1/{neighbour.pk}/{topic}" for topic in ["cmd", "sync", *OWN_TOPICS]),
    ]
    with (
        broker.device(chair) as evil,
        broker.device(neighbour) as victim,
        broker.ours(GATEWAY_USER) as gateway,
        broker.ours(WORKER_USER, "w") as worker,
    ):
        for topic in foreign:
            evil.subscribe(topic)
            evil.subscribe(topic, qos=0)
        victim.subscribe(f"v1/{neighbour.pk}/cmd")
        victim.subscribe(f"v1/{neighbour.pk}/sync", qos=0)
        for topic in OWN_TOPICS:
            gateway.subscribe(f"v1/+/{topic}")
            victim.publish(f"v1/{neighbour.pk}/{topic}", topic.encode(), retain=topic == "state")
        worker.publish(f"v1/{neighbour.pk}/cmd", b"command")
        gateway.publish(f"v1/{neighbour.pk}/sync", b"sync")

        eventually(lambda: len(victim.got) == 2 and len(gateway.got) == len(OWN_TOPICS))
        assert evil.got == []


def test_nobody_can_speak_for_another(broker: Broker, chair: Device, neighbour: Device) -> None:
    with (
        broker.device(chair) as evil,
        broker.device(neighbour) as victim,
        broker.ours(GATEWAY_USER) as gateway,
        broker.ours(WORKER_USER, "w") as worker,
    ):
        victim.subscribe(f"v1/{neighbour.pk}/cmd")
        victim.subscribe(f"v1/{neighbour.pk}/sync")
        for topic in OWN_TOPICS:
            gateway.subscribe(f"v1/+/{topic}")
        for topic in ["cmd", "sync", *OWN_TOPICS]:
            evil.publish(f"v1/{neighbour.pk}/{topic}", b"forged")
        evil.publish(f"v1/{chair.pk}/cmd", b"to myself")
        worker.publish(f"v1/{neighbour.pk}/evt", b"a worker is no machine")
        worker.publish(f"v1/{neighbour.pk}/sync", b"a worker is no gateway")
        gateway.publish(f"v1/{neighbour.pk}/cmd", b"a gateway starts nothing")
        worker.publish(f"v1/{neighbour.pk}/cmd", b"command")
        victim.publish(f"v1/{neighbour.pk}/evt", b"event")

        eventually(lambda: victim.got and gateway.got)
        assert victim.got == [(f"v1/{neighbour.pk}/cmd", b"command")]
        assert gateway.got == [(f"v1/{neighbour.pk}/evt", b"event")]


def test_a_worker_hears_nothing(broker: Broker, chair: Device) -> None:
    with broker.ours(WORKER_USER, "w") as worker, broker.device(chair) as machine:
        for topic in ("#", "v1/+/evt", f"v1/{chair.pk}/cmd"):
            worker.subscribe(topic)
        machine.publish(f"v1/{chair.pk}/evt", b"event")
        worker.publish(f"v1/{chair.pk}/cmd", b"command")
        time.sleep(0.2)
        assert worker.got == []


def test_a_wrong_password_and_an_unknown_user_are_refused(broker: Broker, chair: Device) -> None:
    assert not admits(broker.device(chair, password="x" * 24))
    assert not admits(Probe(broker.port, user="nobody", password="x"))
    assert not admits(Probe(broker.port, user=GATEWAY_USER, password=keys.password_of(WORKER_USER)))


def test_a_disabled_machine_is_shut_out_and_a_new_one_let_in(
    broker: Broker, chair: Device, neighbour: Device
) -> None:
    Device.objects.filter(pk=chair.pk).update(enabled=False)
    new = provision(account_id=chair.earner_id, place_id=None, type="chair", number="09", name="Chair")
    broker.admit()

    eventually(lambda: admits(broker.device(new)))
    assert not admits(broker.device(chair))
    assert admits(broker.device(neighbour))


def test_a_rotated_key_changes_the_password(broker: Broker, chair: Device) -> None:
    Device.objects.filter(pk=chair.pk).update(key_version=2)
    broker.admit()
    chair.refresh_from_db()

    eventually(lambda: admits(broker.device(chair)))
    assert not admits(broker.device(chair, password=keys.password_of(str(chair.pk), 1)))


@pytest.mark.mosquitto
def test_mosquitto_ties_the_client_id_to_the_user(
    mosquitto: Mosquitto, chair: Device, neighbour: Device
) -> None:
    mosquitto.admit_devices()
    mosquitto.start()
    broker = Broker(mosquitto.port, mosquitto.admit_devices)
    with broker.device(neighbour) as victim, broker.device(chair, client_id=str(neighbour.pk)) as evil:
        assert evil.admitted
        time.sleep(0.2)
        assert victim.client.is_connected()


def test_hashes_are_made_once_so_that_watching_is_cheap() -> None:
    devices = [(f"0193f4a2-7c1e-7b3a-9d55-{number:012x}", 1) for number in range(50)]

    assert nats.render(devices) == nats.render(devices)
    assert mosquitto.render(devices) == mosquitto.render(devices)


def test_the_files_hold_no_password_in_the_clear() -> None:
    device = ("0193f4a2-7c1e-7b3a-9d55-0a1b2c3d4e5f", 1)
    texts = [*nats.render([device]).values(), *mosquitto.render([device]).values()]

    for secret in (keys.password_of(*device), keys.password_of(GATEWAY_USER), keys.password_of(WORKER_USER)):
        assert all(secret not in text for text in texts)
    assert "$2b$04$" in texts[0]
    assert re.search(r"^0193f4a2-.*:\$7\$101\$[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]{88}$", texts[1], re.MULTILINE)


def test_a_file_is_replaced_in_one_step_private_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "users"
    files.write(path, "one")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("one", 0o600)

    path.chmod(0o640)
    files.write(path, "two")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("two", 0o640)
    assert list(tmp_path.iterdir()) == [path]


def test_a_broker_that_does_not_run_is_no_error(tmp_path: Path) -> None:
    assert not files.reload(tmp_path / "no.pid")
    (tmp_path / "empty.pid").touch()
    assert not files.reload(tmp_path / "empty.pid")


def test_nats_takes_no_message_far_larger_than_ours(servers: Servers, chair: Device) -> None:
    call_command("broker_config", format="nats", file=str(servers.nats.users_file))
    servers.nats.reload()
    broker = Broker(servers.nats.port, lambda: None)
    eventually(lambda: admits(broker.device(chair)), what="NATS read its users")
    topic = f"v1/{chair.pk}/tel"
    with broker.ours(GATEWAY_USER) as gateway, broker.device(chair) as machine:
        assert gateway.subscribe(topic)
        machine.client.publish(topic, b"x" * 5000, qos=0)
        eventually(lambda: not machine.client.is_connected(), what="the broker hangs up")
    with broker.ours(GATEWAY_USER) as gateway, broker.device(chair) as machine:
        assert gateway.subscribe(topic)
        machine.publish(topic, b"y" * 4000)
        eventually(lambda: gateway.got)
        assert [payload for _, payload in gateway.got] == [b"y" * 4000]


def test_mosquitto_needs_both_files(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="--acl-file"):
        call_command("broker_config", format="mosquitto", file=str(tmp_path / "users"))


@pytest.mark.django_db(transaction=True)
def test_watching_writes_and_signals_when_a_machine_comes_and_only_then(
    tmp_path: Path, chair: Device
) -> None:
    path, pid_file = tmp_path / "users", tmp_path / "pid"
    pid_file.write_text(str(os.getpid()))
    signals: list[int] = []
    before = signal.signal(signal.SIGHUP, lambda number, frame: signals.append(number))
    command = [sys.executable, "manage.py", "broker_config", "--format", "nats", "--file", str(path)]
    watcher = subprocess.Popen([*command, "--watch", "--reload-pid-file", str(pid_file)], cwd=PROJECT)
    try:
        eventually(lambda: path.exists() and len(signals) == 1, within_s=60, what="it started")
        new = provision(account_id=chair.earner_id, place_id=None, type="chair", number="10", name="Chair")
        eventually(lambda: str(new.pk) in path.read_text(), within_s=10)
        written = path.stat().st_mtime_ns
        time.sleep(2.5)
        assert (path.stat().st_mtime_ns, len(signals)) == (written, 2)
        watcher.terminate()
        assert watcher.wait(20) == 0
    finally:
        watcher.kill()
        watcher.wait()
        signal.signal(signal.SIGHUP, before)
