"""Taking a machine's slot: the run and the command that starts it, inside the caller's transaction."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from devices.errors import MachineBusy
from devices.machines.base import Option
from devices.schedule import LONGEST_PATIENCE_S
from devices.sight import Sight
from devices.states import CommandStatus, RunStatus
from outbox.ids import uuid7
from outbox.wake import wake

# The run first: the slot's partial unique index decides between two payers, and the loser inserts no command.
CLAIM = """
WITH run AS (
    INSERT INTO devices_run
        (id, device_id, slot, payment_id, opened_by_id, price, option, args, status, planned_s,
         release_at, created_at)
    VALUES (%(run)s, %(device)s, %(slot)s, %(payment)s, %(opened_by)s, %(price)s, %(option)s, %(args)s,
            %(paid)s, %(planned_s)s, %(release_at)s, %(now)s)
    ON CONFLICT (device_id, slot) WHERE status IN ('accepted', 'paid', 'sent', 'started', 'unknown')
    DO NOTHING
    RETURNING id, device_id, created_at
)
INSERT INTO devices_command (id, device_id, run_id, op, args, status, expires_at, due_at, created_at)
SELECT id, device_id, id, %(op)s, %(start_args)s, %(pending)s, %(expires_at)s, created_at, created_at FROM run
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A run that is about to be inserted. `price` in minor units; 0 for one that `opened_by` need not pay."""

    sight: Sight
    option: Option
    slot: str
    args: Mapping[str, object]  # as the payer filled them in
    start_args: Mapping[str, object]
    planned_s: int
    price: int
    payment_id: UUID | None = None
    opened_by: UUID | None = None
    now: datetime  # the transaction's time, by the database clock


def claim(claim: Claim) -> UUID:
    """Insert a paid run and its pending start command, and wake whoever sends it after the commit.

    Returns:
        The run's id, which is its command's.

    Raises:
        MachineBusy: another open run holds the slot.
    """
    run_id = uuid7()
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, _values(run_id, claim))
        if not cursor.rowcount:
            raise MachineBusy
    wake("devices.tasks.send_command", queue="machines", command_id=str(run_id))
    return run_id


def hold_s(sight: Sight, *, planned_s: int) -> int:
    """Return when the hold of a run must be resolved at the latest, whatever happens, in seconds from now."""
    waiting_s = settings.COMMAND_EXPIRY_S + _grace_s(sight) + LONGEST_PATIENCE_S
    return ceil(waiting_s + planned_s + sight.machine.overrun_s + LONGEST_PATIENCE_S)


def _values(run_id: UUID, claim: Claim) -> dict[str, Any]:
    machine = claim.sight.machine
    expires_at = claim.now + timedelta(seconds=settings.COMMAND_EXPIRY_S)
    return {
        "run": run_id,
        "device": claim.sight.device_id,
        "slot": claim.slot,
        "payment": claim.payment_id,
        "opened_by": claim.opened_by,
        "price": claim.price,
        "option": claim.option.id,
        "args": json.dumps(claim.args),
        "paid": RunStatus.PAID,
        "planned_s": claim.planned_s,
        "release_at": expires_at + timedelta(seconds=_grace_s(claim.sight)),
        "now": claim.now,
        "op": machine.start_op,
        "start_args": json.dumps(claim.start_args),
        "pending": CommandStatus.PENDING,
        "expires_at": expires_at,
    }


def _grace_s(sight: Sight) -> float:
    grace_s: float = settings.SLOW_GRACE_S if sight.slow else settings.GRACE_S
    return grace_s
