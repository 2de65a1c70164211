"""Which machines to play, from the file that the demo writes."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devices.protocol.keys import decode_key
from simulator.player import Device


class RosterError(Exception):
    """The file cannot be used; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Roster:
    mqtt_url: str
    devices: tuple[Device, ...]


def read(path: Path) -> Roster:
    """The machines marked `simulated`. Raises RosterError."""
    try:
        content = json.loads(path.read_text())
        machines = [machine for machine in content["machines"] if machine["simulated"]]
        return Roster(content["mqtt_url"], tuple(_device(machine) for machine in machines))
    except FileNotFoundError:
        raise RosterError(f"{path} does not exist; `make demo` writes it.") from None
    except (ValueError, KeyError, TypeError) as error:
        # Never the content of the file: it holds keys.
        raise RosterError(f"{path} is not a file that `make demo` wrote ({type(error).__name__}).") from None


def _device(machine: dict[str, Any]) -> Device:
    return Device(
        id=machine["id"],
        type=machine["type"],
        key=decode_key(machine["key"]),
        password=machine["mqtt_password"],
        number=str(machine.get("number", "")),
    )
