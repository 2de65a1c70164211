"""The server's processes: the gateway and a worker with its beat. They die and come back; the rows stay."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from random import Random
from typing import Protocol
from uuid import UUID

from devices.gateway.line import Incoming
from devices.schedule import DEAF, Ears
from devices.services.drive import Outgoing
from tests.promise.agenda import Agenda, Alarm, since_beginning
from tests.promise.network import Network
from tests.promise.server import Order

BEAT_MS = 5_000
SECOND_MS = 1_000


class Service(Protocol):
    """The server, whatever its rows are."""

    def online(self, *, at: datetime) -> bool: ...
    def pay(self, order: Order, *, at: datetime) -> UUID | None: ...
    def stop(self, *, at: datetime) -> None: ...
    def next_due(self) -> datetime | None: ...
    def due(self, *, at: datetime) -> list[UUID]: ...
    def ears(self, *, at: datetime) -> Ears: ...
    def attend(self, command_id: UUID, *, ears: Ears, connected: bool, at: datetime) -> Outgoing | None: ...
    def take(self, incoming: Incoming, *, at: datetime) -> list[Outgoing]: ...
    def beat(self, *, at: datetime) -> None: ...
    def acknowledged(self, outgoing: Outgoing, *, at: datetime) -> None: ...


class Gateway:
    """Stores what machines say. What reached the broker while it was away is waiting there."""

    def __init__(self, agenda: Agenda, random: Random, *, network: Network, service: Service) -> None:
        self.agenda, self.random, self.network, self.service = agenda, random, network, service
        self.crashes = 0.0  # share of messages
        self.stored: Callable[[], None]  # whoever must be woken by what is in the rows now
        self._up = True
        self._waiting: list[Incoming] = []
        self._restarts = 0
        self._beat()

    def deliver(self, incoming: Incoming) -> None:
        if not self._up:
            if incoming.qos:
                self._waiting.append(incoming)
            return
        fate = self.random.random() if self.crashes else 1.0
        if fate < self.crashes / 2:  # before the commit: the broker still has it
            self.die(self.random.randrange(1_000, 20_000))
            self._waiting.append(incoming)
            return
        answers = self.service.take(incoming, at=self.agenda.instant)
        self.stored()
        if fate < self.crashes:  # after the commit, before the answers and the acknowledgement
            self.die(self.random.randrange(1_000, 20_000))
            self._waiting.append(incoming)
            return
        for answer in answers:
            self.network.publish(answer)

    def die(self, ms: int) -> None:
        self._up = False
        self._restarts += 1
        restart = self._restarts
        self.agenda.after(ms, lambda: self._return(restart))

    def revive(self) -> None:
        self._return(self._restarts)

    def _return(self, restart: int) -> None:
        if self._up or restart != self._restarts:
            return
        self._up = True
        waiting, self._waiting = [*self.network.retained(), *self._waiting], []
        for incoming in waiting:
            self.agenda.after(self.random.randrange(1, 2_000), partial(self.deliver, incoming))

    def _beat(self) -> None:
        if self._up:
            self.service.beat(at=self.agenda.instant)
        self.agenda.after(BEAT_MS, self._beat)


class Worker:
    """Sweeps each second for what is due, and is woken in between. What it would publish may die with it."""

    def __init__(self, agenda: Agenda, random: Random, *, network: Network, service: Service) -> None:
        self.agenda, self.random, self.network, self.service = agenda, random, network, service
        self.crashes = 0.0  # share of attended commands: after the commit, before the message left
        self.lag_ms = 0  # a sweep decides for the instant it began, and takes up to so long
        self.connected = True
        self._up, self._deaths = True, 0
        self._alarm = Alarm(agenda, self._sweep)

    def look(self) -> None:
        """Be there at the first full second at which something is due."""
        due = self.service.next_due()
        if due is not None:
            when = max(since_beginning(due), self.agenda.now + 1)
            self._alarm.set(-(-when // SECOND_MS) * SECOND_MS)

    def wake(self, command_id: UUID) -> None:
        """Somebody says that this command has just become due."""
        self.agenda.after(self.random.randrange(1, 300), lambda: self._attend(command_id, DEAF, None))
        self.look()

    def die(self, ms: int) -> None:
        self._up = False
        self._deaths += 1
        death = self._deaths
        self.agenda.after(ms, lambda: self._return(death))

    def revive(self) -> None:
        self._return(self._deaths)

    def _return(self, death: int) -> None:
        if death == self._deaths:
            self._up = True
            self.look()

    def _sweep(self) -> None:
        if not self._up:
            return
        at = self.agenda.instant
        ears = self.service.ears(at=at)
        for command_id in self.service.due(at=at):
            lag_ms = self.random.randrange(self.lag_ms) if self.lag_ms else 0
            self.agenda.after(lag_ms, partial(self._attend, command_id, ears, at))
        self.agenda.after(SECOND_MS, self.look)

    def _attend(self, command_id: UUID, ears: Ears, at: datetime | None) -> None:
        if not self._up:
            return
        outgoing = self.service.attend(
            command_id, ears=ears, connected=self.connected, at=at or self.agenda.instant
        )
        self.look()
        if outgoing is not None and not (self.crashes and self.random.random() < self.crashes):
            self.network.publish(outgoing)
