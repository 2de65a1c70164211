"""A broker, and on it the published client as a chair whose power can be cut."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clients.conformance.bench import Setup
from clients.examples.chair import Chair
from clients.micropython import client as module
from clients.micropython.core import Core
from clients.micropython.mqtt import Line
from clients.micropython.store import Store
from devices.protocol.keys import mqtt_password
from devices.protocol.topics import FROM_DEVICE, TO_DEVICE
from embedded import ports
from embedded.nats import Nats

KEY = bytes(range(32))
DEVICE = "0193f4a2-7c1e-7b3a-9d55-0a1b2c3d4e5f"
NAME, PASSWORD = "server", "only-for-tests"
QUIET_S = 0.5
AMPERES = 3.1


class Appliance:
    """The client in a thread of its own; `core` may be one with a fault planted in it."""

    def __init__(self, nats: Nats, folder: Path, core: type[Core], patch: pytest.MonkeyPatch) -> None:
        patch.setattr(module, "Core", core)
        self.moves: list[bool] = []  # of the relay
        self.memory: Callable[[], Any] = lambda: Store(str(folder))
        self._at = ("127.0.0.1", nats.port)
        self._running, self._thread = False, threading.Thread()
        self.line: Line | None = None

    def switch_on(self) -> None:
        self._running = True
        self._thread = threading.Thread(target=self._live, name="appliance")
        self._thread.start()

    def switch_off(self) -> None:
        """As when the plug is pulled: no goodbye, and nothing more is stored."""
        self._running = False
        self._thread.join()

    def cut_power(self) -> None:
        self.switch_off()
        self.switch_on()

    def connect(self, will: bytes, now: int) -> Line:
        return Line(self._at, DEVICE, mqtt_password(KEY), will, now)

    def _live(self) -> None:
        chair = Chair(self._move, lambda: AMPERES)
        client = module.Client(
            device_id=DEVICE, key=KEY, hardware=chair, store=self.memory(), connect=self.connect
        )
        while self._running:
            client.step()
        client.close()

    def _move(self, on: bool) -> None:
        self.moves.append(on)

    @property
    def starts(self) -> int:
        return self.moves.count(True)


@pytest.fixture(scope="module")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nats]:
    port, core_port = ports.pick(2)
    nats = Nats(folder=tmp_path_factory.mktemp("nats"), port=port, core_port=core_port)
    publish = [topic.of(DEVICE).replace("/", ".") for topic in FROM_DEVICE]
    subscribe = [*(topic.of(DEVICE).replace("/", ".") for topic in TO_DEVICE), "$MQTT.sub.>"]
    rights = {"publish": {"allow": publish}, "subscribe": {"allow": subscribe}}
    device = {"user": DEVICE, "password": mqtt_password(KEY), "permissions": rights}
    users = json.dumps([{"user": NAME, "password": PASSWORD}, device])
    nats.users_file.write_text(f"authorization {{ users: {users} }}\n")
    nats.start()
    yield nats
    nats.kill()


@pytest.fixture
def setup(nats: Nats) -> Setup:
    return Setup(DEVICE, KEY, nats.url, NAME, PASSWORD, quiet_s=QUIET_S)


@pytest.fixture
def appliance(
    nats: Nats, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Appliance]:
    """Switched on; with a core that the test names as its parameter."""
    appliance = Appliance(nats, tmp_path, getattr(request, "param", Core), monkeypatch)
    appliance.switch_on()
    yield appliance
    appliance.switch_off()
