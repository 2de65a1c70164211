"""The promise in a storm: every process is killed at random while people pay, and nobody pays for nothing.

`SAOMA_STORM=500` makes it as long as that many payments. `SAOMA_STORM_SEED` repeats the dice, not the storm:
the processes keep their own time.
"""

import os
import random
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db.models import F, Sum

from devices.machines.base import find_all
from devices.models import Command, GatewayBeat, Incident, Run, Session
from devices.states import RunStatus
from embedded.children import Child
from embedded.home import PROJECT
from merchants.models import Merchant
from payments.models import CapRule, Payment
from people.models import User
from tests.cast import person
from tests.faults import hall
from tests.faults.stock import Sold, stock, told
from tests.faults.wallets import Till, Wallet, Wish
from tests.faults.weather import Broken, Mortal, Storm
from tests.payments.hands import fill, has
from tests.rig.service import Part, Service
from tests.rig.waiting import eventually

PAYMENTS = int(os.environ.get("SAOMA_STORM", "60"))
SEED = os.environ.get("SAOMA_STORM_SEED") or str(random.SystemRandom().randrange(10**6))
PAYERS = 6
RICH = 10_000_000
SPEED = 300  # a ten-minute chair takes two seconds
EXPIRY_S = 8
GRACE_S = 8  # longer than the broker waits before it delivers again what a killed gateway had taken
TIMES = {
    "COMMAND_EXPIRY_S": str(EXPIRY_S),
    "GRACE_S": str(GRACE_S),
    "NO_START_S": "3",
    "GATEWAY_SILENT_S": "5",
    "GATEWAY_RETURN_S": "1",
}
PARTS = "web", "machines", "default", "beat", "second_beat", "gateway", "standby"

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240 + 5 * PAYMENTS)]


@dataclass(frozen=True)
class Ended:
    """How one payment and its run ended, as the database has it."""

    run_id: UUID
    machine: str
    status: str
    captured: int
    electronic: bool  # has a relay
    expires_at: datetime
    ended_at: datetime | None
    released_at: datetime | None


@pytest.fixture
def payers(db: None) -> list[User]:
    """People with more money than they can spend."""
    people = [person(f"Payer {number}", f"+86137000000{number:02}") for number in range(PAYERS)]
    for each in people:
        fill(each, RICH)
    return people


@pytest.fixture
def machines(service: Service, mei_shop: Merchant, tmp_path: Path) -> Iterator[tuple[Part, list[Wish]]]:
    """A hall of Mei's machines, online, with the whole service running."""
    CapRule.objects.update(cap=PAYERS * RICH)
    stocked = stock(mei_shop.account_id)
    hall.write(
        tmp_path / "hall.json",
        mqtt_url=settings.MQTT_URL,
        speed=SPEED,
        machines=[told(one) for one in stocked],
    )
    service.env(**TIMES)
    service.admit_devices()
    service.start(*PARTS)
    eventually(GatewayBeat.objects.exists, within_s=30, what="the gateway beats")
    part = _hall(tmp_path)
    part.start()
    try:
        _wait_online(stocked)
        yield part, [wish for one in stocked for wish in one.wishes]
    finally:
        part.kill()


