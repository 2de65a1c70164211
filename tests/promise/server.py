"""The server over rows in memory: the same deciders, tables and messages as the services, in the same order.

What the services decide in pure functions is called here. What they leave to a statement of SQL or to a
constraint is written again, marked "SQL"; tests/promise/test_rows.py runs both in step and compares them.
Each method is one transaction. A server process keeps nothing but its rows: a restart changes nothing here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from devices import keys, presence
from devices.decide import decide_deadline
from devices.gateway.line import Incoming
from devices.machines.base import Machine
from devices.protocol import commands as wire
from devices.protocol.commands import Op
from devices.protocol.envelope import sign
from devices.protocol.topics import Topic
from devices.schedule import Ears, Message, decide_due
from devices.services.drive import Outgoing
from devices.services.operate import FIRST_PAUSE_S, LONGEST_PAUSE_S, RETRY_S
from devices.states import CommandStatus, RunStatus
from devices.wiretime import milliseconds
from tests.promise.books import Books
from tests.promise.hearing import Hearing
from tests.promise.rows import Command, Hold, Rows, Run


@dataclass(frozen=True)
class Order:
    """What a payer bought, as the machine's type makes it."""

    option: str
    args: dict[str, object]
    slot: str
    start_args: dict[str, object]
    price: int
    planned_s: int


class Server:
    """One machine's server."""

    def __init__(
        self,
        *,
        device_id: UUID,
        machine: Machine,
        slow: bool,
        books: Books,
        new_id: Callable[[], UUID],
        new_sess: Callable[[], str],
    ) -> None:
        self.rows: Rows = books.rows
        self.machine, self.books = machine, books
        self._name, self._slow, self.new_id = str(device_id), slow, new_id
        self.hearing = Hearing(device_id=device_id, machine=machine, books=books, new_sess=new_sess)

    @property
    def grace_s(self) -> float:
        return float(settings.SLOW_GRACE_S if self._slow else settings.GRACE_S)

    # Paying

    def online(self, *, at: datetime) -> bool:
        session = self.rows.session
        return presence.is_online(
            synced_at=session.synced_at,
            gone_at=session.gone_at,
            last_seen_at=session.last_seen_at,
            beat_at=self.rows.beat_at,
            at=at,
            says=session.says,
        )

    def pay(self, order: Order, *, at: datetime) -> UUID | None:
        """A payment with its run and command; None: the machine is offline or busy, nothing was paid."""
        # SQL: the partial unique index over open runs.
        if not self.online(at=at) or any(
            run.is_open and run.slot == order.slot for run in self.rows.runs.values()
        ):
            return None
        run_id, expires_at = self.new_id(), at + timedelta(seconds=settings.COMMAND_EXPIRY_S)
        self.rows.runs[run_id] = Run(
            id=run_id,
            slot=order.slot,
            status=RunStatus.PAID,
            price=order.price,
            planned_s=order.planned_s,
            release_at=expires_at + timedelta(seconds=self.grace_s),
        )
        self.rows.commands[run_id] = Command(
            run_id, self.machine.start_op, order.start_args, created_at=at, expires_at=expires_at, due_at=at
        )
        self.rows.holds[run_id] = Hold(order.price)
        self.books.judge.paid(run_id, price=order.price, planned_s=order.planned_s, now=self.books.now())
        return run_id

    def stop(self, *, at: datetime) -> None:
        """An operator stops whatever runs."""
        expires_at = at + timedelta(seconds=settings.COMMAND_EXPIRY_S)
        stop_id = self.new_id()
        self.rows.commands[stop_id] = Command(
            stop_id, Op.STOP, {}, created_at=at, expires_at=expires_at, due_at=at
        )

    # Driving

    def next_due(self) -> datetime | None:
        return min((one.due_at for one in self.rows.commands.values() if one.is_open), default=None)

    def due(self, *, at: datetime) -> list[UUID]:
        """SQL: the open commands that are due, the longest waiting first."""
        waiting = [one for one in self.rows.commands.values() if one.is_open and one.due_at <= at]
        return [one.id for one in sorted(waiting, key=lambda one: one.due_at)]

    def ears(self, *, at: datetime) -> Ears:
        return presence.ears(self.rows.beat_at, self.rows.hearing_since, at=at)

    def attend(self, command_id: UUID, *, ears: Ears, connected: bool, at: datetime) -> Outgoing | None:
        """As `drive.attend`, then `operate.attend`: what must be published once this is committed."""
        command, run = self.rows.commands[command_id], self.rows.runs.get(command_id)
        if not command.is_open or command.due_at > at:
            return None
        if run is None:
            return self._operate(command, connected=connected, at=at)
        if not run.is_open:
            return None
        clock = self.books.clock(run, command)
        can_send = connected and self._hears_us()
        due = decide_due(run.status, clock=clock, ears=ears, can_send=can_send, at=at)
        sending = due.message is not None and connected
        if due.move is not None:
            self.books.carry_out(run, decide_deadline(run.facts, due.move), at=at, sending=sending)
        else:
            command.due_at = due.due_at or command.due_at
            command.attempt += int(sending)
        return self._outgoing(command, due.message, at=at) if sending and due.message else None

    def _operate(self, command: Command, *, connected: bool, at: datetime) -> Outgoing | None:
        """A command that starts nothing: told until the machine answers or it expires."""
        if at >= command.expires_at:
            command.status = CommandStatus.EXPIRED
            return None
        sending = connected and self._hears_us()
        pause_s = min(FIRST_PAUSE_S << command.attempt, LONGEST_PAUSE_S) if sending else RETRY_S
        command.due_at = min(at + timedelta(seconds=pause_s), command.expires_at)
        command.attempt += int(sending)
        command.status = CommandStatus.SENT if sending else command.status
        return self._outgoing(command, Message.START, at=at) if sending else None

    def _hears_us(self) -> bool:
        return self.rows.session.synced_at is not None and self.rows.session.gone_at is None

    def _outgoing(self, command: Command, message: Message, *, at: datetime) -> Outgoing:
        told = wire.Command(
            id=command.id,
            sess=self.rows.session.sess,
            t=milliseconds(at),
            exp=milliseconds(command.expires_at),
            op=command.op,
            a=command.args,
        )
        if message is Message.QUERY:
            told = told.as_query()
        payload = sign(told.body(), key=keys.key_of(self._name), device_id=self._name, topic=Topic.CMD)
        return Outgoing(topic=Topic.CMD.of(self._name), payload=payload)

    # Hearing

    def take(self, incoming: Incoming, *, at: datetime) -> list[Outgoing]:
        """Take in one message as it comes off the wire; what to answer."""
        return self.hearing.take(incoming, at=at)

    def beat(self, *, at: datetime) -> None:
        """SQL: the gateway's sign of life; a gap longer than an outage begins a new time of hearing."""
        before = self.rows.beat_at
        if before is None or at - before > timedelta(seconds=settings.GATEWAY_SILENT_S):
            self.rows.hearing_since = at
        self.rows.beat_at = at

    def acknowledged(self, outgoing: Outgoing, *, at: datetime) -> None:
        """The broker has a message of ours. That says nothing about the machine."""
