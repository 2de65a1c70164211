"""The parts of a benchmark run, in order, and the audit at its end."""

import argparse
from functools import partial

import django
from django.core.management import call_command
from django.db import connection

django.setup()

from benchmarks import (  # noqa: E402  # they import models
    baseline,
    ends,
    growth,
    http,
    load,
    machine,
    machines,
    start,
    world,
)
from benchmarks.load import MakeOperation  # noqa: E402
from benchmarks.table import Slice, Table  # noqa: E402
from embedded.postgres_install import find_install  # noqa: E402
from payments import audit  # noqa: E402
from tests.rig.servers import Servers  # noqa: E402
from tests.rig.service import Nurseries, Service  # noqa: E402

CLIENTS = (8, 32)
LOADS = {"between people": world.between_people, "many shops": world.many_shops, "one shop": world.one_shop}


def run(*, servers: Servers, options: argparse.Namespace) -> None:
    """Measure what was asked for and print it; AssertionError when the books do not balance afterwards."""
    print(machine.describe(), flush=True)
    call_command("migrate", verbosity=0)
    people = world.build(payers=options.payers)
    nurseries = Nurseries(servers.folder / "logs" / "nursery.log")
    service = Service(servers, nurseries, web_workers=2)  # as the demo and docs/operations.md run it
    parts = {
        "service": partial(_service, servers, people, options),
        "http": partial(_http, servers, service, people, options),
        "start": partial(_start, service, people, options),
        "machines": partial(machines.measure, service=service, payers=people.payers, options=options),
        "ends": partial(_ends, servers, people, options),
        "growth": partial(_growth, servers, people, options),
    }
    try:
        for name, part in parts.items():
            if options.only in {None, name}:
                print(part(), flush=True)
    finally:
        service.stop()
        nurseries.close()
    audit.assert_conserved()
    print("The books balance.")


def _service(servers: Servers, people: world.World, options: argparse.Namespace) -> str:
    """Payments through the service in process: durable, idempotent, but without HTTP and PIN."""
    table = Table("Payments in process")
    slices = _baseline(servers, options)
    for clients in CLIENTS:
        for name, make in LOADS.items():
            slices[f"{name}, {clients} clients"] = _slice(clients, options, partial(make, people))
    table.take(slices, rounds=options.rounds)
    goals: dict[tuple[str, str], float] = {}
    for at in (f", {clients} clients" for clients in CLIENTS):
        goals |= {(f"one shop{at}", f"{cold}{at}"): 0.9 for cold in ("many shops", "between people")}
        goals |= {(f"{name}{at}", f"tpcb-like{at}"): 1.0 for name in LOADS}
    return table.lines(goals)


def _http(servers: Servers, service: Service, people: world.World, options: argparse.Namespace) -> str:
    """Payments over HTTP with everything on."""
    site = http.build(people, host="127.0.0.1", port=servers.web_port, payers=max(CLIENTS))
    call_command("collectstatic", interactive=False, verbosity=0)
    service.start("web")
    table = Table("Payments over HTTP")
    slices = _baseline(servers, options)
    for clients in CLIENTS:
        slices[f"HTTP, {clients} clients"] = _slice(clients, options, partial(http.pay, site))
    table.take(slices, rounds=options.rounds)
    service.web.stop()
    return table.lines({(f"HTTP, {n} clients", f"tpcb-like, {n} clients"): 0.4 for n in CLIENTS})


def _start(service: Service, people: world.World, options: argparse.Namespace) -> str:
    """From the commit of a payment to the commit of the machine's `accepted`."""
    return start.measure(service=service, payers=people.payers, starts=options.starts)


def _ends(servers: Servers, people: world.World, options: argparse.Namespace) -> str:
    """Refunds and captures of payments that wait already."""
    clients = CLIENTS[0]
    table = Table("Money's end, in process")
    slices = {f"tpcb-like, {clients} clients": _baseline(servers, options)[f"tpcb-like, {clients} clients"]}
    for name, make in ends.operations(people).items():
        slices[f"{name}, {clients} clients"] = _slice(clients, options, make)
    table.take(slices, rounds=options.rounds)
    return table.lines({})


def _growth(servers: Servers, people: world.World, options: argparse.Namespace) -> str:
    """The same work after ten thousand and after a million transfers."""
    history = growth.build(servers.postgres.superuser_url, people)
    slices = {
        name: _slice(clients, options, make)
        for name, (clients, make) in growth.operations(history, people).items()
    }
    tpcb = _baseline(servers, options)[f"tpcb-like, {CLIENTS[0]} clients"]
    return growth.measure(history=history, slices=slices, baseline=tpcb, options=options)


def _baseline(servers: Servers, options: argparse.Namespace) -> dict[str, Slice]:
    program, url = find_install() / "bin/pgbench", servers.postgres.superuser_url
    baseline.prepare(program=program, url=url)
    tpcb = partial(baseline.tpcb_like, program=program, url=url, seconds=options.seconds)
    return {f"tpcb-like, {clients} clients": partial(tpcb, clients=clients) for clients in CLIENTS}


def _slice(clients: int, options: argparse.Namespace, make: MakeOperation) -> Slice:
    def take() -> float:
        connection.close()  # a forked client must not speak on its parent's socket
        result = load.run(clients=clients, seconds=options.seconds, make=make)
        if result.refused:
            raise AssertionError(f"{result.refused} operations were refused: the figure would lie")
        return result.per_s

    return take
