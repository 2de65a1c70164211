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
from devices.services import announce, faults, sessions
from devices.services.moves import carry_out
from devices.services.work import COLUMNS, TABLES, Work
from devices.states import CommandStatus

# Whoever holds a machine's key can make us keep no more than this. Our machines say a tenth of it.
HOURLY_EVENTS = 60  # of a machine about itself: so many `synced`, and so many others
EVENTS_OF_ONE_COMMAND = 200

OF_THE_MACHINE = """
SELECT count(*) < %(most)s FROM devices_event
WHERE device_id = %(device)s AND command IS NULL AND received_at > statement_timestamp() - interval '1 hour'
  AND (name = 'synced') = (%(name)s = 'synced')
"""
OF_THE_COMMAND = "SELECT count(*) < %(most)s FROM devices_event WHERE command = %(command)s"
STORE = """
INSERT INTO devices_event (device_id, boot, n, name, command, body)
SELECT %(device)s, %(boot)s, %(n)s, %(name)s, %(command)s, %(body)s WHERE ({room})
ON CONFLICT (device_id, boot, n) DO NOTHING
"""
KNOWN = "SELECT FROM devices_event WHERE device_id = %(device)s AND boot = %(boot)s AND n = %(n)s"
# Locks the run that the event is about, stores the event if it is new, and tells both in one round trip.
STORE_ABOUT_A_RUN = f"""
WITH work AS (
    SELECT {COLUMNS} FROM {TABLES}
    WHERE run.id = %(command)s AND run.device_id = %(device)s
    FOR NO KEY UPDATE OF run, command
), stored AS (
    INSERT INTO devices_event (device_id, boot, n, name, command, body)
    SELECT %(device)s, %(boot)s, %(n)s, %(name)s, %(command)s, %(body)s FROM work WHERE ({OF_THE_COMMAND})
    ON CONFLICT (device_id, boot, n) DO NOTHING
    RETURNING id
)
SELECT EXISTS (SELECT FROM stored), work.* FROM work
"""  # noqa: S608  # made of constants


# A later event implies the earlier ones.
VERDICTS = {
    EventName.REJECTED: CommandStatus.REJECTED,
    **dict.fromkeys(
        [EventName.ACCEPTED, EventName.STARTED, EventName.FINISHED, EventName.FAILED, EventName.INTERRUPTED],
        CommandStatus.DONE,
    ),
}


class Heard(Enum):
    """What became of an event."""

    STORED = "stored"
    REPEATED = "repeated"  # known: nothing changed
    TOO_MANY = "too_many"  # more than a machine has to say: nothing stored
    FOREIGN = "foreign"  # answers a command this machine was never given: nothing stored


def hear(*, device_id: UUID, event: Event, body: Body, key_version: int) -> Heard:
    """Store an event and let it move its run and the money; a repetition changes nothing.

    Args:
        body: the event as it was signed.
        key_version: of the key that signed it.

    Publishes `devices.run.started`, `.finished`, `.failed`, `devices.device.faulted`, `.recovered`.
    """
    values: dict[str, Any] = {
        "device": device_id,
        "boot": event.boot,
        "n": event.n,
        "name": event.ev,
        "command": event.id,
        "body": _kept(event, body),
    }
    with transaction.atomic(savepoint=False):
        if event.id is None:
            return _about_the_machine(device_id, event, values | {"most": HOURLY_EVENTS}, key_version)
        values["most"] = EVENTS_OF_ONE_COMMAND
        return _about_a_run(event, values) or _about_a_command(device_id, event.id, event, values)


def _kept(event: Event, body: Body) -> str:
    """Return an event as it was signed, or what we know of it when PostgreSQL cannot hold the rest.

    Fields of newer firmware are ignored, whatever stands in them: NUL, half characters, infinity.
    """
    try:
        text = encode(body).decode()
    except ValueError:
        return encode(event.body()).decode()
    return encode(event.body()).decode() if r"\u0000" in text else text


def _about_a_run(event: Event, values: dict[str, Any]) -> Heard | None:
    """Take in an event about a run; None: it is not about a run of this machine."""
    with connection.cursor() as cursor:
        cursor.execute(STORE_ABOUT_A_RUN, values)
        row = cursor.fetchone()
    if row is None:
        return None
    is_new, *columns = row
    if not is_new:
        return _unstored(values)
    work = Work.of(columns)
    carry_out(work, decide(work.facts, event, find_all()[work.type]), at=work.at)
    return Heard.STORED


def _about_a_command(device_id: UUID, command_id: UUID, event: Event, values: dict[str, Any]) -> Heard:
    """Take in an event about a command of its own."""
    if not Command.objects.filter(pk=command_id, device_id=device_id).exists():
        return Heard.FOREIGN
    heard = _store(values, room=OF_THE_COMMAND)
    if heard is Heard.STORED:
        _answer(command_id, event)
    return heard


def _answer(command_id: UUID, event: Event) -> None:
    """Let a command have its verdict; the first one counts."""
    if event.ev not in VERDICTS:
        return
    sent = Command.objects.filter(pk=command_id, status=CommandStatus.SENT)
    if sent.update(status=VERDICTS[event.ev]) and event.ev is EventName.REJECTED:
        announce.drop(command_id=command_id)


def _about_the_machine(device_id: UUID, event: Event, values: dict[str, Any], key_version: int) -> Heard:
    heard = _store(values, room=OF_THE_MACHINE)
    if heard is Heard.STORED and event.ev is EventName.FAULT:
        faults.told(device_id=device_id, code=event.code, evidence=event.evidence)
    if heard is Heard.STORED and event.ev is EventName.SYNCED:
        sessions.adopt(device_id=device_id, sess=event.sess, boot=event.boot, key_version=key_version)
    return heard


def _store(values: dict[str, Any], *, room: str) -> Heard:
    with connection.cursor() as cursor:
        cursor.execute(STORE.format(room=room), values)
        return Heard.STORED if cursor.rowcount else _unstored(values)


def _unstored(values: dict[str, Any]) -> Heard:
    """Tell why an event was not stored."""
    with connection.cursor() as cursor:
        cursor.execute(KNOWN, values)
        return Heard.REPEATED if cursor.rowcount else Heard.TOO_MANY
