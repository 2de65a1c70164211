"""The body of a simulated machine: relay, motor, door, sensors, on a clock that may run faster than ours."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from devices.machines.base import Machine
from devices.machines.behaviours import Behaviour
from devices.protocol.commands import Op
from devices.protocol.events import RejectCode
from simulator.faults import Faults

SPIN_UP_S = 0.3  # from the relay to the first evidence
CHECKPOINT_S = 30  # how much of a run a power cut may give back to the payer too much
FAULT_CODE = "motor"
GOOD_RSSI = -58
SPEECHES = 8  # announcements a speaker takes one after the other; the server keeps no more unexpired
DOOR = "door"
ENDS = ("finished", "failed")

Report = tuple[str, str, dict[str, Any]]  # what, run, details: see clients/micropython/core.py
Timeline = list[tuple[float, Report]]  # seconds of the machine's own time since the relay moved


@dataclass
class Run:
    dur_s: int
    since: float  # monotonic, when the relay moved
    timeline: Timeline


class Hardware:
    """Plays the phases of its machine type. `speed` seconds of its own time pass in each second."""

    firmware = "saoma-simulator 1"
    rssi = GOOD_RSSI

    def __init__(self, machine: Machine, faults: Faults, speed: float = 1) -> None:
        self.starts: list[str] = []  # the run of every time the relay moved, for whoever counts
        self.slot = DOOR if DOOR in machine.start_schema["properties"] else ""
        self.room = SPEECHES if machine.start_op is Op.ANNOUNCE else 1
        self._machine, self._faults, self._speed = machine, faults, speed
        self._powered = True
        self._runs: dict[str, Run] = {}
        self._told = self._condition()

    @property
    def switched_on(self) -> bool:
        return bool(self._runs)

    # What the core looks at

    def refusal(self, op: str, args: Mapping[str, Any]) -> str:
        """Why it cannot do that now; empty when it can."""
        if op != self._machine.start_op:
            return "" if op in self._machine.operations else RejectCode.UNSUPPORTED
        if not self._machine.understands(args):
            return RejectCode.ARGS
        if self._faults.rejects or not self._powered:
            return self._faults.rejects or RejectCode.FAULT
        if self.door == "open":
            return RejectCode.DOOR_OPEN
        return self._machine.behaviour(args).rejects

    @property
    def door(self) -> str:
        if not self._machine.has_door:
            return ""
        if self._runs:
            return "locked"
        return "open" if self._faults.door_open else "closed"

    @property
    def status(self) -> str:
        out_of_order = not self._powered or self._faults.rejects is RejectCode.FAULT
        return "fault" if out_of_order else ""

    # What the core commands

    def switch_on(self, run_id: str, args: Mapping[str, Any], now: float) -> None:
        """Move the relay; what follows is noticed by the sensors later."""
        self.starts.append(run_id)
        behaviour = self._machine.behaviour(args)
        begins = max([now, *(self._ends(run) for run in self._runs.values())]) if self.room > 1 else now
        self._runs[run_id] = Run(behaviour.lasts_s, begins, self._timeline(run_id, behaviour))

    def switch_off(self, now: float, run_id: str | None = None) -> list[Report]:
        """Stop that run, or whatever runs, and say what was left."""
        stopped = [name for name in self._runs if run_id in (None, name)]
        return [self._halt(name, self._runs.pop(name), now) for name in stopped]

    def operate(self, op: str, args: Mapping[str, Any], now: float) -> list[Report]:
        """An operator's action. Identifying needs no simulation: nobody stands before this machine."""
        if op == Op.STOP:
            return self.switch_off(now, args.get("run"))
        if op not in (Op.POWER_ON, Op.POWER_OFF):
            return []
        self._powered = op == Op.POWER_ON
        return [] if self._powered else self.switch_off(now)

    def lose_power(self) -> None:
        self._runs.clear()
        self._told = ("", False, "")

    # What the sensors notice

    def due(self) -> float | None:
        """When the sensors have something to say."""
        if self._told != self._condition():
            return 0
        times = [self._when(run) for run in self._runs.values() if run.timeline]
        return min(times, default=None)

    def poll(self, now: float) -> list[Report]:
        """What the sensors noticed until now."""
        reports = self._changes()
        for run_id, run in list(self._runs.items()):
            while run.timeline and self._when(run) <= now:
                report = run.timeline.pop(0)[1]
                reports.append(report)
                if report[0] in ENDS:
                    del self._runs[run_id]
        return reports

    def _condition(self) -> tuple[str, bool, str]:
        return self.status, self._faults.door_open, self._faults.fault

    def _changes(self) -> list[Report]:
        """What somebody did to the machine by hand."""
        before, self._told = self._told, self._condition()
        if before == self._told:
            return []
        if before[-1] != self._told[-1]:
            return [("fault", "", {"code": self._faults.fault or "ok"})]
        return [("looks", "", {})]

    def _halt(self, run_id: str, run: Run, now: float) -> Report:
        elapsed = max(0.0, (now - run.since) * self._speed - SPIN_UP_S)
        left_s = max(0, math.ceil(run.dur_s - elapsed))
        return "interrupted", run_id, {"code": "stopped", "left_s": left_s}

    def _when(self, run: Run) -> float:
        return run.since + run.timeline[0][0] / self._speed

    def _ends(self, run: Run) -> float:
        return run.since + (SPIN_UP_S + run.dur_s) / self._speed

    def _timeline(self, run_id: str, behaviour: Behaviour) -> Timeline:
        if self._faults.no_start or behaviour.no_start:
            return []
        dur_s = behaviour.lasts_s
        planned = sorted(self._planned(run_id, dur_s), key=itemgetter(0))  # equal times keep their order
        last_s = self._faults.breaks_after_s
        last_s = behaviour.breaks_after_s if last_s is None else last_s
        if last_s is not None and last_s < dur_s:
            planned = [entry for entry in planned if entry[0] <= last_s]
            planned.append((last_s, ("failed", run_id, {"code": FAULT_CODE, "left_s": dur_s - last_s})))
        return [(SPIN_UP_S + at, report) for at, report in planned]

    def _planned(self, run_id: str, dur_s: int) -> Iterator[tuple[float, Report]]:
        """A healthy run: evidence, the phases one after the other, checkpoints in between, the end."""
        script = self._machine.script(dur_s)
        yield 0, ("started", run_id, {"evidence": script[0].phase.evidence, "left_s": dur_s})
        for step in script[1:]:
            seen = {"code": step.phase.id, "evidence": step.phase.evidence, "left_s": dur_s - step.begins_s}
            yield step.begins_s, ("progress", run_id, seen)
        for at in range(CHECKPOINT_S, dur_s, CHECKPOINT_S):
            yield at, ("left", run_id, {"left_s": dur_s - at})
        yield dur_s, ("finished", run_id, {})
