"""A hall of simulated machines in a process of its own, which may be killed at any moment.

Before a relay moves, the run and the time go to a file that survives the kill: what the machines
really did is known without asking them, the broker or the service.

    python -m tests.faults.hall --file hall.json    see `write`
"""

import argparse
import json
import os
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from devices.protocol.events import RejectCode
from devices.protocol.keys import decode_key
from simulator.faults import Faults
from simulator.fleet import Fleet
from simulator.player import Device

LOG = "relays.log"


class Relays(list[str]):
    """The starts of one machine, on disk before they happen."""

    def __init__(self, device_id: str, log: int) -> None:
        super().__init__()
        self._device_id, self._log = device_id, log

    def append(self, run_id: str) -> None:
        """Write one line in one call, so that a kill leaves it whole or absent."""
        os.write(self._log, f"{time.time()} {self._device_id} {run_id}\n".encode())
        os.fsync(self._log)
        super().append(run_id)


def write(file: Path, *, mqtt_url: str, speed: float, machines: Iterable[Mapping[str, Any]]) -> None:
    """Write what the process reads: `machines` with id, type, key, password and faults."""
    file.write_text(json.dumps({"mqtt_url": mqtt_url, "speed": speed, "machines": list(machines)}))


def moves(folder: Path) -> dict[UUID, list[datetime]]:
    """Return when a relay moved for each run, over all lives of the process."""
    moved: dict[UUID, list[datetime]] = defaultdict(list)
    for line in (folder / LOG).read_text().splitlines():
        at, _, run_id = line.split()
        moved[UUID(run_id)].append(datetime.fromtimestamp(float(at), UTC))
    return moved


def play(file: Path) -> None:
    """Play the machines until killed."""
    hall = json.loads(file.read_text())
    devices = [_device(machine) for machine in hall["machines"]]
    fleet = Fleet(devices, mqtt_url=hall["mqtt_url"], data=file.parent / "memories", speed=hall["speed"])
    log = os.open(file.parent / LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for device_id, player in fleet._players.items():
        player.hardware.starts = Relays(device_id, log)
    fleet.run()


def _device(machine: Mapping[str, Any]) -> Device:
    return Device(
        id=machine["id"],
        type=machine["type"],
        key=decode_key(machine["key"]),
        password=machine["password"],
        faults=_faults(**machine["faults"]),
    )


def _faults(rejects: str = "", **faults: Any) -> Faults:
    return Faults(rejects=RejectCode(rejects) if rejects else None, **faults)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--file", type=Path, required=True)
    play(parser.parse_args().file)
