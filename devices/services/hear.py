"""Taking in what machines report: each event once, with everything it means in one transaction."""

from enum import Enum
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from devices.decide import decide
from devices.machines.base import find_all
from devices.models import Command
from devices.protocol.envelope import Body, encode
from devices.protocol.events import Event, EventName
from devices.services import sessions
from devices.services.moves import carry_out
from devices.services.work import COLUMNS, TABLES, Work

STORE = """
INSERT INTO devices_event (device_id, boot, n, name, command, body)
VALUES (%(device)s, %(boot)s, %(n)s, %(name)s, %(command)s, %(body)s)
ON CONFLICT (device_id, boot, n) DO NOTHING
"""
# Locks the run that the event is about, stores the event if it is new, and tells both in one round trip.
STORE_ABOUT_A_RUN = f"""
WITH work AS (
    SELECT {COLUMNS} FROM {TABLES}
    WHERE run.id = %(command)s AND run.device_id = %(device)s
    FOR NO KEY UPDATE OF run, command
), stored AS (
    INSERT INTO devices_event (device_id, boot, n, name, command, body)
    SELECT %(device)s, %(boot)s, %(n)s, %(name)s, %(command)s, %(body)s FROM work
    ON CONFLICT (device_id, boot, n) DO NOTHING
    RETURNING id
)
SELECT EXISTS (SELECT FROM stored), work.* FROM work
"""  # noqa: S608  # made of constants


class Heard(Enum):
    """What became of an event."""

    STORED = "stored"
    REPEATED = "repeated"  # known: nothing changed
    FOREIGN = "foreign"  # answers a command this machine was never given: nothing stored


def hear(*, device_id: UUID, event: Event, body: Body) -> Heard:
    """Store an event and let it move its run and the money; a repetition changes nothing.

    Args:
        body: the event as it was signed.

    Publishes `devices.run.started`, `.finished`, `.failed`.
    """
    values: dict[str, Any] = {
        "device": device_id,
        "boot": event.boot,
        "n": event.n,
        "name": event.ev,
        "command": event.id,
        "body": encode(body).decode(),
    }
    with transaction.atomic(savepoint=False):
        if event.id is None:
            return _about_the_machine(device_id, event, values)
        return _about_a_run(event, values) or _about_a_command(device_id, event.id, values)


def _about_a_run(event: Event, values: dict[str, Any]) -> Heard | None:
    """Take in an event about a run; None: it is not about a run of this machine."""
    with connection.cursor() as cursor:
        cursor.execute(STORE_ABOUT_A_RUN, values)
        row = cursor.fetchone()
    if row is None:
        return None
    is_new, *columns = row
    if not is_new:
        return Heard.REPEATED
    work = Work.of(columns)
    carry_out(work, decide(work.facts, event, find_all()[work.type]), at=work.at)
    return Heard.STORED


def _about_a_command(device_id: UUID, command_id: UUID, values: dict[str, Any]) -> Heard:
    """Take in an event about a command of its own, which is only stored."""
    if not Command.objects.filter(pk=command_id, device_id=device_id).exists():
        return Heard.FOREIGN
    return Heard.STORED if _store(values) else Heard.REPEATED


def _about_the_machine(device_id: UUID, event: Event, values: dict[str, Any]) -> Heard:
    if not _store(values):
        return Heard.REPEATED
    if event.ev is EventName.SYNCED:
        sessions.adopt(device_id=device_id, sess=event.sess, boot=event.boot)
    return Heard.STORED


def _store(values: dict[str, Any]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(STORE, values)
        return bool(cursor.rowcount)
