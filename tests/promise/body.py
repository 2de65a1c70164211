"""The body of a machine: relay, motor, door. It plays its type's phases, and answers to the judge."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Any
from uuid import UUID

from devices.machines.base import Machine
from tests.promise.judge import Judge

SPIN_UP_MS = 300  # from the relay to the first evidence
CHECKPOINT_S = 30

Report = tuple[str, str, dict[str, Any]]
Timeline = list[tuple[int, Report]]  # the body's own ms


@dataclass
class Work:
    run_id: str
    lasts_s: int
    since: int
    timeline: Timeline


class Body:
    """What is broken about it may change at any time."""

    def __init__(self, machine: Machine, judge: Judge) -> None:
        self.refuses = ""  # a reject code
        self.dead_motor = False  # the relay moves, and nothing follows
        self.breaks_after_s: int | None = None
        self.slot = "door" if machine.keeps_parcels else ""
        self._machine, self._judge = machine, judge
        self._works: dict[str, Work] = {}

    # What the core looks at

    def refusal(self, op: str, args: dict[str, Any]) -> str:
        if op != self._machine.start_op:
            return "" if op in self._machine.operations else "unsupported"
        if not self._machine.understands(args):
            return "args"
        return self.refuses or self._machine.behaviour(args).rejects

    # What the core commands

    def switch_on(self, run_id: str, args: dict[str, Any], local: int, now: int) -> None:
        """Move the relay; what follows is noticed later."""
        self._judge.relay_moved(UUID(run_id), now=now)
        behaviour = self._machine.behaviour(args)
        timeline = [] if behaviour.no_start or self.dead_motor else self._timeline(run_id, args)
        self._works[run_id] = Work(run_id, behaviour.lasts_s, local, timeline)

    def switch_off(self, run_id: str, local: int) -> list[Report]:
        work = self._works.pop(run_id, None)
        if work is None:
            return []
        left_s = max(0, math.ceil(work.lasts_s - self._ended(work, local) / 1000))
        return [("interrupted", run_id, {"code": "stopped", "left_s": left_s})]

    def lose_power(self, local: int) -> None:
        for work in self._works.values():
            self._ended(work, local)
        self._works = {}

    def _ended(self, work: Work, local: int, *, finished: bool = False) -> int:
        """Tell the judge; return how many ms it worked."""
        ran_ms = max(0, local - work.since - SPIN_UP_MS)
        self._judge.ended(UUID(work.run_id), ran_ms=ran_ms, finished=finished)
        return ran_ms

    # What the sensors notice

    def due(self) -> int | None:
        return min(
            (work.timeline[0][0] + work.since for work in self._works.values() if work.timeline), default=None
        )

    def poll(self, local: int) -> list[Report]:
        reports = []
        for work in list(self._works.values()):
            while work.timeline and work.timeline[0][0] + work.since <= local:
                reports.append(self._noticed(work.timeline.pop(0)[1], local))
        return reports

    def _noticed(self, report: Report, local: int) -> Report:
        what, run_id, _ = report
        if what == "started":
            self._judge.worked(UUID(run_id))
        if what in ("finished", "failed"):
            self._ended(self._works.pop(run_id), local, finished=what == "finished")
        return report

    def _timeline(self, run_id: str, args: dict[str, Any]) -> Timeline:
        behaviour = self._machine.behaviour(args)
        planned = sorted(self._planned(run_id, behaviour.lasts_s), key=itemgetter(0))
        last_s = behaviour.breaks_after_s if self.breaks_after_s is None else self.breaks_after_s
        if last_s is not None and last_s < behaviour.lasts_s:
            planned = [entry for entry in planned if entry[0] <= last_s]
            planned.append(
                (last_s, ("failed", run_id, {"code": "motor", "left_s": behaviour.lasts_s - last_s}))
            )
        return [(SPIN_UP_MS + at_s * 1000, report) for at_s, report in planned]

    def _planned(self, run_id: str, lasts_s: int) -> Iterator[tuple[int, Report]]:
        """A healthy run: evidence, the phases one after the other, checkpoints in between, the end."""
        script = self._machine.script(lasts_s)
        yield 0, ("started", run_id, {"evidence": script[0].phase.evidence, "left_s": lasts_s})
        for step in script[1:]:
            details = {
                "code": step.phase.id,
                "evidence": step.phase.evidence,
                "left_s": lasts_s - step.begins_s,
            }
            yield step.begins_s, ("progress", run_id, details)
        for at_s in range(CHECKPOINT_S, lasts_s, CHECKPOINT_S):
            yield at_s, ("left", run_id, {"left_s": lasts_s - at_s})
        yield lasts_s, ("finished", run_id, {})
