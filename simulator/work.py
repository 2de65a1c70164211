"""The one run a machine may be busy with: from the accepted command over the relay to the last event."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from devices.protocol.commands import Command
from devices.protocol.events import NO_START, EventName, RejectCode
from simulator.actions import (
    Action,
    Broke,
    Checkpoint,
    Done,
    Entered,
    Halted,
    Report,
    SwitchOff,
    SwitchOn,
    Working,
)
from simulator.records import Record, Status
from simulator.scribe import Scribe
from simulator.session import Session

EVIDENCE_WITHIN_MS = 20_000  # after the expiry
STOPPED = "stopped"


class Work:
    """A machine's run. Its record is STARTING until a sensor shows that the machine works, then RUNNING."""

    def __init__(self, scribe: Scribe, session: Session) -> None:
        self._scribe = scribe
        self._session = session
        self._run_id: UUID | None = None
        self._relay_due: float | None = None  # accepted, the relay is still to move
        self._evidence_by: float | None = None  # the relay moved, the sensors are still to show it

    @property
    def record(self) -> Record | None:
        return None if self._run_id is None else self._scribe.memory.get(self._run_id)

    def accept(self, command: Command, now: float) -> list[Action]:
        """Store the verdict and tell it; the relay moves in a step of its own, after that is on disk."""
        self._run_id, self._relay_due = command.id, now
        record = Record.of(command, Status.STARTING, left_s=command.a.get("dur_s", 0))
        return self._write(record, Status.STARTING, now, EventName.ACCEPTED)

    def due(self) -> float | None:
        return self._relay_due if self._relay_due is not None else self._evidence_by

    def tick(self, now: float) -> list[Action]:
        """Do what is due: move the relay, or give up waiting for evidence."""
        due, record = self.due(), self.record
        if due is None or record is None or now < due:
            return []
        return self._no_evidence(record, now) if self._relay_due is None else self._move_relay(record, now)

    def report(self, report: Report, now: float) -> list[Action]:
        """Take in what the hardware noticed; what belongs to no open run is ignored."""
        record = self.record
        if record is None or record.id != report.run_id:
            return []
        return self._REACTIONS[type(report)](self, record, report, now)

    def stop(self, now: float, *, only: object = None) -> list[Action]:
        """Switch off, with `only` no other run than that; the hardware answers how much was left."""
        record = self.record
        if record is None or only not in (None, str(record.id)):
            return []
        if self._relay_due is not None:
            return self._broken_off(record, now, EventName.INTERRUPTED, STOPPED, record.left_s)
        return [SwitchOff(record.id)]

    def _move_relay(self, record: Record, now: float) -> list[Action]:
        self._relay_due = None
        if self._session.now_ms(now) >= record.exp:
            return self._close(record, now, EventName.FAILED, code=RejectCode.EXPIRED, ran=False)
        self._evidence_by = self._session.when(record.exp + EVIDENCE_WITHIN_MS)
        return [SwitchOn(record.id, record.args)]

    def _no_evidence(self, record: Record, now: float) -> list[Action]:
        return [SwitchOff(record.id), *self._close(record, now, EventName.FAILED, code=NO_START, ran=False)]

    def _working(self, record: Record, report: Working, now: float) -> list[Action]:
        if record.status is not Status.STARTING:
            return []
        self._evidence_by = None
        seen = {"evidence": report.evidence, "left_s": report.left_s}
        return self._write(record, Status.RUNNING, now, EventName.STARTED, **seen)

    def _entered(self, record: Record, report: Entered, now: float) -> list[Action]:
        seen = {"code": report.phase, "evidence": report.evidence, "left_s": report.left_s}
        return self._write(record, record.status, now, EventName.PROGRESS, **seen)

    def _checkpoint(self, record: Record, report: Checkpoint, now: float) -> list[Action]:
        return self._scribe.store(replace(record, left_s=report.left_s))

    def _done(self, record: Record, report: Done, now: float) -> list[Action]:
        return self._close(record, now, EventName.FINISHED, left_s=0)

    def _broke(self, record: Record, report: Broke, now: float) -> list[Action]:
        return self._broken_off(record, now, EventName.FAILED, report.code, report.left_s)

    def _halted(self, record: Record, report: Halted, now: float) -> list[Action]:
        return self._broken_off(record, now, EventName.INTERRUPTED, STOPPED, report.left_s)

    def _broken_off(self, record: Record, now: float, ev: EventName, code: str, left_s: int) -> list[Action]:
        ran = record.status is Status.RUNNING
        return self._close(record, now, ev, code=code, ran=ran, left_s=left_s)

    def _close(self, record: Record, now: float, ev: EventName, **details: Any) -> list[Action]:
        self._run_id = self._relay_due = self._evidence_by = None
        return self._write(record, Status.CLOSED, now, ev, **details)

    def _write(
        self, record: Record, status: Status, now: float, ev: EventName, **details: Any
    ) -> list[Action]:
        return self._scribe.write(record, status, self._session.now_ms(now), ev, **details)

    _REACTIONS: dict[type[Report], Callable[..., list[Action]]] = {
        Working: _working,
        Entered: _entered,
        Checkpoint: _checkpoint,
        Done: _done,
        Broke: _broke,
        Halted: _halted,
    }
