"""A machine under power: the published core on a drifting clock, a body, and a memory for power cuts."""

from collections.abc import Callable, Iterable
from random import Random
from typing import Any, Protocol

from clients.micropython.core import Core
from tests.promise.agenda import Agenda, Alarm
from tests.promise.body import Body, Report

Action = tuple[Any, ...]
STEPS_AT_ONE_INSTANT = 100  # a core that never rests would stop the world


class Line(Protocol):
    """What the machine sees of its network."""

    def try_to_connect(self, will: bytes) -> bool: ...
    def send(self, topic: str, message: bytes, n: int) -> None: ...


class Store:
    """Flash: what was put survives a power cut, and what was forgotten may come back."""

    def __init__(self, records: Iterable[Any] = ()) -> None:
        self._records: dict[str, Any] = {record["id"]: record for record in records}
        self._forgotten: dict[str, Any] = {}

    def records(self) -> list[Any]:
        return list(self._records.values())

    def put(self, record: Any) -> None:
        self._records[record["id"]] = record

    def forget(self, command_id: str) -> None:
        self._forgotten[command_id] = self._records.pop(command_id)

    def cut(self) -> None:
        """The power fails."""
        self._records = self._forgotten | self._records
        self._forgotten = {}


class Device:
    """Executes what its core says, in order, until the power fails."""

    def __init__(
        self,
        agenda: Agenda,
        random: Random,
        *,
        body: Body,
        store: Store,
        new_core: Callable[..., Core],
        line: Line,
    ) -> None:
        self.agenda, self.random, self.body, self.store, self.line = agenda, random, body, store, line
        self._new_core = new_core
        self.core: Core | None = None
        self.rate = 1.0  # its ms in each of ours
        self.cut_after: int | None = None  # so many actions more, then the power fails
        self.browns_out = False  # the power fails as soon as the relay moves
        self.off_ms = 5_000  # and comes back after that
        self.lost_power: Callable[[], None] = lambda: None
        self.hang_ms = 0  # so long it hangs after the next verdict
        self._since, self._frozen_until = 0, 0
        self._alarm = Alarm(agenda, self._wake)

    # Power

    def power_on(self) -> None:
        if self.core is None:
            self.agenda.note("machine powers up")
            self._since, self._frozen_until = self.agenda.now, 0
            self.core = self._new_core(boot=self.random.getrandbits(32), records=self.store.records())
            self._connect_later(self.core)

    def power_off(self) -> None:
        self.agenda.note("machine loses power")
        self.core, self.cut_after = None, None
        self.body.lose_power(self.local)
        self.store.cut()
        self.lost_power()

    def freeze(self, ms: int) -> None:
        """The program hangs: it does nothing, its relay stays as it is, and what arrives waits."""
        self._frozen_until = max(self._frozen_until, self.agenda.now + ms)

    # Its own clock: whole ms since it powered up

    @property
    def local(self) -> int:
        return int((self.agenda.now - self._since) * self.rate)

    def _world_time(self, local: int) -> int:
        return self._since + int(local / self.rate) + 1

    # The line

    def _connect_later(self, core: Core) -> None:
        self.agenda.after(self.random.randrange(500, 4_000), lambda: self._connect(core))

    def _connect(self, core: Core) -> None:
        if core is not self.core:
            return
        if self._is_frozen or not self.line.try_to_connect(core.connecting()):
            self._connect_later(core)
            return
        self._do(core.connected(self.local))
        self._wake()

    def lost_line(self) -> None:
        """It notices that its connection ended."""
        if self.core:
            self.core.disconnected()
            self._connect_later(self.core)

    def receive(self, topic: str, message: bytes) -> None:
        core = self.core
        if core is None:
            return
        if self._is_frozen:
            self.agenda.at(
                self._frozen_until, lambda: self.receive(topic, message) if core is self.core else None
            )
            return
        actions = core.received(topic, message, self.local)
        self._do(actions)
        if self.hang_ms and any(action[0] == "put" for action in actions):
            self.freeze(self.hang_ms)
            self.hang_ms = 0
        self._wake()

    def confirm(self, core: Core | None, n: int) -> None:
        """The broker acknowledged an event of this power-up."""
        if core is not None and core is self.core:
            core.confirmed(n)

    # Life

    @property
    def _is_frozen(self) -> bool:
        return self.agenda.now < self._frozen_until

    def _wake(self) -> None:
        """Do everything that is due now, and set the alarm for what is due next."""
        for _ in range(STEPS_AT_ONE_INSTANT):
            due = self._due()
            if due is None:
                return
            if due > self.agenda.now:
                self._alarm.set(due)
                return
            self._report(self.body.poll(self.local))
            if self.core is not None:
                self._do(self.core.tick(self.local))
        raise AssertionError("the core never rests")

    def _due(self) -> int | None:
        """When it has something to do, in the world's time; None: only when something comes from outside."""
        if self.core is None:
            return None
        if self._is_frozen:
            return self._frozen_until
        dues = [due for due in (self.core.due(), self.body.due()) if due is not None]
        if not dues:
            return None
        return self.agenda.now if min(dues) <= self.local else self._world_time(min(dues))

    def _report(self, reports: list[Report]) -> None:
        for report in reports:
            if self.core is not None:
                self._do(self.core.report(report, self.local))

    def _do(self, actions: list[Action]) -> None:
        """Execute actions in order; where the power fails, the rest never happens."""
        for action in actions:
            if self.core is None:
                return
            if self.cut_after is not None:
                self.cut_after -= 1
                if self.cut_after < 0:
                    self._fail_during(action)
                    return
            self._act(action)

    def _fail_during(self, action: Action) -> None:
        """A write that the power cut interrupts is there or not."""
        if action[0] == "put" and self.random.random() < 0.5:
            self._act(action)
        self._fail()

    def _fail(self) -> None:
        self.power_off()
        self.agenda.after(self.off_ms, self.power_on)

    def _act(self, action: Action) -> None:
        match action:
            case ("put", record):
                self.agenda.note("machine stores", *record["events"][-1:])
                self.store.put(record)
            case ("forget", command_id):
                self.store.forget(command_id)
            case ("send", topic, message, n):
                self.line.send(topic, message, n)
            case ("start", run_id, _, args):
                self._start(run_id, args)
            case ("operate", "stop", args):
                self._report(self.body.switch_off(args["run"], self.local))

    def _start(self, run_id: str, args: dict[str, Any]) -> None:
        self.body.switch_on(run_id, args, self.local, self.agenda.now)
        if self.browns_out:
            self.browns_out = False
            self._fail()
