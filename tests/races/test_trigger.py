"""Machines that are started with a payment while it is refunded, used elsewhere, or its money leaves."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.db.models import F

from devices.gateway.beat import beat
from devices.gateway.intake import Intake
from devices.models import GatewayBeat, Run
from devices.schedule import DEAF
from devices.services import sessions
from devices.services.drive import attend
from devices.services.provision import provision
from devices.services.trigger import Wish, trigger
from payments import holds
from payments.bank import accounts as bank
from payments.models import Account, Hold, Payment
from people.models import User
from tests.devices.hardware import Hardware
from tests.devices.paying import go_online
from tests.payments.hands import bring, capture, claim, fill, has, holds_money, pay
from tests.payments.test_reholds import is_exact
from tests.payments.till import counter_code, refund, rehold, take_out, till_call
from tests.races.contest import contest
from tests.races.rounds import ROUNDS

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("no_deadlock"),
]

PRICE = 100  # of every option of the sandbox
PAID = 250
NET = PAID - 2
race = partial(contest, rounds=ROUNDS)


@pytest.fixture
def alice(alice: User) -> User:
    """Alice, with money for every round."""
    fill(alice, ROUNDS * PAID * 10)
    return alice


@pytest.fixture
def machines(shop: Account) -> Sequence[Hardware]:
    """Two machines for developers in the laundry, online."""
    hears()
    made = [
        Hardware(
            provision(account_id=shop.pk, place_id=None, type="sandbox", number=str(number), name="Sandbox")
        )
        for number in range(2)
    ]
    for machine in made:
        go_online(intake(), machine)
    return made


def intake() -> Intake:
    return Intake(still_ours=lambda: True)


def hears() -> None:
    """Let the gateway have heard the machines for an hour."""
    beat(holder="test")
    GatewayBeat.objects.update(hearing_since=F("beat_at") - timedelta(hours=1))


def starts(device_id: UUID, payee: int, payment_id: UUID) -> int:
    """Trigger a machine; the answer's status."""
    wish = Wish(device_id=device_id, payment_id=payment_id, option="ok")
    return trigger(call=till_call(), account_id=payee, wish=wish).status


def gives_back(amount: int | None, payment_id: UUID) -> int:
    return refund(Payment.objects.get(pk=payment_id), amount).status


def paid(alice: User, shop: Account, machines: Sequence[Hardware]) -> Callable[[int], UUID]:
    """Return what makes a payment for the next round, while the machines are online."""

    def prepare(_: int) -> UUID:
        hears()
        sessions.seen(device_ids=[machine.device.pk for machine in machines])
        return pay(alice, counter_code(shop), PAID).pk

    return prepare


def ends(machines: Sequence[Hardware], payment_id: UUID, *, well: bool) -> None:
    """Let the run of a payment, if there is one, come to its end."""
    for run in Run.objects.filter(payment_id=payment_id):
        assert attend(command_id=run.pk, ears=DEAF, connected=True)
        (machine,) = (one for one in machines if one.device.pk == run.device_id)
        event = machine.event("finished", run.pk) if well else machine.event("rejected", run.pk, code="fault")
        intake().store([event])
    payment = Payment.objects.get(pk=payment_id)
    assert payment.reheld_amount == 0
    is_exact(payment)


def test_one_payment_starts_one_machine_once(
    alice: User, shop: Account, machines: Sequence[Hardware]
) -> None:
    first, second = (machine.device.pk for machine in machines)

    def check(payment_id: UUID, outcomes: list[Any]) -> None:
        assert outcomes.count(202) == 1
        assert set(outcomes) <= {202, "payment_used", "machine_busy"}
        assert Hold.objects.filter(payment_id=payment_id, again=True).count() == 1
        ends(machines, payment_id, well=True)

    acts = [partial(starts, device, shop.pk) for device in (first, second, first, second)]
    race(paid(alice, shop, machines), acts, check)
    assert holds_money(shop.pk) == ROUNDS * NET


def test_one_machine_is_started_with_one_of_two_payments(
    alice: User, shop: Account, machines: Sequence[Hardware]
) -> None:
    make = paid(alice, shop, machines)
    device = machines[0].device.pk

    def act(which: int, payments: Sequence[UUID]) -> int:
        return starts(device, shop.pk, payments[which])

    def check(payments: Sequence[UUID], outcomes: list[Any]) -> None:
        assert sorted(map(str, outcomes)) == ["202", "machine_busy"]
        for payment_id in payments:
            ends(machines, payment_id, well=False)

    race(lambda number: (make(number), make(number)), [partial(act, 0), partial(act, 1)], check)
    assert holds_money(shop.pk) == ROUNDS * (2 * NET - PRICE + 1)


def test_what_is_refunded_starts_nothing_and_what_is_held_again_is_not_refunded(
    alice: User, shop: Account, machines: Sequence[Hardware]
) -> None:
    seen: Counter[object] = Counter()
    before = has(alice)

    def check(payment_id: UUID, outcomes: list[Any]) -> None:
        started, *refunded = outcomes
        assert started in {202, "amount_too_small"}
        assert set(refunded) <= {201, "payment_in_escrow", "refund_exceeds_payment"}
        is_exact(Payment.objects.get(pk=payment_id))
        seen[started] += 1
        ends(machines, payment_id, well=bool(sum(seen.values()) % 2))
        left = Payment.objects.get(pk=payment_id)
        if left.refunded_amount < PAID:
            gives_back(None, payment_id)

    acts = [partial(starts, machines[0].device.pk, shop.pk)]
    race(paid(alice, shop, machines), [*acts, partial(gives_back, 120), partial(gives_back, 120)], check)
    assert (has(alice), holds_money(shop.pk)) == (before, 0)


def test_money_that_leaves_starts_nothing(alice: User, shop: Account, machines: Sequence[Hardware]) -> None:
    bank.store(account_id=shop.pk, holder="Mei", number="CN6222020200112233445")

    def leaves(_: UUID) -> int:
        take_out(shop, NET)
        return 201

    def check(payment_id: UUID, outcomes: list[Any]) -> None:
        assert outcomes in ([202, "insufficient_funds"], ["merchant_funds_short", 201])
        ends(machines, payment_id, well=True)
        if outcomes[1] != 201:
            take_out(shop, NET)
        assert holds_money(shop.pk) == 0

    race(paid(alice, shop, machines), [partial(starts, machines[0].device.pk, shop.pk), leaves], check)


@pytest.mark.usefixtures("runless")
def test_what_is_held_again_is_given_out_once_whatever_is_refunded(alice: User, shop: Account) -> None:
    bring(shop.pk, 10 * PAID)

    def prepare(_: int) -> UUID:
        payment = pay(alice, counter_code(shop), PAID)
        rehold(till_call(), payment, PRICE)
        return payment.pk

    def start(payment_id: UUID) -> bool:
        payment = Payment.objects.get(pk=payment_id)
        return claim(payment) and capture(payment, 37)

    def release(payment_id: UUID) -> bool:
        with transaction.atomic():
            return holds.release(payment_id=payment_id, reason="no_answer")

    def check(payment_id: UUID, outcomes: list[Any]) -> None:
        started, released, refunded = outcomes
        assert started is not released
        assert refunded == 201
        payment = Payment.objects.get(pk=payment_id)
        assert payment.refunded_amount == 71 + (PRICE - 37 if started else PRICE)
        is_exact(payment)

    race(prepare, [start, release, partial(gives_back, 71)], check)
