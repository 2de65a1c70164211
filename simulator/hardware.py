"""The body of a simulated machine: relay, motor, door, sensors, on a clock that may run faster than ours."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any
from uuid import UUID

from devices.machines.base import Machine
from devices.protocol.commands import Op
from devices.protocol.events import RejectCode
from simulator.actions import Broke, Checkpoint, Done, Entered, Halted, Report, Working
from simulator.faults import Faults

SPIN_UP_S = 0.3  # from the relay to the first evidence
CHECKPOINT_S = 30  # how much of a run a power cut may give back to the payer too much
FAULT_CODE = "motor"
GOOD_RSSI = -58

Timeline = list[tuple[float, Report]]  # seconds of the machine's own time since the relay moved


@dataclass
class Run:
    run_id: UUID
    dur_s: int
    since: float  # monotonic, when the relay moved
    timeline: Timeline


class Hardware:
    """Plays the phases of its machine type. `speed` seconds of its own time pass in each second."""

    def __init__(self, machine: Machine, faults: Faults, speed: float = 1) -> None:
        self.starts: list[UUID] = []  # every time the relay moved, for whoever counts
        self._machine, self._faults, self._speed = machine, faults, speed
        self._powered = True
        self._run: Run | None = None

    @property
    def switched_on(self) -> bool:
        return self._run is not None

    # What the core looks at

    def refusal(self) -> RejectCode | None:
        if self._faults.rejects:
            return self._faults.rejects
        if not self._powered:
            return RejectCode.FAULT
        return RejectCode.DOOR_OPEN if self.door() == "open" else None

    def door(self) -> str:
        if not self._machine.has_door:
            return ""
        if self._run:
            return "locked"
        return "open" if self._faults.door_open else "closed"

    def rssi(self) -> int:
        return GOOD_RSSI

    # What the core commands

    def switch_on(self, run_id: UUID, args: Mapping[str, Any], now: float) -> list[Report]:
        """Move the relay; what follows is noticed by the sensors later."""
        self.starts.append(run_id)
        dur_s = args.get("dur_s", 0)
        self._run = Run(run_id, dur_s, now, self._timeline(run_id, dur_s))
        return []

    def switch_off(self, now: float) -> list[Report]:
        """Stop whatever runs, and say what was left."""
        run, self._run = self._run, None
        if run is None:
            return []
        elapsed = max(0.0, self._own_time(run, now) - SPIN_UP_S)
        return [Halted(run.run_id, max(0, math.ceil(run.dur_s - elapsed)))]

    def operate(self, op: str, now: float) -> list[Report]:
        """An operator's action. Identifying needs no simulation: nobody stands before this machine."""
        if op not in (Op.POWER_ON, Op.POWER_OFF):
            return []
        self._powered = op == Op.POWER_ON
        return [] if self._powered else self.switch_off(now)

    def lose_power(self) -> None:
        self._run = None

    # What the sensors notice

    def due(self) -> float | None:
        """When the sensors have something to say."""
        return self._when(self._run) if self._run and self._run.timeline else None

    def poll(self, now: float) -> list[Report]:
        """What the sensors noticed until now."""
        reports: list[Report] = []
        while self._run and self._run.timeline and self._when(self._run) <= now:
            report = self._run.timeline.pop(0)[1]
            reports.append(report)
            if isinstance(report, Done | Broke):
                self._run = None
        return reports

    def _when(self, run: Run) -> float:
        return run.since + run.timeline[0][0] / self._speed

    def _own_time(self, run: Run, now: float) -> float:
        return (now - run.since) * self._speed

    def _timeline(self, run_id: UUID, dur_s: int) -> Timeline:
        if self._faults.no_start:
            return []
        planned = sorted(
            self._planned(run_id, dur_s), key=itemgetter(0)
        )  # stable: equal times keep their order
        last_s = self._faults.breaks_after_s
        if last_s is not None and last_s < dur_s:
            planned = [entry for entry in planned if entry[0] <= last_s]
            planned.append((last_s, Broke(run_id, FAULT_CODE, dur_s - last_s)))
        return [(SPIN_UP_S + at, report) for at, report in planned]

    def _planned(self, run_id: UUID, dur_s: int) -> Iterator[tuple[float, Report]]:
        """A healthy run: evidence, the phases one after the other, checkpoints in between, the end."""
        script = self._machine.script(dur_s)
        yield 0, Working(run_id, script[0].phase.evidence, dur_s)
        for step in script[1:]:
            yield step.begins_s, Entered(run_id, step.phase.id, step.phase.evidence, dur_s - step.begins_s)
        for at in range(CHECKPOINT_S, dur_s, CHECKPOINT_S):
            yield at, Checkpoint(run_id, dur_s - at)
        yield dur_s, Done(run_id)