def test_in_a_storm_every_payer_is_served_or_repaid_and_no_machine_starts_twice(
    service: Service,
    payers: list[User],
    machines: tuple[Part, list[Wish]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    part, wishes = machines
    till = Till(PAYMENTS)
    storm = Storm(_mortals(service, part), random.Random(SEED))
    wallets = [
        Wallet(url=service.url, payer=payer, wishes=wishes, till=till, seed=f"{SEED} {payer.name}")
        for payer in payers
    ]
    for wallet in wallets:
        wallet.start()
    try:
        storm.rage(until=till.enough, within_s=120 + 3 * PAYMENTS)
    finally:
        till.closed.set()
        for wallet in wallets:
            wallet.join()
    _wait_until_all_is_decided()

    moves = hall.moves(tmp_path)
    ended = _ended()
    with capsys.disabled():
        sys.stdout.write(_report(ended, moves, storm, till))
    assert till.refused.keys() <= {"machine_busy", "machine_offline"}
    assert {one.pk for one in Payment.objects.filter(kind="machine")} == set(till.paid)
    _nobody_paid_for_nothing(ended, moves)
    _nothing_started_twice_or_after_the_money_went_back(ended, moves)
    _money_went_back_only_when_it_was_safe(ended, moves)
    for payer in payers:
        assert has(payer) == RICH - _captured(payer)
    call_command("audit_ledger", full=True, stdout=StringIO())


def _wait_online(stocked: list[Sold]) -> None:
    """Wait for the machines on a good line."""
    expected = {
        one.device.number for one in stocked if find_all()[one.device.type].electronic and not one.faults
    }
    online = Session.objects.filter(synced_at__isnull=False).values_list("device__number", flat=True)
    eventually(lambda: expected <= set(online.all()), within_s=60, what=f"online: {sorted(expected)}")


def _hall(folder: Path) -> Part:
    argv = [sys.executable, "-m", "tests.faults.hall", "--file", str(folder / "hall.json")]
    child = Child(name="hall", argv=argv, env=os.environ, log=folder / "hall.log", cwd=PROJECT)
    return Part(child, ready=lambda: True, dress=lambda _: None)


def _mortals(service: Service, part: Part) -> dict[str, Mortal]:
    servers = {"redis": Broken(service.servers.redis), "nats": Broken(service.servers.nats)}
    return {name: getattr(service, name) for name in PARTS} | servers | {"hall": part}


def _wait_until_all_is_decided() -> None:
    try:
        eventually(lambda: not _undecided(), within_s=90)
    except AssertionError:
        pytest.fail(f"Storm {SEED} left undecided: {_undecided()}")


def _undecided() -> list[tuple[object, ...]]:
    undecided = Run.objects.filter(payment__status="confirmed")
    return list(undecided.values_list("pk", "status", "device__number"))


def _ended() -> list[Ended]:
    rows = Command.objects.filter(run=F("pk")).values_list(
        "pk",
        "run__status",
        "run__payment__captured_amount",
        "device__number",
        "device__type",
        "expires_at",
        "run__ended_at",
        "run__payment__resolved_at",
        "run__payment__status",
    )
    return [
        Ended(
            run_id=pk,
            machine=number,
            status=status,
            captured=captured,
            electronic=find_all()[type_].electronic,
            expires_at=expires_at,
            ended_at=ended_at,
            released_at=at if decided == "released" else None,
        )
        for pk, status, captured, number, type_, expires_at, ended_at, at, decided in rows
    ]


def _captured(payer: User) -> int:
    paid = Payment.objects.filter(payer__owner=payer).aggregate(sum=Sum("captured_amount"))["sum"]
    return paid or 0


Moves = dict[UUID, list[datetime]]


def _nobody_paid_for_nothing(ended: list[Ended], moves: Moves) -> None:
    served = [one for one in ended if one.captured and one.electronic]
    assert [one for one in served if one.run_id not in moves] == []
    assert [one for one in ended if not one.captured and not one.released_at] == []


def _nothing_started_twice_or_after_the_money_went_back(ended: list[Ended], moves: Moves) -> None:
    assert {run_id: at for run_id, at in moves.items() if len(at) > 1} == {}
    late = [
        one
        for one in ended
        if one.released_at and any(at > one.released_at for at in moves.get(one.run_id, []))
    ]
    assert late == []


def _money_went_back_only_when_it_was_safe(ended: list[Ended], moves: Moves) -> None:
    """A refusal says that nothing moved; silence says nothing before expiry and grace have passed."""
    refused = {RunStatus.EXPIRED, RunStatus.REJECTED}
    assert [one for one in ended if one.status in refused and one.run_id in moves] == []
    grace = timedelta(seconds=GRACE_S)
    silent = [one for one in ended if one.status == RunStatus.RELEASED]
    assert [one for one in silent if one.ended_at is None or one.ended_at < one.expires_at + grace] == []


def _report(ended: list[Ended], moves: Moves, storm: Storm, till: Till) -> str:
    served = sum(one.captured > 0 for one in ended)
    for_free = sum(one.captured == 0 and one.run_id in moves for one in ended)
    incidents = Counter(Incident.objects.values_list("kind", flat=True))
    assumed = Run.objects.filter(assumed=True).count()
    return (
        f"\nStorm {SEED}: {len(ended)} payments, {served} served, {len(ended) - served} repaid"
        f" ({for_free} of them although a relay had moved),"
        f" incidents {dict(incidents)}, {assumed} ends assumed\n"
        f"  runs: {dict(Counter(one.status for one in ended))}\n"
        f"  killed: {dict(storm.struck)}\n  asked again: {till.repeated}, refused: {dict(till.refused)}\n"
    )
