"""A run with its start command, locked: everything that deciding and sending need, in one round trip.

Written by hand because it stands between every payment and its machine.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.conf import settings
from django.db import connection

from devices.decide import Facts
from devices.schedule import Clock
from devices.states import COMMAND_OPEN, OPEN, CommandStatus, RunStatus

# In the order of the fields of `Work`.
COLUMNS = """
    run.id, run.payment_id, run.status, run.price, run.planned_s, run.release_at, run.started_at, run.ends_by,
    run.earned, run.assumed, command.op, command.args, command.created_at, command.expires_at, command.due_at,
    device.id, device.type, session.key_version, session.sess, session.synced_at, session.gone_at,
    statement_timestamp()
"""
# A run and its command are always locked together; who locks several rows locks them in this order.
TABLES = """
    devices_run run
    JOIN devices_command command ON command.id = run.id
    JOIN devices_device device ON device.id = run.device_id
    JOIN devices_session session ON session.device_id = run.device_id
"""
LOCK_OPEN = f"""
SELECT {COLUMNS} FROM {TABLES}
WHERE run.id = %s AND run.status = ANY(%s)
FOR NO KEY UPDATE OF run, command SKIP LOCKED
"""  # noqa: S608  # made of constants

# The command follows its run in the same statement. Nothing moves unless the run is where it was seen.
MOVE = """
WITH moved AS (
    UPDATE devices_run
    SET status = %(status)s,
        version = version + 1,
        started_at = coalesce(%(started_at)s, started_at),
        ends_at = coalesce(%(ends_at)s, ends_at),
        ends_by = coalesce(%(ends_by)s, ends_by),
        ended_at = coalesce(%(ended_at)s, ended_at),
        phase = coalesce(nullif(%(phase)s, ''), phase),
        earned = coalesce(%(earned)s, earned),
        failure = coalesce(nullif(%(failure)s, ''), failure),
        assumed = assumed OR %(assumed)s
    WHERE id = %(run)s AND status = %(source)s
    RETURNING id
)
UPDATE devices_command command
SET status = %(command_status)s,
    due_at = %(due_at)s,
    attempt = attempt + %(attempts)s
FROM moved
WHERE command.id = moved.id AND command.status = ANY(%(command_sources)s)
"""


@dataclass(slots=True)
class Work:
    """What is known of one locked run and its command."""

    run_id: UUID
    payment_id: UUID | None
    status: RunStatus
    price: int
    planned_s: int
    release_at: datetime
    started_at: datetime | None
    ends_by: datetime | None
    earned: int | None
    assumed: bool
    op: str
    args_json: str
    paid_at: datetime
    expires_at: datetime
    due_at: datetime
    device_id: UUID
    type: str
    key_version: int  # of the key the machine last came online with
    sess: str
    synced_at: datetime | None
    gone_at: datetime | None
    at: datetime  # when it was locked, by the database clock

    @classmethod
    def of(cls, row: Sequence[Any]) -> Self:
        """Make it of a row of `COLUMNS`."""
        work = cls(*row)
        work.status = RunStatus(work.status)
        return work

    @classmethod
    def lock_open(cls, run_id: UUID) -> Self | None:
        """Lock a run that has not ended; None: there is none, or somebody else is at it."""
        with connection.cursor() as cursor:
            cursor.execute(LOCK_OPEN, [run_id, sorted(OPEN)])
            row = cursor.fetchone()
        return cls.of(row) if row else None

    @property
    def args(self) -> dict[str, Any]:
        """What the start command carries."""
        args: dict[str, Any] = json.loads(self.args_json)
        return args

    @property
    def facts(self) -> Facts:
        return Facts(
            status=self.status,
            price=self.price,
            planned_s=self.planned_s,
            earned=self.earned,
            started=self.started_at is not None,
            assumed=self.assumed,
        )

    @property
    def clock(self) -> Clock:
        return Clock(
            paid_at=self.paid_at,
            expires_at=self.expires_at,
            release_at=self.release_at,
            ends_by=self.ends_by,
            no_start_s=settings.NO_START_S,
        )


def move(
    work: Work, *, command_status: CommandStatus, due_at: datetime, attempts: int, **fields: Any
) -> bool:
    """Move a run and its command by compare-and-set; False if the run was not where `work` saw it."""
    values = fields | {
        "run": work.run_id,
        "source": work.status,
        "command_status": command_status,
        "command_sources": sorted(COMMAND_OPEN),
        "due_at": due_at,
        "attempts": attempts,
    }
    with connection.cursor() as cursor:
        cursor.execute(MOVE, values)
        return bool(cursor.rowcount)
