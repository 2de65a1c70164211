"""Telling an owner's speakers of a payment: once each, within a minute, or never."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from devices import speakers
from devices.models import COMMAND_IS_OPEN, Command, Device, Event
from devices.protocol.commands import Op
from devices.protocol.events import EventName
from devices.states import CommandStatus
from outbox import clock
from outbox.ids import uuid7
from outbox.wake import wake
from payments import days, money
from payments.models import Code, Payment

# A machine must remember 32 commands: that many may be unexpired at all, less those that can still arrive.
MOST_AT_ONCE = 8  # handed over, not over, not expired
MOST_UNEXPIRED = 24  # in a minute nobody can listen to more
MOST_WAITING = 60  # each asks for room every second, beside the commands that money waits for
ROOM_RETRY_S = 1.0
MOST_ASKS_A_SECOND = 8
OVER = (EventName.FINISHED, EventName.FAILED, EventName.INTERRUPTED)

# The number is taken only with the row, so a fact that is told twice takes none.
TELL = """
WITH told AS (
    INSERT INTO devices_command
        (id, device_id, payment_id, op, args, status, expires_at, due_at, created_at)
    VALUES (%(id)s, %(device)s, %(payment)s, %(op)s, '{}', %(status)s, %(expires_at)s, %(now)s, %(now)s)
    ON CONFLICT (payment_id, device_id) WHERE payment_id IS NOT NULL DO NOTHING
    RETURNING device_id
)
INSERT INTO devices_tally (device_id, day, count, dropped)
SELECT device_id, %(day)s, 1, %(dropped)s FROM told
ON CONFLICT (device_id, day) DO UPDATE
SET count = devices_tally.count + 1, dropped = devices_tally.dropped + EXCLUDED.dropped
RETURNING count
"""
DROPPED = """
UPDATE devices_tally tally SET dropped = tally.dropped + 1
FROM devices_command command JOIN payments_payment payment ON payment.id = command.payment_id
WHERE command.id = %(command)s AND tally.device_id = command.device_id
  AND tally.day = (payment.resolved_at AT TIME ZONE %(zone)s)::date
"""


def announce(*, payment_id: UUID) -> list[UUID]:
    """Have a settled payment read out by every speaker of its payee that stands where it was paid.

    That is each enabled speaker of the account that has no place, or the place of the payment's code. Called
    twice it changes nothing; a payment settled a minute ago or more is counted as dropped and not read out,
    and so is one for which too many wait already.

    Returns:
        The new commands.
    """
    with transaction.atomic():
        payment = Payment.objects.get(pk=payment_id)
        told = [_tell(speaker, payment) for speaker in _hearers(payment)]
    return [command_id for command_id in told if command_id]


def has_room(command: Command, *, at: datetime) -> bool:
    """May a speaker be handed one more announcement now? Locks the speaker, so that two are not one too many.

    Once it was handed over it may be repeated.
    """
    if command.attempt:
        return True
    Device.objects.select_for_update(no_key=True).get(pk=command.device_id)
    statuses = dict(handed_besides(command, at=at).values_list("pk", "status"))
    ended = Event.objects.filter(command__in=statuses, name__in=OVER).values_list("command", flat=True)
    over = {pk for pk, status in statuses.items() if status == CommandStatus.REJECTED} | set(ended)
    return len(statuses) < MOST_UNEXPIRED and len(statuses) - len(over) < MOST_AT_ONCE


def handed_besides(command: Command, *, at: datetime) -> QuerySet[Command]:
    """Return the other unexpired announcements that its speaker was handed, whatever came of them."""
    unexpired = Command.objects.filter(
        device_id=command.device_id, payment__isnull=False, attempt__gt=0, expires_at__gt=at
    )
    return unexpired.exclude(pk=command.pk)


def crowd_s(command: Command, *, at: datetime) -> float:
    """Return how long one of the announcements that wait for a speaker waits until it asks again, in seconds.

    All of them together ask eight times a second: however many payments a shop gets, its speaker must not
    keep the workers from other machines.
    """
    waiting = Command.objects.filter(
        COMMAND_IS_OPEN, device_id=command.device_id, expires_at__gt=at, attempt=0, payment__isnull=False
    )
    return waiting.count() / MOST_ASKS_A_SECOND


def drop(*, command_id: UUID) -> None:
    """Count an announcement that its speaker never confirmed; nothing happens for other commands."""
    with connection.cursor() as cursor:
        cursor.execute(DROPPED, {"command": command_id, "zone": settings.BUSINESS_TIME_ZONE})


def move_speakers(*, wallet_id: int, account_id: int) -> int:
    """Let a person's speakers follow his printed codes to his shop's account; return how many did."""
    theirs = Device.objects.filter(account_id=wallet_id, type__in=speakers.types())
    return theirs.update(account_id=account_id)


def _hearers(payment: Payment) -> list[Device]:
    """Return the speakers in a steady order: whoever tells several locks their tallies in it."""
    theirs = Device.objects.filter(account_id=payment.payee_id, type__in=speakers.types(), enabled=True)
    place = Code.objects.filter(payments=payment).values("place_id")  # none: the payer showed a code of his
    return list(theirs.filter(Q(place=None) | Q(place__in=place)).order_by("pk"))


def _tell(speaker: Device, payment: Payment) -> UUID | None:
    """Insert one announcement; None if the speaker was told before."""
    command_id, now = uuid7(), clock.now()
    settled_at = payment.resolved_at or now
    expires_at = settled_at + timedelta(seconds=settings.ANNOUNCE_EXPIRY_S)
    waiting = Command.objects.filter(COMMAND_IS_OPEN, device=speaker, expires_at__gt=now)
    late = now >= expires_at or waiting.count() >= MOST_WAITING
    day = days.business_day(settled_at)
    with connection.cursor() as cursor:
        cursor.execute(
            TELL,
            {
                "id": command_id,
                "device": speaker.pk,
                "payment": payment.pk,
                "op": Op.ANNOUNCE,
                "status": CommandStatus.EXPIRED if late else CommandStatus.PENDING,
                "expires_at": expires_at,
                "now": now,
                "day": day,
                "dropped": int(late),
            },
        )
        row = cursor.fetchone()
    if row is None:
        return None
    args = {
        "amount_minor": payment.captured_amount,
        "currency": money.currency(),
        "exponent": money.exponent(money.currency()),
        "no": row[0],
        "locale": speakers.locale_of(speaker),
        "day_word": speakers.word_of(speaker, day=day),
    }
    Command.objects.filter(pk=command_id).update(args=args)
    wake("devices.tasks.send_command", queue="machines", command_id=str(command_id))
    return command_id
