"""Carrying verdicts out over rows in memory, as devices/services/moves.py does over the real ones."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.conf import settings

from devices.decide import Verdict
from devices.effects import command_status, run_columns, status_after
from devices.errors import HoldRefused, IllegalMove
from devices.machines.base import Machine
from devices.protocol.commands import Op
from devices.schedule import Clock, next_due
from devices.states import CommandStatus, RunStatus, Trouble, is_legal
from tests.promise.judge import Judge
from tests.promise.rows import Command, Rows, Run


@dataclass
class Books:
    """Runs, their commands and their money move here and nowhere else."""

    rows: Rows
    machine: Machine
    judge: Judge
    now: Callable[[], int]  # ms since the world began, for the judge alone

    def clock(self, run: Run, command: Command) -> Clock:
        return Clock(
            paid_at=command.created_at,
            expires_at=command.expires_at,
            release_at=run.release_at,
            ends_by=run.ends_by,
            no_start_s=settings.NO_START_S,
        )

    def carry_out(self, run: Run, verdict: Verdict, *, at: datetime, sending: bool = False) -> None:
        """Move a run, its money and its command; or note what money cannot repair."""
        if verdict.changes:
            self._move(run, verdict, at=at, sending=sending)
        if verdict.trouble:
            self.note(run.id, verdict.trouble)
        if verdict.trouble is Trouble.LATE_START:
            if verdict.runs_unpaid:
                self.stop(run, at=at)
            else:
                self._withdraw(run)

    def note(self, run_id: UUID, trouble: Trouble) -> None:
        """SQL: of each kind at most one incident per run."""
        if (run_id, trouble) not in self.rows.incidents:
            self.rows.incidents.add((run_id, trouble))
            self.judge.incident(trouble)

    def stop(self, run: Run, *, at: datetime) -> None:
        """Tell the machine to break off a run nobody pays for; SQL: one such command per run."""
        stop_id = uuid5(run.id, Op.STOP)
        if Op.STOP in self.machine.operations and stop_id not in self.rows.commands:
            expires_at = at + timedelta(seconds=run.planned_s)
            self.rows.commands[stop_id] = Command(
                stop_id, Op.STOP, {"run": str(run.id)}, created_at=at, expires_at=expires_at, due_at=at
            )

    def _withdraw(self, run: Run) -> None:
        command = self.rows.commands.get(uuid5(run.id, Op.STOP))
        if command and command.is_open:
            command.status = CommandStatus.EXPIRED

    def _move(self, run: Run, verdict: Verdict, *, at: datetime, sending: bool) -> None:
        if not is_legal([run.status, *verdict.moves]):
            raise IllegalMove(f"{run.status} -> {verdict.moves}")
        status = status_after(run.status, verdict)
        columns = run_columns(
            verdict, status=status, planned_s=run.planned_s, overrun_s=self.machine.overrun_s, at=at
        )
        for name, value in columns.items():
            if value is not None and value != "":  # SQL: coalesce
                setattr(run, name, value)
        run.assumed = run.assumed or verdict.assumed
        command = self.rows.commands[run.id]
        command.due_at = next_due(status, clock=self.clock(run, command), at=at) or command.due_at
        command.status = command_status(status)
        command.attempt += int(sending)
        self._move_money(run, verdict)

    def _move_money(self, run: Run, verdict: Verdict) -> None:
        """As payments/holds.py: compare-and-set on the hold, and everything it holds leaves it at once."""
        if not verdict.moves_money:
            return
        if verdict.gives_back:
            self.resolve(run, source="open", captured=0)
        else:
            if verdict.claims:
                self._claim(run)
            if verdict.earned is not None:
                self.resolve(run, source="claimed", captured=verdict.earned)

    def _claim(self, run: Run) -> None:
        hold = self.rows.holds[run.id]
        if hold.status != "open":
            raise HoldRefused
        hold.status = "claimed"

    def resolve(self, run: Run, *, source: str, captured: int) -> None:
        hold = self.rows.holds[run.id]
        if hold.status != source:  # nobody else decides in this world, so it never may
            raise HoldRefused
        hold.status = "resolved"
        self.judge.money_moved(
            run.id,
            captured=captured,
            released=hold.amount - captured,
            now=self.now(),
            unheard=run.status is RunStatus.RELEASED,
        )
