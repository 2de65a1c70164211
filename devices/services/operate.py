"""Sending commands that start nothing paid, until the machine answers or they expire."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F

from devices import keys
from devices.models import COMMAND_IS_OPEN, Command, Session
from devices.protocol import commands as wire
from devices.protocol.commands import Op
from devices.protocol.envelope import sign
from devices.protocol.topics import Topic
from devices.services import announce
from devices.services.drive import Outgoing
from devices.states import CommandStatus
from devices.wiretime import milliseconds
from outbox import clock

FIRST_PAUSE_S = 2  # doubled after each time it was sent
LONGEST_PAUSE_S = 60
RETRY_S = 5  # nobody could be told: the machine's next session makes it due at once


def attend(*, command_id: UUID, connected: bool, at: datetime | None = None) -> Outgoing | None:
    """Do what a due command that starts nothing paid calls for; return the message to publish now.

    Safe to call at any time by any number of workers.

    Args:
        connected: the caller can publish.
        at: the clock of the sweep; by default the database's.
    """
    with transaction.atomic():
        command = _lock(command_id)
        if command is None:
            return None
        at = at or clock.now()
        if command.due_at > at:
            return None
        if at >= command.expires_at:
            Command.objects.filter(pk=command.pk).update(status=CommandStatus.EXPIRED)
            announce.drop(command_id=command.pk)
            return None
        session = command.device.session
        reachable = connected and session.synced_at is not None and session.gone_at is None
        sending = reachable and (command.op != Op.ANNOUNCE or announce.has_room(command, at=at))
        pause_s = _pause_s(command) if sending else _retry_s(command, reachable=reachable, at=at)
        _put_off(command, at=at, pause_s=pause_s, sending=sending)
    return _outgoing(command, session, at=at) if sending else None


def _lock(command_id: UUID) -> Command | None:
    """Lock an open command that is no run's start; None: there is none, or somebody else is at it."""
    open_ones = Command.objects.filter(COMMAND_IS_OPEN, pk=command_id).exclude(run=F("pk"))
    locked = open_ones.select_for_update(skip_locked=True, no_key=True, of=("self",))
    return locked.select_related("device__session").first()


def _pause_s(command: Command) -> float:
    return min(FIRST_PAUSE_S << command.attempt, LONGEST_PAUSE_S)


def _retry_s(command: Command, *, reachable: bool, at: datetime) -> float:
    """Return when a command that could not leave is looked at again, in seconds."""
    if command.op != Op.ANNOUNCE:
        return RETRY_S
    return max(announce.crowd_s(command, at=at), announce.ROOM_RETRY_S if reachable else RETRY_S)


def _put_off(command: Command, *, at: datetime, pause_s: float, sending: bool) -> None:
    Command.objects.filter(pk=command.pk).update(
        due_at=min(at + timedelta(seconds=pause_s), command.expires_at),
        attempt=F("attempt") + int(sending),
        status=CommandStatus.SENT if sending else command.status,
    )


def _outgoing(command: Command, session: Session, *, at: datetime) -> Outgoing:
    name = str(command.device_id)
    told = wire.Command(
        id=command.pk,
        sess=session.sess,
        t=milliseconds(at),
        exp=milliseconds(command.expires_at),
        op=command.op,
        a=command.args,
    )
    key = keys.key_of(name, session.key_version)
    return Outgoing(Topic.CMD.of(name), sign(told.body(), key=key, device_id=name, topic=Topic.CMD))
