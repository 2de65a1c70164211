"""The demo as a person meets it: it starts, answers, stops on Ctrl-C, keeps its data, dies cleanly."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from embedded import ports, room
from embedded.home import PROJECT
from tests.rig.waiting import eventually

START_S = 60
STOP_S = 5


class Terminal:
    """A terminal in which somebody types `make demo`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.web_port, self.mqtt_port = ports.pick(2)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> dict[str, Any]:
        """Start the demo and return demo.json when it was written anew."""
        env = os.environ | {"PORT": str(self.web_port), "MQTT_PORT": str(self.mqtt_port)}
        started_at = time.time()
        with (self.folder / "shown").open("ab") as shown:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "embedded.demo", str(self.folder / "home")],
                cwd=PROJECT,
                env=env,
                stdout=shown,
                stderr=shown,
                start_new_session=True,
            )
        eventually(
            lambda: self._ended() or self._written_after(started_at), within_s=START_S, what=self.shown()
        )
        assert not self._ended(), self.shown()
        content: dict[str, Any] = json.loads(self._json.read_text())
        return content

    def send(self, number: signal.Signals) -> float:
        """Signal as Ctrl-C would; return after how many seconds nothing of the demo was left."""
        assert self.process is not None
        started = time.monotonic()
        os.killpg(self.process.pid, number)
        self.process.wait(STOP_S)
        eventually(lambda: not self.left(), within_s=STOP_S, what="nothing left")
        return time.monotonic() - started

    def left(self) -> list[str]:
        """What still runs of this demo."""
        folders = [str(folder).encode() for folder in (self.folder, self._postgres_home)]
        words = {entry.name: _words_of(entry) for entry in Path("/proc").glob("[0-9]*")}
        return [pid for pid, said in words.items() if any(folder in said for folder in folders)]

    def shown(self) -> str:
        file = self.folder / "shown"
        return file.read_text() if file.exists() else ""

    @property
    def _postgres_home(self) -> Path:
        return (self.folder / "home" / "postgres-home").resolve()

    @property
    def _json(self) -> Path:
        return self.folder / "home" / "demo.json"

    def _ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def _written_after(self, moment: float) -> bool:
        return self._json.exists() and self._json.stat().st_mtime > moment


def _words_of(process: Path) -> bytes:
    """Command line and environment of a process; nothing when it ended or is a stranger's."""
    try:
        return (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
    except OSError:
        return b""


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path)
    yield terminal
    if terminal.process is not None and terminal.process.poll() is None:
        terminal.send(signal.SIGINT)
    room.forget(tmp_path / "home" / "postgres-home")


def balance(demo: dict[str, Any]) -> int:
    """What the first person of the demo has, asked over HTTP."""
    person = demo["people"][0]
    body = json.dumps({"phone": person["phone"], "password": person["password"]}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{demo['base_url']}/api/v1/sessions", body, headers)  # noqa: S310 (ours)
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
        token = json.load(answer)["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    request = urllib.request.Request(f"{demo['base_url']}/api/v1/me", headers=bearer)  # noqa: S310
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
        available: int = json.load(answer)["balance"]["available"]
    return available


def test_the_demo_keeps_its_data_and_leaves_nothing_running_however_it_ends(terminal: Terminal) -> None:
    first = terminal.start()
    assert balance(first) == 50_000
    assert {"admin", "people", "merchants", "machines"} < set(first)
    assert "Wallet" in eventually(terminal.shown)

    assert terminal.send(signal.SIGINT) < STOP_S

    second = terminal.start()
    assert second == first
    assert balance(second) == 50_000

    if sys.platform == "linux":  # elsewhere the next start ends what was left
        assert terminal.send(signal.SIGKILL) < STOP_S
