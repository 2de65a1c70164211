"""The core of a machine: what the device contract asks of it, and nothing else.

It does no input or output and reads no clock: messages, reports of the hardware and the time come in, actions
go out. Whoever drives it executes them in order, each finished before the next; between any two of them the
power may fail, and the core that boots from what was stored until then keeps every promise.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Protocol

from devices.machines.base import Machine
from devices.protocol.commands import Command, Op
from devices.protocol.envelope import verify
from devices.protocol.errors import ProtocolError
from devices.protocol.events import EventName, RejectCode, State, Telemetry
from devices.protocol.sessions import MAX_RUNNING, Conn, Hello, Sync
from devices.protocol.topics import Topic
from simulator.actions import Action, Checkpoint, Forget, Operate, Report, Send
from simulator.memory import Memory
from simulator.records import Record, Status
from simulator.scribe import Scribe
from simulator.session import Session
from simulator.work import Work

FIRMWARE = "saoma-simulator 1"
TELEMETRY_S = 30
POWER_CUT = "power_cut"


class Sensors(Protocol):
    """What the core may look at before it says yes."""

    def refusal(self) -> RejectCode | None:
        """Why the machine cannot start now; None when it can."""

    def door(self) -> str:
        """How its door is; empty when it has none."""

    def rssi(self) -> int:
        """The radio's signal, in dBm."""


