"""Carrying a verdict out: the only writer of a run's state, inside the caller's transaction."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from devices.decide import Verdict
from devices.effects import command_status, run_columns, status_after
from devices.errors import HoldRefused, IllegalMove
from devices.machines.base import find_all
from devices.models import Incident
from devices.schedule import next_due
from devices.services import faults, parcels, stops
from devices.services.work import Work, move
from devices.states import OPEN, RunStatus, Trouble, is_legal
from outbox.services import publish
from payments import holds

log = logging.getLogger(__name__)


def carry_out(work: Work, verdict: Verdict, *, at: datetime, sending: bool = False) -> bool:
    """Move a locked run, its money and its start command as the verdict says.

    Args:
        sending: a message goes to the broker after the commit.

    Returns:
        False if the run's money had been decided elsewhere: then nothing stays but the incident.
    """
    try:
        # Only money can refuse, so only money needs the savepoint.
        with transaction.atomic(savepoint=verdict.moves_money):
            if verdict.changes:
                _move(work, verdict, at=at, sending=sending)
    except HoldRefused:
        detail = {"moves": list(verdict.moves), "earned": verdict.earned}
        note(work.run_id, Trouble.HOLD_REFUSED, device_id=work.device_id, detail=detail)
        return False
    if verdict.trouble:
        note(work.run_id, verdict.trouble, device_id=work.device_id, detail={"status": work.status})
    if verdict.trouble is Trouble.LATE_START:
        _break_off(work, verdict, at=at)
        parcels.keep_shut(run_id=work.run_id, at=at)
    return True


def _break_off(work: Work, verdict: Verdict, *, at: datetime) -> None:
    """Stop a run that nobody pays for; if it is over, leave the machine alone."""
    if verdict.runs_unpaid:
        stops.stop(run_id=work.run_id, device_id=work.device_id, planned_s=work.planned_s, at=at)
    else:
        stops.withdraw(run_id=work.run_id)


def note(run_id: UUID, trouble: Trouble, *, device_id: UUID, detail: Mapping[str, Any]) -> None:
    """Record an incident for a person; of each kind at most one per run."""
    log.error("Incident %s: run %s of device %s", trouble, run_id, device_id)
    incident = Incident(kind=trouble, device_id=device_id, run_id=run_id, detail=dict(detail))
    Incident.objects.bulk_create([incident], ignore_conflicts=True)


def _move(work: Work, verdict: Verdict, *, at: datetime, sending: bool) -> None:
    if not is_legal([work.status, *verdict.moves]):
        raise IllegalMove(f"{work.status} -> {verdict.moves}")
    status = status_after(work.status, verdict)
    overrun_s = find_all()[work.type].overrun_s
    fields = run_columns(verdict, status=status, planned_s=work.planned_s, overrun_s=overrun_s, at=at)
    work.ends_by = fields["ends_by"] or work.ends_by
    moved = move(
        work,
        command_status=command_status(status),
        due_at=next_due(status, clock=work.clock, at=at) or work.due_at,
        attempts=int(sending),
        **fields,
    )
    if not moved:
        raise IllegalMove(f"{work.run_id} left {work.status} although it was locked")
    _move_parcel(work, verdict, status, at=at)
    _move_money(work, verdict)
    _tell(work, verdict, status)
    faults.learn(device_id=work.device_id, run_id=work.run_id, status=status, verdict=verdict)


def _move_parcel(work: Work, verdict: Verdict, status: RunStatus, *, at: datetime) -> None:
    if status not in OPEN and find_all()[work.type].keeps_parcels:
        opened = verdict.claims or work.started_at is not None
        parcels.follow(run_id=work.run_id, opened=opened, at=at)


def _move_money(work: Work, verdict: Verdict) -> None:
    """Raises HoldRefused when the hold is not where the verdict needs it."""
    if work.payment_id is None or not verdict.moves_money:
        return
    if verdict.gives_back:
        moved = holds.release(payment_id=work.payment_id, reason=verdict.failure)
    else:
        moved = not verdict.claims or holds.claim(payment_id=work.payment_id)
        if moved and verdict.earned is not None:
            moved = holds.capture(payment_id=work.payment_id, amount=verdict.earned)
    if not moved:
        raise HoldRefused


def _tell(work: Work, verdict: Verdict, status: RunStatus) -> None:
    if verdict.claims:
        publish("devices.run.started", run_id=str(work.run_id))
    if status is RunStatus.FINISHED:
        publish("devices.run.finished", run_id=str(work.run_id))
    elif status not in OPEN:
        publish("devices.run.failed", run_id=str(work.run_id))
