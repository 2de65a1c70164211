"""A stage for one machine without a broker: its core and hardware on a clock that only the test moves."""

import random
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from clients.micropython import core as language
from clients.micropython.core import Core
from devices.machines.base import find_all
from devices.protocol.commands import Command, Op
from devices.protocol.envelope import sign, verify
from devices.protocol.sessions import Conn, Sync
from devices.protocol.topics import Topic
from simulator.faults import Faults
from simulator.hardware import Hardware, Report
from simulator.journal import VolatileJournal

KEY = bytes(range(32))
DEVICE = "0193f4a2-7c1e-7b3a-9d55-0a1b2c3d4e5f"
SESS = "9f3c21"
SERVER_MS = 1_795_160_000_000  # the server's clock when the stage's clock shows 0
ARGS: dict[str, dict[str, Any]] = {
    "chair": {"dur_s": 600},
    "washer": {"course": "quick", "dur_s": 1200},
    "locker": {"door": "3"},
    "speaker": {
        "amount_minor": 1250,
        "currency": "CNY",
        "exponent": 2,
        "no": 7,
        "locale": "zh",
        "day_word": "苹果",
    },
}


class Stage:
    """Plays the server to one machine. `power_for` actions more are executed, then the power fails."""

    def __init__(
        self, machine: str = "chair", *, faults: Faults | None = None, core: type[Core] = Core
    ) -> None:
        self.now = 0.0
        self._core_type, self._random = core, random.Random(7)
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
        self.core: Core | None = self._core_type(
            device_id=DEVICE,
            key=KEY,
            hardware=self.hardware,
            random=self._random.randbytes,
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
        self.execute(self.core.connected(self.ms))
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
    def ms(self) -> int:
        """The machine's clock."""
        return round(self.now * 1000)

    @property
    def server_ms(self) -> int:
        return SERVER_MS + self.ms

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
            self.execute(self.core.received(topic, message, self.ms))
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
        core_due = self.core.due()
        dues = (None if core_due is None else core_due / 1000, self.hardware.due())
        return min((due for due in dues if due is not None), default=None)

    def _tick(self) -> None:
        self.take_in(self.hardware.poll(self.now))
        if self.core:
            self.execute(self.core.tick(self.ms))

    def take_in(self, reports: list[Report]) -> None:
        for report in reports:
            if self.core:
                self.execute(self.core.report(report, self.ms))

    # Doing what the core says

    def execute(self, actions: list[tuple[Any, ...]]) -> None:
        for action in actions:
            if self.core is None:
                return
            self._do(action)
            if self.power_for is not None:
                self.power_for -= 1
                if self.power_for == 0:
                    self.lose_power()

    def _do(self, action: tuple[Any, ...]) -> None:
        match action:
            case language.PUT, record:
                self.store.put(record)
            case language.FORGET, command_id:
                self.store.forget(command_id)
            case language.SEND, topic, message, _:
                self.sent.append((Topic(topic), _opened(Topic(topic), message)))
            case language.START, run_id, _, args:
                self.hardware.switch_on(run_id, args, self.now)
            case language.OPERATE, op, args:
                self.take_in(self.hardware.operate(op, args, self.now))

    # Looking

    @property
    def starts(self) -> list[UUID]:
        """The run of every time the relay moved."""
        return [UUID(run_id) for run_id in self.hardware.starts]

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