class Core:
    """One power-up of one machine. All `now` are monotonic seconds."""

    def __init__(
        self,
        *,
        device_id: str,
        key: bytes,
        machine: Machine,
        sensors: Sensors,
        boot: int,
        records: Iterable[Record] = (),
    ) -> None:
        self.session = Session()
        self.dropped: Counter[str] = Counter()  # messages ignored in silence, by reason
        self._device_id, self._key = device_id, key
        self._machine, self._sensors = machine, sensors
        self._boot, self._connections = boot, 0
        self._memory = Memory(records)
        self._cut_short = self._memory.open_records()  # never started again, reported once we know the time
        self._scribe = Scribe(device_id, key, boot, self._memory)
        self._work = Work(self._scribe, self.session)
        self._telemetry_due: float | None = None
        self._state_is_stale = False

    # The connection

    def connecting(self) -> bytes:
        """A connection is about to be tried: the payload of its last will."""
        self._connections += 1
        return Conn(on=False, boot=self._boot, c=self._connections).encode()

    def connected(self, now: float) -> list[Action]:
        """Connected and subscribed."""
        self.session.connected(now)
        return [Send(Topic.CONN, Conn(on=True, boot=self._boot, c=self._connections).encode())]

    def disconnected(self) -> None:
        self.session.disconnected()
        self._scribe.online = False
        self._telemetry_due = None

    def confirmed(self, n: int) -> None:
        """The broker took our event number n."""
        self._scribe.confirm(n)

    # Time

    def due(self) -> float | None:
        """When `tick` has something to do; None when only a message or a report can change anything."""
        state_due = 0.0 if self._state_is_stale and self._scribe.online else None
        times = (self.session.hello_due, self._work.due(), self._telemetry_due, state_due)
        return min((time for time in times if time is not None), default=None)

    def tick(self, now: float) -> list[Action]:
        """Do what is due; the relay first, then what we say of ourselves."""
        actions = self._work.tick(now)
        if _passed(self.session.hello_due, now):
            actions.append(self._hello(now))
        if _passed(self._telemetry_due, now):
            actions.append(self._telemetry(now))
        if self._state_is_stale and self._scribe.online:
            actions.append(self._state())
        return actions

    def report(self, report: Report, now: float) -> list[Action]:
        """Take in what the hardware noticed."""
        self._state_is_stale = self._state_is_stale or not isinstance(report, Checkpoint)
        return self._work.report(report, now)

    # Messages

    def received(self, topic: Topic, message: bytes, now: float) -> list[Action]:
        """Obey a message, answer it, or drop it in silence."""
        try:
            body = verify(message, keys=[self._key], device_id=self._device_id, topic=topic)
            if topic is Topic.SYNC:
                return self._synced(Sync.parse(body), now)
            return self._command(Command.parse(body), now)
        except ProtocolError as error:
            self.dropped[error.code] += 1
            return []

    def _synced(self, sync: Sync, now: float) -> list[Action]:
        if not self.session.accept(sync, now):
            self.dropped["stale_sync"] += 1
            return []
        late = self._scribe.send_unconfirmed()
        self._scribe.online = True
        self._telemetry_due = now + TELEMETRY_S
        synced = self._scribe.announce(self.session.now_ms(now), EventName.SYNCED, sess=sync.sess)
        self._state_is_stale = True
        return [*synced, *late, *self._report_cut_short(now)]

    def _report_cut_short(self, now: float) -> list[Action]:
        """Runs that a power cut ended, their earlier events first: nobody knows which of them arrived."""
        actions: list[Action] = []
        for record in self._cut_short:
            ran = record.status is Status.RUNNING
            details = {"code": POWER_CUT, "ran": ran, "left_s": record.left_s}
            actions += self._scribe.repeat(record)
            actions += self._write(record, now, EventName.INTERRUPTED, **details)
        self._cut_short = []
        return actions

    def _command(self, command: Command, now: float) -> list[Action]:
        """The device rules, in the contract's order."""
        if known := self._memory.get(command.id):
            return self._scribe.repeat(known)
        if not self.session.sess or command.sess != self.session.sess:
            self.dropped["foreign_session"] += 1
            return []
        room = self._make_room(now)
        if self._memory.full:
            self.dropped["memory_full"] += 1
            return []
        if refusal := self._refusal(command, now):
            record = Record.of(command, Status.CLOSED)
            return room + self._write(record, now, EventName.REJECTED, code=refusal)
        return room + self._obey(command, now)

    def _make_room(self, now: float) -> list[Action]:
        forgotten = self._memory.forget_expired(self.session.now_ms(now)) if self._memory.full else None
        return [] if forgotten is None else [Forget(forgotten)]

    def _refusal(self, command: Command, now: float) -> RejectCode | None:
        if self.session.now_ms(now) >= command.exp:
            return RejectCode.EXPIRED
        if command.op == Op.QUERY:
            # With arguments it asks after a run: unknown here, and by remembering the answer never to start.
            return RejectCode.EXPIRED if command.a else None
        if command.op == self._machine.start_op:
            return self._refusal_to_start(command)
        return None if command.op in self._machine.operations else RejectCode.UNSUPPORTED

    def _refusal_to_start(self, command: Command) -> RejectCode | None:
        if not self._machine.understands(command.a):
            return RejectCode.ARGS
        if self._work.record is not None:
            return RejectCode.BUSY
        return self._sensors.refusal()

    def _obey(self, command: Command, now: float) -> list[Action]:
        self._state_is_stale = True
        if command.op == self._machine.start_op:
            return self._work.accept(command, now)
        verdict = self._write(Record.of(command, Status.CLOSED), now, EventName.ACCEPTED)
        if command.op == Op.STOP:
            return verdict + self._work.stop(now, only=command.a.get("run"))
        if command.op == Op.QUERY:
            running = self._work.record
            return verdict + (self._scribe.repeat(running) if running else [])
        return [*verdict, Operate(command.op, command.a)]

    # What we say of ourselves

    def _hello(self, now: float) -> Send:
        running = [record.id for record in [self._work.record] if record is not None]
        hello = Hello(
            nonce=self.session.ask(now),
            boot=self._boot,
            c=self._connections,
            fw=FIRMWARE,
            running=tuple(running[:MAX_RUNNING]),
            more=len(running) > MAX_RUNNING,
            sess=self.session.sess,
        )
        return self._scribe.send(Topic.HELLO, hello.body())

    def _state(self) -> Send:
        self._state_is_stale = False
        record = self._work.record
        state = State(
            status=self._status(record),
            door=self._sensors.door(),
            course=str(record.args.get("course", "")) if record else "",
            left_s=record.left_s if record else None,
        )
        return self._scribe.send(Topic.STATE, state.body())

    def _status(self, record: Record | None) -> str:
        if record is not None:
            return record.status
        return "fault" if self._sensors.refusal() is RejectCode.FAULT else "idle"

    def _telemetry(self, now: float) -> Send:
        self._telemetry_due = now + TELEMETRY_S
        telemetry = Telemetry(rssi=self._sensors.rssi(), counters={"dropped": self.dropped.total()})
        return self._scribe.send(Topic.TEL, telemetry.body())

    def _write(self, record: Record, now: float, ev: EventName, **details: object) -> list[Action]:
        return self._scribe.write(record, Status.CLOSED, self.session.now_ms(now), ev, **details)


def _passed(due: float | None, now: float) -> bool:
    return due is not None and due <= now
