"""One simulated machine: its core, hardware, store and line, and the power that may fail."""

import json
import logging
import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from clients.micropython import core as language
from clients.micropython.core import Core
from devices.machines.base import find_all
from devices.protocol.topics import Topic
from simulator.agenda import Agenda
from simulator.client import Broker
from simulator.crystal import Crystal
from simulator.faults import Faults
from simulator.hardware import Hardware, Report
from simulator.journal import Record, Store
from simulator.line import Line
from simulator.link import Message

BOOT_S = 1.0
WRONG_KEY = bytes(32)

Action = tuple[Any, ...]  # see clients/micropython/core.py

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Device:
    """A machine to be simulated, and all it knows of itself."""

    id: str
    type: str
    key: bytes = field(repr=False)
    password: str = field(repr=False)
    faults: Faults = field(default_factory=Faults)
    number: str = ""  # by which a script may name it


class Player:
    """Drives one core. Everything happens in `step`, called by one thread when `due` has come."""

    def __init__(
        self, device: Device, *, broker: Broker, store: Store, speed: float, seed: str | None = None
    ) -> None:
        self.device, self.faults = device, device.faults
        self._machine = find_all()[device.type]
        self.hardware = Hardware(self._machine, device.faults, speed)
        self._agenda, self._crystal = Agenda(), Crystal(device.faults)
        self.line = Line(
            device_id=device.id,
            password=device.password,
            broker=broker,
            agenda=self._agenda,
            faults=device.faults,
            seed=seed,
        )
        self.line.owner = self
        self._store = store
        self._powered: Core | None = None

    @property
    def online(self) -> bool:
        return self._powered is not None and bool(self._powered.session.sess)

    # Power

    def boot(self, now: float) -> None:
        """Switch the power on."""
        self._powered = Core(
            device_id=self.device.id,
            key=self.device.key,
            hardware=self.hardware,
            random=secrets.token_bytes,
            boot=secrets.randbits(32),
            records=self._store.records(),
        )
        self.line.open(now)

    def lose_power(self, now: float, for_s: float = BOOT_S) -> None:
        """Everything that is not stored is gone; after a while the machine boots again."""
        self._switch_off()
        self._agenda.add(now + for_s, self.boot)

    def close(self) -> None:
        self._switch_off()
        self._store.close()

    def _switch_off(self) -> None:
        self._powered = None
        self._agenda.clear()
        self.hardware.lose_power()
        self.line.hang_up()

    # Time

    def due(self) -> float | None:
        """When `step` has something to do; None when only the connection can bring something."""
        if self._powered and self._crystal.is_new:
            return 0
        core_due = self._powered.due() if self._powered else None
        of_core = None if core_due is None else self._crystal.when(core_due)
        times = [self._agenda.due(), self.hardware.due() if self._powered else None, of_core]
        return min((time for time in times if time is not None), default=None)

    def step(self, now: float) -> None:
        """Do everything that is due."""
        while deed := self._agenda.take(now):
            deed(now)
        if self._powered:
            self._take_in(self.hardware.poll(now), now)
        if core := self._core:
            self._execute(core.tick(self._crystal.ms(now)), now)

    def replay(self, topic: str, now: float) -> None:
        """Whoever listened on the line plays all he heard on a topic to the machine again."""
        for message in self.line.link.old(topic):
            self.line.bring(message, 0, now)

    # What the line asks and brings

    def will(self) -> bytes:
        return self._powered.connecting() if self._powered else b""

    def begin(self, now: float) -> None:
        if core := self._core:
            self._execute(core.connected(self._crystal.ms(now)), now)

    def receive(self, topic: str, message: bytes, now: float) -> None:
        core = self._core
        if core and not (topic == Topic.CMD and self._plays_dead(message)):
            self._execute(core.received(topic, message, self._crystal.ms(now)), now)

    def confirm(self, n: int) -> None:
        if self._powered:
            self._powered.confirmed(n)

    def lose_line(self, now: float) -> None:
        if self._powered:
            self._powered.disconnected()

    # The actions of the core

    @property
    def _core(self) -> Core | None:
        """The core, with the key that the faults leave it."""
        if self._powered:
            self._powered.key = WRONG_KEY if self.faults.wrong_key else self.device.key
        return self._powered

    def _plays_dead(self, message: bytes) -> bool:
        """Is this the start of a run that this type of machine does not answer? Its core checks the rest."""
        try:
            command = json.loads(message.rpartition(b".")[0])
            start, args = command["op"] == self._machine.start_op, command["a"]
        except (ValueError, KeyError, TypeError):
            return False
        return start and self._machine.understands(args) and self._machine.behaviour(args).silent

    def _take_in(self, reports: list[Report], now: float) -> None:
        for report in reports:
            if core := self._core:
                self._execute(core.report(report, self._crystal.ms(now)), now)

    def _execute(self, actions: list[Action], now: float) -> None:
        """Each action is finished before the next; when the power fails in one, the rest never happens."""
        core, queue = self._powered, deque(actions)
        while queue and self._powered is core:
            self._do(queue.popleft(), now)

    def _do(self, action: Action, now: float) -> None:
        match action:
            case language.PUT, record:
                self._persist(record, now)
            case language.FORGET, command_id:
                self._store.forget(command_id)
            case language.SEND, topic, message, n:
                self.line.send(Message(topic, message, n), now)
            case language.START, run_id, _, args:
                self._start(run_id, args, now)
            case language.OPERATE, op, args:
                self._take_in(self.hardware.operate(op, args, now), now)

    def _start(self, run_id: str, args: Mapping[str, Any], now: float) -> None:
        log.info("%s %s starts run %s", self.device.type, self.device.id, run_id)
        self.hardware.switch_on(run_id, args, now)

    def _persist(self, record: Record, now: float) -> None:
        cut = self._fails_at_this_put()
        if cut and self.faults.power_cut_before:
            self.lose_power(now)
            return
        self._store.put(record)
        if cut or self._fails_after(record):
            self.lose_power(now)

    def _fails_at_this_put(self) -> bool:
        if not self.faults.power_cut_at_put:
            return False
        self.faults.power_cut_at_put -= 1
        return self.faults.power_cut_at_put == 0

    def _fails_after(self, record: Record) -> bool:
        if json.loads(record["events"][-1])["ev"] != self.faults.power_cut_after:
            return False
        self.faults.power_cut_after = None
        return True
