"""Faults by a script: what goes wrong with which machine and when; docs/simulator.md shows the format."""

import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Any

from devices.protocol.events import EventName, RejectCode
from simulator.faults import Faults
from simulator.fleet import Fleet
from simulator.player import BOOT_S, Device

EVERYBODY = "*"
NAMES: dict[str, Callable[[str], object]] = {"rejects": RejectCode, "power_cut_after": EventName}
DEEDS = ("cut_power", "drop_line", "replay")
TOPICS = ("cmd", "sync")


class ScriptError(Exception):
    """The script cannot be played; the text says why."""


@dataclass(frozen=True, slots=True)
class Step:
    at_s: float
    machine: str = EVERYBODY
    set: dict[str, Any] = field(default_factory=dict)
    do: str = ""
    every_s: float = 0
    for_s: float = BOOT_S
    topic: str = TOPICS[0]


@dataclass(frozen=True, slots=True)
class Script:
    steps: tuple[Step, ...]
    seed: int | None = None

    def play(self, fleet: Fleet, devices: tuple[Device, ...]) -> None:
        """Plan every step with the fleet. Raises ScriptError: a step names no machine."""
        for step in self.steps:
            meant = [device for device in devices if _is_meant(step, device)]
            if not meant:
                raise ScriptError(f"No simulated machine is called {step.machine!r}.")
            for device in meant:
                fleet.plan(step.at_s, partial(_do, step, fleet, device.id), every_s=step.every_s)


def read(path: Path) -> Script:
    """A script from a file, TOML when it is called so. Raises ScriptError."""
    try:
        content = tomllib.loads(path.read_text()) if path.suffix == ".toml" else json.loads(path.read_text())
        steps = tuple(_step(raw) for raw in content["step"])
    except OSError as error:
        raise ScriptError(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError) as error:
        raise ScriptError(f"{path} is no script: {error}.") from None
    return Script(steps, content.get("seed"))


def _step(raw: dict[str, Any]) -> Step:
    """Raises KeyError, TypeError, ValueError with what is wrong."""
    step = Step(**raw | {"set": _switches(raw.get("set", {}))})
    if step.do not in ("", *DEEDS):
        raise ValueError(f"`do` is one of {', '.join(DEEDS)}")
    if step.topic not in TOPICS:
        raise ValueError(f"`topic` is one of {', '.join(TOPICS)}")
    if not all(isinstance(value, int | float) for value in (step.at_s, step.every_s, step.for_s)):
        raise ValueError("`at_s`, `every_s` and `for_s` are numbers of seconds")
    return step


def _switches(raw: dict[str, Any]) -> dict[str, object]:
    known = {one.name: one.default for one in fields(Faults)}
    switches = {}
    for name, value in raw.items():
        if name not in known:
            raise ValueError(f"there is no switch {name!r}")
        switches[name] = _switch(name, value, known[name])
    return switches


def _switch(name: str, value: object, default: object) -> object:
    """A value of the switch's own kind; an empty text turns a name off."""
    if name in NAMES:
        return NAMES[name](str(value)) if value else None
    kinds = (
        (int,) if default is None else (int, float) if isinstance(default, int | float) else (type(default),)
    )
    if not isinstance(value, kinds) or isinstance(value, bool) is not isinstance(default, bool):
        raise ValueError(f"the switch {name!r} does not take {value!r}")
    return value


def _is_meant(step: Step, device: Device) -> bool:
    return step.machine in (EVERYBODY, device.id, device.number, device.type)


def _do(step: Step, fleet: Fleet, device_id: str) -> None:
    faults = fleet.faults(device_id)
    for name, value in step.set.items():
        setattr(faults, name, value)
    if step.do == "cut_power":
        fleet.cut_power(device_id, step.for_s)
    elif step.do == "drop_line":
        fleet.drop_line(device_id)
    elif step.do == "replay":
        fleet.replay(device_id, step.topic)
