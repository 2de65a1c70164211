"""One simulated machine: its core, hardware, store and connection, and the power that may fail."""

import logging
import random
import secrets
import selectors
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from devices.machines.base import find_all
from devices.protocol.topics import Topic
from simulator.actions import Action, Forget, Operate, Persist, Report, Send, SwitchOff, SwitchOn
from simulator.agenda import Agenda
from simulator.client import Broker, Connection
from simulator.core import Core
from simulator.faults import Faults
from simulator.hardware import Hardware
from simulator.records import Record

FIRST_RETRY_S = 0.5
LAST_RETRY_S = 30
KEEP_ALIVE_EVERY_S = 5
BOOT_S = 1.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Device:
    """A machine to be simulated, and all it knows of itself."""

    id: str
    type: str
    key: bytes = field(repr=False)
    password: str = field(repr=False)
    faults: Faults = field(default_factory=Faults)


class Store(Protocol):
    """Durable memory; see simulator/journal.py."""

    def records(self) -> list[Record]: ...
    def put(self, record: Record) -> None: ...
    def forget(self, command_id: UUID) -> None: ...
    def close(self) -> None: ...


class Player:
    """Drives one core. Everything happens in `step`, called by one thread when `due` has come."""

    def __init__(self, device: Device, *, broker: Broker, store: Store, speed: float) -> None:
        self.device, self.faults = device, device.faults
        self._machine = find_all()[device.type]
        self.hardware = Hardware(self._machine, device.faults, speed)
        self._connection: Connection | None = None
        self._broker, self._store = broker, store
        self._core: Core | None = None  # None: no power
        self._agenda = Agenda()
        self._events: dict[int, int] = {}  # packet -> number of the event in it, until the broker confirms
        self._failures = 0  # to connect, in a row

    @property
    def socket(self) -> socket.socket | None:
        return self._connection.socket if self._connection else None

    @property
    def wants_write(self) -> bool:
        return self._connection is not None and self._connection.wants_write

    def transfer(self, events: int) -> None:
        """Read and write what the socket is ready for, as selectors name it."""
        connection = self._connection
        if connection and events & selectors.EVENT_READ:
            connection.read()
        if connection and events & selectors.EVENT_WRITE:
            connection.write()

    @property
    def online(self) -> bool:
        return self._core is not None and bool(self._core.session.sess)

    # Power

    def boot(self, now: float) -> None:
        """Switch the power on."""
        self._core = Core(
            device_id=self.device.id,
            key=self.device.key,
            machine=self._machine,
            sensors=self.hardware,
            boot=secrets.randbits(32),
            records=self._store.records(),
        )
        self._connect(now)

    def lose_power(self, now: float, for_s: float = BOOT_S) -> None:
        """Everything that is not stored is gone; after a while the machine boots again."""
        self._switch_off()
        self._agenda.add(now + for_s, self.boot)

    def close(self) -> None:
        self._switch_off()
        self._store.close()

    def _switch_off(self) -> None:
        self._core = None
        self._agenda.clear()
        self.hardware.lose_power()
        self._hang_up()

    # Time

    def due(self) -> float | None:
        """When `step` has something to do; None when only the connection can bring something."""
        times = [self._agenda.due(), self.hardware.due(), self._core.due() if self._core else None]
        return min((time for time in times if time is not None), default=None)

    def step(self, now: float) -> None:
        """Do everything that is due."""
        while deed := self._agenda.take(now):
            deed(now)
        self._take_in(self.hardware.poll(now), now)
        if self._core:
            self._execute(self._core.tick(now), now)

    # What the connection says; dealt with in the next `step`, when paho is out of its callbacks

    def connected(self) -> None:
        self._soon(self._begin_session)

    def received(self, topic: Topic, message: bytes) -> None:
        if topic is not Topic.CMD:
            self._soon(lambda now: self._receive(topic, message, now))
        elif not self.faults.silent:
            self._later(self.faults.deaf_s, lambda now: self._receive(topic, message, now))

    def confirmed(self, packet: int) -> None:
        self._soon(lambda now: self._confirm(packet))

    def lost(self, reason: str) -> None:
        log.info("%s %s is not connected: %s", self.device.type, self.device.id, reason)
        self._soon(self._reconnect)

    def _soon(self, deed: Callable[[float], None]) -> None:
        self._agenda.add(0, deed)

    def _later(self, delay_s: float, deed: Callable[[float], None]) -> None:
        self._soon(lambda now: self._agenda.add(now + delay_s, deed))

    # The connection

    def _connect(self, now: float) -> None:
        if self._core is None:
            return
        connection = Connection(
            device_id=self.device.id,
            password=self.device.password,
            will=self._core.connecting(),
            listener=self,
        )
        self._connection = connection
        self._keep_alive(connection, now)
        connection.open(self._broker)

    def _keep_alive(self, connection: Connection, now: float) -> None:
        if connection is self._connection:
            connection.keep_alive()
            self._agenda.add(now + KEEP_ALIVE_EVERY_S, lambda then: self._keep_alive(connection, then))

    def _reconnect(self, now: float) -> None:
        """Try again later; the chance in it keeps a street of machines from coming back all at once."""
        self._hang_up()
        if self._core:
            self._core.disconnected()
        delay_s = min(FIRST_RETRY_S * 2**self._failures, LAST_RETRY_S)
        self._failures += 1
        self._agenda.add(now + delay_s * random.uniform(0.5, 1), self._connect)  # noqa: S311  # no secret

    def _hang_up(self) -> None:
        self._events.clear()
        connection, self._connection = self._connection, None
        if connection:
            connection.cut()

    def _begin_session(self, now: float) -> None:
        self._failures = 0
        if self._core:
            self._execute(self._core.connected(now), now)

    def _receive(self, topic: Topic, message: bytes, now: float) -> None:
        if self._core:
            self._execute(self._core.received(topic, message, now), now)

    def _confirm(self, packet: int) -> None:
        n = self._events.pop(packet, None)
        if self._core and n is not None:
            self._core.confirmed(n)

    # The actions of the core

    def _take_in(self, reports: list[Report], now: float) -> None:
        for report in reports:
            if self._core:
                self._execute(self._core.report(report, now), now)

    def _execute(self, actions: list[Action], now: float) -> None:
        """Each action is finished before the next; when the power fails in one, the rest never happens."""
        core, queue = self._core, deque(actions)
        while queue and self._core is core:
            self._do(queue.popleft(), now)

    def _do(self, action: Action, now: float) -> None:
        match action:
            case Persist(record):
                self._persist(record, now)
            case Forget(command_id):
                self._store.forget(command_id)
            case Send(topic=Topic.EVT) if self.faults.mute_s:
                self._later(self.faults.mute_s, lambda then: self._send(action))
            case Send():
                self._send(action)
            case _:
                self._take_in(self._move(action, now), now)

    def _move(self, action: SwitchOn | SwitchOff | Operate, now: float) -> list[Report]:
        match action:
            case SwitchOn(run_id, args):
                log.info("%s %s starts run %s", self.device.type, self.device.id, run_id)
                return self.hardware.switch_on(run_id, args, now)
            case SwitchOff():
                return self.hardware.switch_off(now)
            case Operate(op):
                return self.hardware.operate(op, now)

    def _persist(self, record: Record, now: float) -> None:
        self._store.put(record)
        last = record.events[-1]["ev"]
        if last == self.faults.power_cut_after:
            self.faults.power_cut_after = None
            self.lose_power(now)

    def _send(self, action: Send) -> None:
        if self._connection is None or self._connection.socket is None:
            return
        packet = self._connection.publish(action.topic, action.message)
        if action.n is not None:
            self._events[packet] = action.n
