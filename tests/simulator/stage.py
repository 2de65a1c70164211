"""A stage for one machine without a broker: its core and hardware on a clock that only the test moves."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from devices.machines.base import find_all
from devices.protocol.commands import Command, Op
from devices.protocol.envelope import sign, verify
from devices.protocol.sessions import Conn, Sync
from devices.protocol.topics import Topic
from simulator.actions import Action, Forget, Operate, Persist, Report, Send, SwitchOff, SwitchOn
from simulator.core import Core
from simulator.faults import Faults
from simulator.hardware import Hardware
from simulator.journal import VolatileJournal

KEY = bytes(range(32))
DEVICE = "0193f4a2-7c1e-7b3a-9d55-0a1b2c3d4e5f"
SESS = "9f3c21"
SERVER_MS = 1_795_160_000_000  # the server's clock when the stage's clock shows 0
ARGS: dict[str, dict[str, Any]] = {"chair": {"dur_s": 600}, "washer": {"course": "quick", "dur_s": 1200}}


class Stage:
    """Plays the server to one machine. `power_for` actions more are executed, then the power fails."""

    def __init__(self, machine: str = "chair", *, faults: Faults | None = None) -> None:
        self.now = 0.0
        self.args = ARGS[machine]
        self.machine = find_all()[machine]
        self.faults = faults or Faults()
        self.hardware = Hardware(self.machine, self.faults)
        self.store = VolatileJournal()
        self.sent: list[tuple[Topic, dict[str, Any]]] = []
        self.power_for: int | None = None
        self.boots = 0
        self.boot()

    # Power and line

    def boot(self) -> None:
        self.boots += 1
        self.power_for = None
        self.core: Core | None = Core(
            device_id=DEVICE,
            key=KEY,
            machine=self.machine,
            sensors=self.hardware,
            boot=self.boots,
            records=self.store.records(),
        )

    def lose_power(self) -> None:
        self.core = None
        self.hardware.lose_power()

    def connect(self) -> None:
        """Connect, subscribe, and say hello."""
        assert self.core
        self.core.connecting()
        self.execute(self.core.connected(self.now))
        self.advance(0)

    def sync(self, sess: str = SESS, **changes: Any) -> None:
        sync = Sync(nonce=self.last(Topic.HELLO)["nonce"], now_ms=self.server_ms, sess=sess)
        self.deliver(Topic.SYNC, sync.body() | changes)

    def online(self, sess: str = SESS) -> "Stage":
        self.connect()
        self.sync(sess)
        return self

    # Talking

    @property
    def server_ms(self) -> int:
        return SERVER_MS + round(self.now * 1000)

    def command(
        self,
        op: str = Op.START,
        *,
        expires_s: float = 30,
        args: Mapping[str, Any] | None = None,
        sess: str = SESS,
    ) -> Command:
        exp = self.server_ms + round(expires_s * 1000)
        return Command(uuid4(), sess, self.server_ms, exp, op, dict(self.args if args is None else args))

    def start(self, **details: Any) -> Command:
        command = self.command(**details)
        self.give(command)
        return command

    def give(self, command: Command) -> None:
        self.deliver(Topic.CMD, command.body())

    def deliver(self, topic: Topic, body: Mapping[str, Any]) -> None:
        self.deliver_raw(topic, sign(body, key=KEY, device_id=DEVICE, topic=topic))

    def deliver_raw(self, topic: Topic, message: bytes) -> None:
        if self.core:
            self.execute(self.core.received(topic, message, self.now))
        self.advance(0)

    # Time

    def advance(self, seconds: float) -> None:
        """Let time pass, stopping whenever the machine has something to do."""
        end = self.now + seconds
        while self.core and (due := self._due()) is not None and due <= end:
            self.now = max(self.now, due)
            self._tick()
        self.now = end

    def _due(self) -> float | None:
        assert self.core
        return min((due for due in (self.core.due(), self.hardware.due()) if due is not None), default=None)

    def _tick(self) -> None:
        self.take_in(self.hardware.poll(self.now))
        if self.core:
            self.execute(self.core.tick(self.now))

    def take_in(self, reports: list[Report]) -> None:
        for report in reports:
            if self.core:
                self.execute(self.core.report(report, self.now))

    # Doing what the core says

    def execute(self, actions: list[Action]) -> None:
        for action in actions:
            if self.core is None:
                return
            self._do(action)
            if self.power_for is not None:
                self.power_for -= 1
                if self.power_for == 0:
                    self.lose_power()

    def _do(self, action: Action) -> None:
        match action:
            case Persist(record):
                self.store.put(record)
            case Forget(command_id):
                self.store.forget(command_id)
            case Send(topic, message):
                self.sent.append((topic, _opened(topic, message)))
            case _:
                self.take_in(self._move(action))

    def _move(self, action: SwitchOn | SwitchOff | Operate) -> list[Report]:
        match action:
            case SwitchOn(run_id, args):
                return self.hardware.switch_on(run_id, args, self.now)
            case SwitchOff():
                return self.hardware.switch_off(self.now)
            case Operate(op):
                return self.hardware.operate(op, self.now)

    # Looking

    def events(self, command_id: UUID | None = None) -> list[dict[str, Any]]:
        events = [body for topic, body in self.sent if topic is Topic.EVT]
        return events if command_id is None else [body for body in events if body["id"] == str(command_id)]

    def names(self, command_id: UUID | None = None) -> list[str]:
        return [event["ev"] for event in self.events(command_id)]

    def verdict(self, command: Command) -> str:
        """The one answer to a command."""
        [event] = self.events(command.id)
        return f"{event['ev']} {event['code']}"

    def last(self, topic: Topic) -> dict[str, Any]:
        return [body for sent, body in self.sent if sent is topic][-1]

    def count(self, topic: Topic) -> int:
        return sum(sent is topic for sent, _ in self.sent)


def _opened(topic: Topic, message: bytes) -> dict[str, Any]:
    if topic is Topic.CONN:
        conn = Conn.decode(message)
        return {"on": conn.on, "boot": conn.boot, "c": conn.c}
    return verify(message, keys=[KEY], device_id=DEVICE, topic=topic)
