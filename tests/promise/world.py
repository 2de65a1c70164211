"""One world: a machine, its server and everything between them, played from a seed to the end of time."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any
from uuid import UUID

from clients.micropython.core import CAPACITY, Core
from devices import keys
from devices.machines.base import CapturePoint, Machine, Option, find_all
from devices.wiretime import milliseconds
from tests.promise.agenda import BEGINNING, Agenda
from tests.promise.body import Body
from tests.promise.books import Books
from tests.promise.device import Device, Store
from tests.promise.judge import Broken, Judge
from tests.promise.network import Network, Weather
from tests.promise.processes import Gateway, Service, Worker
from tests.promise.rows import Rows
from tests.promise.server import Order, Server
from tests.promise.troubles import Troubles

DEVICE_ID = UUID("0193f4a2-7c1e-7b3a-9d55-0a1b2c3d4e5f")
S, MINUTE, HOUR_MS = 1_000, 60_000, 3_600_000
LONGEST_RUN_S = 1_300  # longer ones show nothing more
END_OF_TIME_MS = 3 * 3600 * S
TYPES = tuple(slug for slug, machine in find_all().items() if machine.electronic and machine.options)


@dataclass(frozen=True)
class Plant:
    """Who plays; a planted fault is a subclass of one of them."""

    core: type[Core] = Core
    server: type[Server] = Server
    store: type[Store] = Store


SOUND = Plant()


@dataclass(frozen=True)
class Site:
    """The machine of a world, and what its server needs to know besides."""

    device_id: UUID
    machine: Machine
    slow: bool


class World:
    """A seed decides everything. `play` raises Broken with the history when the promise is broken.

    `types` and `troubles` leave the choice among these alone; `serve` puts another server in our place.
    """

    def __init__(
        self,
        seed: int,
        *,
        plant: Plant = SOUND,
        types: tuple[str, ...] = TYPES,
        troubles: tuple[str, ...] = (),
        device_id: UUID = DEVICE_ID,
        serve: Callable[[Site, Books, Random], Service] | None = None,
    ) -> None:
        self.seed, self.random, self.agenda = seed, Random(seed), Agenda()
        machine = find_all()[self.random.choice(types)]
        self.judge = Judge(self.agenda.note, sells_time=machine.capture_point is CapturePoint.END)
        site = Site(device_id, machine, slow=self.random.random() < 0.2)
        self.machine = machine
        self.books = Books(Rows(), machine, self.judge, now=lambda: self.agenda.now)
        self.service = serve(site, self.books, self.random) if serve else self._serve(site, plant)
        self.network = Network(self.agenda, self.random, self._weather(), device_id=device_id)
        self.gateway = Gateway(self.agenda, self.random, network=self.network, service=self.service)
        self.worker = Worker(self.agenda, self.random, network=self.network, service=self.service)
        self.device = self._device(site, plant)
        self._connect()
        self.troubles = Troubles(
            self.agenda,
            self.random,
            device=self.device,
            network=self.network,
            gateway=self.gateway,
            worker=self.worker,
            service=self.service,
            only=troubles,
        )

    def play(self) -> Judge:
        try:
            self._play()
        except Broken as broken:
            broken.args = (f"seed {self.seed}, {self.machine.slug}: {broken}\n{self.agenda.history()}",)
            raise
        return self.judge

    # Building it

    def _serve(self, site: Site, plant: Plant) -> Server:
        return plant.server(
            device_id=site.device_id,
            machine=site.machine,
            slow=site.slow,
            books=self.books,
            new_id=lambda: UUID(int=self.random.getrandbits(128), version=4),
            new_sess=lambda: self.random.randbytes(4).hex(),
        )

    def _weather(self) -> Weather:
        draw = self.random.choice
        self._crashes = draw((0, 0, 0.01, 0.05)), draw((0, 0, 0.05, 0.2))
        if self.random.random() < 0.2:
            return Weather()
        return Weather(
            lost=draw((0, 0.02, 0.1, 0.3)),
            doubled=draw((0, 0.05, 0.3)),
            late=draw((0, 0.05, 0.2)),
            late_ms=draw((2 * S, 20 * S, 150 * S)),
            spoilt=draw((0, 0.05)),
            unacknowledged=draw((0, 0.2)),
        )

    def _device(self, site: Site, plant: Plant) -> Device:
        body = Body(site.machine, self.judge)

        def new_core(*, boot: int, records: Any) -> Core:
            return plant.core(
                device_id=str(site.device_id),
                key=keys.key_of(str(site.device_id)),
                hardware=body,
                random=self.random.randbytes,
                boot=boot,
                records=records,
            )

        device = Device(
            self.agenda,
            self.random,
            body=body,
            store=plant.store(self._old_commands()),
            new_core=new_core,
            line=self.network,
        )
        device.rate = 1 + self.random.choice((0, 0.0003, -0.0003, 0.01, -0.01))
        return device

    def _old_commands(self) -> list[Any]:
        """What the machine remembers of earlier days: seldom so much that it must forget, or cannot."""
        if self.random.random() > 0.1:
            return []
        exp = milliseconds(BEGINNING) + self.random.choice((-HOUR_MS, -HOUR_MS, -HOUR_MS, 24 * HOUR_MS))
        closed = {"op": "start", "exp": exp, "a": {}, "status": "closed", "left_s": 0, "events": []}
        return [{"id": str(UUID(int=number)), **closed} for number in range(CAPACITY)]

    def _connect(self) -> None:
        self.network.device, self.network.deliver = self.device, self.gateway.deliver
        self.network.acknowledged = lambda one: self.service.acknowledged(one, at=self.agenda.instant)
        self.device.lost_power = self.network.lose_machine
        self.gateway.stored = self.worker.look
        self.gateway.crashes, self.worker.crashes = self._crashes
        self.worker.lag_ms = self.random.choice((0, 0, 3 * S))

    # Playing it

    def _play(self) -> None:
        self.agenda.after(0, self.device.power_on)
        # Its clock was set at the beginning and drifts until its next hello, an hour later.
        at = self.random.randrange(10 * S, 55 * MINUTE) if self.random.random() < 0.1 else 10 * S
        for _ in range(self.random.randrange(2, 6)):
            self.agenda.at(at, self._want)
            at += self.random.choice((20 * S, 100 * S, 300 * S, 900 * S))
        self._until_decided(at + 150 * S)
        self.agenda.run(self.agenda.now + 60 * S)
        self.troubles.play_everything_back()
        self.agenda.run(self.agenda.now + 60 * S)
        self.judge.close()

    def _until_decided(self, heal_at: int) -> None:
        self.agenda.run(heal_at)
        self.agenda.note("from now on all goes well")
        self.troubles.heal()
        while self.agenda.now < END_OF_TIME_MS and any(run.is_open for run in self.books.rows.runs.values()):
            self.agenda.run(self.agenda.now + MINUTE)

    def _want(self, patience: int = 8) -> None:
        """Somebody stands in front of the machine and tries to pay, a few times if need be."""
        order = self._order()
        run_id = self.service.pay(order, at=self.agenda.instant)
        if run_id:
            self.agenda.note("paid", run_id, order.option, order.price)
            self.worker.wake(run_id)
            self._trouble_lies_ahead()
        elif patience:
            self.agenda.after(5 * S, lambda: self._want(patience - 1))

    def _trouble_lies_ahead(self) -> None:
        """Most of it within the seconds that matter."""
        for _ in range(self.random.randrange(5)):
            within_ms = self.random.choice((1 * S, 3 * S, 35 * S, 120 * S))
            self.agenda.after(self.random.randrange(within_ms), self.troubles.strike)

    def _order(self) -> Order:
        option, args = self.random.choice(_wishes(self.machine))
        settled = self.machine.settled({})
        doors = self.machine.doors(option, settled)
        door = self.random.choice(doors[:2]) if doors else ""
        price = self.machine.amount(option, price=option.prices["CNY"] or 250, args=args, settings=settled)
        return Order(
            option=option.id,
            args=args,
            slot=door or self.machine.slot(args),
            start_args=self.machine.start_args(option, args, door=door),
            price=price,
            planned_s=self.machine.planned_s(option, args),
        )


@cache
def _wishes(machine: Machine) -> list[tuple[Option, dict[str, Any]]]:
    """What people buy there: of what is counted, the least and a little more."""
    wishes: list[tuple[Option, dict[str, Any]]] = []
    for option in machine.options:
        counted = machine.schema_of(option)["properties"].get(option.per)
        least = [{option.per: counted["minimum"] + more} for more in (0, 2)] if counted else [{}]
        wishes += [(option, args) for args in least if not option.quoted and _is_short(machine, option, args)]
    return wishes


def _is_short(machine: Machine, option: Option, args: dict[str, Any]) -> bool:
    """Is it over soon, and does the machine answer at all?"""
    silent = machine.behaviour(
        machine.start_args(option, args, door="1" if machine.keeps_parcels else "")
    ).silent
    return machine.planned_s(option, args) <= LONGEST_RUN_S and not silent
