"""Driving open commands: sending, asking again, giving up. One transaction each; publishing comes after."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F

from devices import keys
from devices.decide import decide_deadline
from devices.machines.base import find_all
from devices.models import COMMAND_IS_OPEN, Command
from devices.protocol import commands as wire
from devices.protocol.envelope import sign
from devices.protocol.topics import Topic
from devices.schedule import Due, Ears, Message, decide_due, decide_due_alone
from devices.services.moves import carry_out
from devices.services.work import Work
from devices.wiretime import milliseconds

SWEEP_LIMIT = 500  # commands per sweep; more wait for the next second
REFUSED_RETRY_S = 60  # a hold decided elsewhere waits for a person, not for the next second


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A signed message for one device."""

    topic: str
    payload: bytes


def due_commands(*, at: datetime) -> Iterable[UUID]:
    """Return the commands that need attention at the instant `at`, the longest waiting first."""
    due = Command.objects.filter(COMMAND_IS_OPEN, due_at__lte=at).order_by("due_at")
    return due.values_list("pk", flat=True)[:SWEEP_LIMIT]


def attend(*, command_id: UUID, ears: Ears, connected: bool, at: datetime | None = None) -> Outgoing | None:
    """Do what a due start command calls for; return the message that must be published now.

    Safe to call at any time by any number of workers: a command that is not due, or that somebody else is
    attending to, is left alone. The move is committed before the message leaves, so a crash in between costs
    a resend.

    Args:
        ears: how well we hear the machines; silence is theirs only while we listen.
        connected: the caller can publish. Without it nothing paid is sent, and expires at its time.
        at: the clock of the sweep; by default the database's.
    """
    with transaction.atomic():
        work = Work.lock_open(command_id)
        if work is None:
            return None
        at = at or work.at
        if work.due_at > at:
            return None
        due = _due(work, ears=ears, connected=connected, at=at)
        sending = due.message is not None and connected
        _carry_out(work, due, at=at, sending=sending)
    return _outgoing(work, due.message, at=at) if sending and due.message else None


def _due(work: Work, *, ears: Ears, connected: bool, at: datetime) -> Due:
    if not find_all()[work.type].electronic:
        return decide_due_alone(work.status, clock=work.clock, at=at)
    can_send = connected and _hears_us(work)
    return decide_due(work.status, clock=work.clock, ears=ears, can_send=can_send, at=at)


def _carry_out(work: Work, due: Due, *, at: datetime, sending: bool) -> None:
    if due.move is not None:
        if carry_out(work, decide_deadline(work.facts, due.move), at=at, sending=sending):
            return
        due = Due(due_at=at + timedelta(seconds=REFUSED_RETRY_S))
    Command.objects.filter(pk=work.run_id).update(due_at=due.due_at, attempt=F("attempt") + int(sending))


def _hears_us(work: Work) -> bool:
    """Has the machine a session in which it would take a command? Else it would drop it in silence."""
    return work.synced_at is not None and work.gone_at is None


def _outgoing(work: Work, message: Message, *, at: datetime) -> Outgoing:
    told = wire.Command(
        id=work.run_id,
        sess=work.sess,
        t=milliseconds(at),
        exp=milliseconds(work.expires_at),
        op=work.op,
        a=work.args,
    )
    if message is Message.QUERY:
        told = told.as_query()
    name = str(work.device_id)
    key = keys.key_of(name, work.key_version)
    payload = sign(told.body(), key=key, device_id=name, topic=Topic.CMD)
    return Outgoing(topic=Topic.CMD.of(name), payload=payload)
