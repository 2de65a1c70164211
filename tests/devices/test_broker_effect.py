"""How soon a running broker, never restarted, follows what happened to a machine: within ten seconds."""

import logging
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from devices import keys
from devices.models import Device
from devices.services.credentials import restore, revoke, rotate
from devices.services.provision import provision, provision_unclaimed
from embedded.children import Child
from embedded.roles import PROJECT
from embedded.server import Server
from people.models import User
from tests.devices.probe import Probe
from tests.rig.mosquitto import Mosquitto
from tests.rig.servers import Servers
from tests.rig.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)

WITHIN_S = 10.0
log = logging.getLogger(__name__)


@pytest.fixture(params=["nats", pytest.param("mosquitto", marks=pytest.mark.mosquitto)])
def port(request: pytest.FixtureRequest, chair: Device) -> Iterator[int]:
    """A running broker, and `broker_config --watch` beside it."""
    server: Server
    if request.param == "mosquitto":
        mosquitto: Mosquitto = request.getfixturevalue("mosquitto")
        mosquitto.admit_devices()
        mosquitto.start()
        pid_file = mosquitto.folder / "pid"
        pid_file.write_text(str(process_of(mosquitto)))
        files = ["--file", str(mosquitto.users_file), "--acl-file", str(mosquitto.acl_file)]
        server, users = mosquitto, mosquitto.users_file
    else:
        servers: Servers = request.getfixturevalue("servers")
        pid_file, server, users = servers.nats.pid_file, servers.nats, servers.nats.users_file
        files = ["--file", str(users)]
    command = [sys.executable, "manage.py", "broker_config", "--watch", "--format", request.param, *files]
    before = users.stat().st_mtime_ns
    watcher = subprocess.Popen([*command, "--reload-pid-file", str(pid_file)], cwd=PROJECT)
    process = process_of(server)
    try:
        eventually(lambda: users.stat().st_mtime_ns != before, within_s=60, what="the watcher works")
        eventually(lambda: admits(server.port, chair), what="the broker read the file")
        yield server.port
        assert process_of(server) == process, "the broker was restarted"
        assert server.running
    finally:
        watcher.send_signal(signal.SIGTERM)
        watcher.wait(20)
        if request.param == "nats":
            servers.forget_messages()


def process_of(server: Server) -> int:
    child: Child | None = server.child
    assert child is not None
    assert child.process is not None
    return child.process.pid


def probe(port: int, device: Device, version: int = 1) -> Probe:
    name = str(device.pk)
    return Probe(port, user=name, password=keys.password_of(name, version))


def admits(port: int, device: Device, version: int = 1) -> bool:
    with probe(port, device, version) as one:
        return bool(one.admitted)


def within_ten_seconds(what: str, happens: Callable[[], bool]) -> None:
    """Wait until it happens; how long that took is logged (`--log-cli-level INFO` shows it)."""
    since = time.monotonic()
    eventually(happens, within_s=WITHIN_S, what=what)
    log.info("%s: %.1f s", what, time.monotonic() - since)


def test_new_revoked_restored_and_rotated_machines(port: int, chair: Device, mei: User) -> None:
    stays = provision(account_id=chair.earner_id, place_id=None, type="chair", number="1", name="Chair")
    unclaimed, _ = provision_unclaimed(type="washer")
    within_ten_seconds("new machines are let in", lambda: admits(port, stays) and admits(port, unclaimed))

    with probe(port, chair) as thief, probe(port, stays) as honest:
        assert thief.admitted
        revoke(device_id=chair.pk, user_id=mei.pk, reason="stolen")
        within_ten_seconds(
            "a revoked one is put out", lambda: not thief.client.is_connected() and not admits(port, chair)
        )
        assert honest.client.is_connected()
    restore(device_id=chair.pk, user_id=mei.pk, reason="found")
    within_ten_seconds("a restored one is let in", lambda: admits(port, chair))

    rotate(device_id=chair.pk, user_id=mei.pk, reason="spring")
    within_ten_seconds(
        "a new password replaces the old one", lambda: admits(port, chair, 2) and not admits(port, chair, 1)
    )
