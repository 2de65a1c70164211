"""Thousands of machines on one gateway: how long payers wait, how many commands pass, what it costs."""

import argparse
import multiprocessing
import os
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import cycle, islice
from multiprocessing.process import BaseProcess
from pathlib import Path
from uuid import UUID

from django.db import connections, transaction

from benchmarks.start import latencies, track_commits
from benchmarks.world import pay
from devices import keys
from devices.errors import MachineBusy
from devices.models import Command, Device, Run, Session
from devices.services.provision import provision
from merchants.services import open_merchant
from outbox import clock
from outbox.wake import wake
from payments.models import Code
from tests.devices.crowd import Crowd, LightMachine
from tests.rig.service import Part, Service
from tests.rig.waiting import eventually

PAID = 600  # machines that are paid for, once each while it is busy; the others only are there
RATES = {"idle": (5, 60), "busy": (50, 600)}  # payments a second, and how many in all
COMMANDS = 500
REST_S = 10.0  # over which the gateway's processor time is taken
ONLINE_S = 600
TICKS_S = os.sysconf("SC_CLK_TCK")


def measure(*, service: Service, payers: Sequence[UUID], options: argparse.Namespace) -> str:
    """Connect as many machines as asked for, step by step; return the tables."""
    _make_room(service, max(options.machines))
    names, tokens = _set_up(payers[0], max(options.machines))
    service.admit_devices()
    service.start("machines", "default", "beat", "gateway")
    rows, crowds, before = [], [], 0
    try:
        for size in options.machines:
            crowds.append(_play_elsewhere(names[before:size], service.servers.nats.url))
            rows += _step(service.gateway, names[:size])
            if not before:
                rows += [_wait(tokens, payers, name, *rate) for name, rate in RATES.items()]
            before = size
    finally:
        for crowd in crowds:
            crowd.kill()
    return "\n".join(["\nMachines", *rows])


def _make_room(service: Service, machines: int) -> None:
    track_commits(service)
    nats = service.servers.nats
    nats.kill()
    nats.max_connections = machines + 100
    nats.start()


def _set_up(owner: UUID, count: int) -> tuple[list[str], list[str]]:
    """Return the ids of machines of one shop, and the codes of those that are paid for."""
    account_id = open_merchant(owner_id=owner, name="Chair Street", category="arcade").account_id
    sold = [
        provision(account_id=account_id, place_id=None, type="chair", number=str(number), name="Chair")
        for number in range(min(PAID, count))
    ]
    rest = Device.objects.bulk_create(
        Device(account_id=account_id, type="chair", number=str(number), name="Chair")
        for number in range(len(sold), count)
    )
    Session.objects.bulk_create(Session(device=device) for device in rest)
    tokens = Code.objects.filter(target__in=[device.pk for device in sold]).values_list("token", flat=True)
    return [str(device.pk) for device in (*sold, *rest)], list(tokens)


def _play_elsewhere(names: Sequence[str], url: str) -> BaseProcess:
    """Play machines in a process of its own."""
    connections.close_all()  # a child must not speak on our socket
    crowd = multiprocessing.get_context("fork").Process(target=_play, args=(names, url), daemon=True)
    crowd.start()
    return crowd


def _play(names: Sequence[str], url: str) -> None:
    Crowd((LightMachine(name, keys.key_of(name), keys.password_of(name)) for name in names), url=url).run()


def _step(gateway: Part, names: Sequence[str]) -> list[str]:
    """Wait until so many machines are online, and measure what they cost and what they obey."""
    began = time.monotonic()
    eventually(lambda: _online() == len(names), within_s=ONLINE_S, what=f"{len(names)} machines online")
    online_s = time.monotonic() - began
    cpu, rest_mb = _cpu_share(gateway.pid), _resident_mb(gateway.pid)
    pairs = [_pairs_per_s(names) for _ in range(3)]
    at = f"{len(names):,} machines"
    return [
        f"| {at}: all online, switched on together | {online_s:.0f} s |",
        f"| {at}: gateway at rest | {rest_mb:.0f} MB, {cpu:.1%} of a core |",
        f"| {at}: commands with their verdicts | {statistics.median(pairs):,.0f}/s |",
        f"| {at}: gateway afterwards | {_resident_mb(gateway.pid):.0f} MB |",
    ]


def _pairs_per_s(names: Sequence[str]) -> float:
    """Tell machines to identify themselves, all at once, and wait for every verdict."""
    now = clock.now()
    expires_at = now + timedelta(seconds=300)
    commands = [
        Command(device_id=name, op="identify", due_at=now, expires_at=expires_at)
        for name in random.choices(names, k=COMMANDS)
    ]
    began = time.monotonic()
    with transaction.atomic():
        Command.objects.bulk_create(commands)
        for command in commands:
            wake("devices.tasks.send_command", queue="machines", command_id=str(command.pk))
    done = Command.objects.filter(pk__in=[command.pk for command in commands], status="done")
    eventually(lambda: done.count() == COMMANDS, within_s=280, what="every verdict")
    return COMMANDS / (time.monotonic() - began)


def _wait(tokens: Sequence[str], payers: Sequence[UUID], name: str, per_s: int, count: int) -> str:
    """Pay at an even pace and return how long the machines took to accept."""
    since = clock.now()
    began = time.monotonic()
    machines = cycle(tokens)
    for number in range(count):
        time.sleep(max(0.0, began + number / per_s - time.monotonic()))
        _pay_for_a_free_one(payers[1 + number % (len(payers) - 1)], machines)
    paced = count / (time.monotonic() - began)
    waiting = Run.objects.filter(created_at__gte=since, status__in=["paid", "sent", "unknown"])
    eventually(
        lambda: not waiting.exists(), within_s=280, what="every machine's answer, or the end of waiting"
    )
    took = sorted(latencies(since))
    p50, p99 = statistics.median(took), took[len(took) * 99 // 100]
    lost = f", {count - len(took)} repaid unanswered" if len(took) < count else ""
    asked = f"{name}, {paced:.0f} payments/s"
    return f"| {asked}: payment to `accepted` | p50 {p50:.1f} ms, p99 {p99:.1f} ms{lost} |"


def _pay_for_a_free_one(payer: UUID, machines: Iterator[str]) -> None:
    for token in islice(machines, PAID):
        with suppress(MachineBusy):
            pay(payer, token, option="10min")
            return
    raise RuntimeError("every machine is busy: the service does not keep up with the payments")


def _online() -> int:
    return Session.objects.filter(synced_at__isnull=False, gone_at=None).count()


def _cpu_share(pid: int) -> float:
    """Return how much of a core a process uses while nothing but telemetry comes."""
    before = _cpu_s(pid)
    time.sleep(REST_S)
    return (_cpu_s(pid) - before) / REST_S


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_S


def _resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024
