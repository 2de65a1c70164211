"""Escrow: a hold goes to the payee or back, once."""

from datetime import timedelta

import pytest
from django.db import transaction

from outbox.errors import Refusal
from outbox.models import Delivery
from outbox.registry import on, subscriptions_to
from payments import accounts, caps, holds, queries, services, states
from payments.books import System
from payments.errors import InsufficientFunds, LimitExceeded, PayeeFrozen, PayerFrozen, SelfPayment
from payments.models import Account, CapCounter, Code, Hold, Payment
from people.models import User
from tests.payments.conftest import RICH
from tests.payments.hands import (
    DAY_S,
    Box,
    box_code,
    box_of,
    call,
    capture,
    claim,
    fill,
    has,
    holds_money,
    lanes,
    legs,
    pay,
    release,
    state,
    wallet,
)

pytestmark = pytest.mark.django_db
ESCROW, FEES = System.ESCROW.value, System.FEE_REVENUE.value


@pytest.fixture
def held(rich_alice: User, sticker: Code) -> Payment:
    """Alice's 10.00 in escrow for Mei's box."""
    return pay(rich_alice, sticker)


def test_the_price_waits_in_escrow(held: Payment, rich_alice: User, shop: Account, box: Box) -> None:
    hold = Hold.objects.get(payment=held)

    assert state(held) == ("confirmed", "open")
    assert (has(rich_alice), holds_money(ESCROW), holds_money(shop.pk)) == (RICH - 1000, 1000, 0)
    assert queries.balance(rich_alice.pk).held == queries.in_escrow(shop.pk) == 1000
    assert lanes(ESCROW) == {hold.escrow_lane: 1000}
    assert hold.deadline - held.confirmed_at == timedelta(seconds=DAY_S)
    assert (held.captured_amount, held.fee, held.resolved_at, box.claims) == (0, 0, None, 1)


def test_the_answer_tells_what_the_payable_knows(rich_alice: User, sticker: Code) -> None:
    answer = services.pay(call=call(rich_alice), code=sticker.token)
    assert answer.body["run"] == {"id": answer.body["id"]}
    assert (answer.body["status"], answer.body["settled_at"]) == ("confirmed", None)


def test_a_claimed_hold_is_captured_whole(held: Payment, shop: Account, rich_alice: User) -> None:
    assert claim(held) and state(held) == ("confirmed", "claimed")
    assert capture(held, 1000)

    assert state(held) == ("settled", "resolved")
    assert (held.captured_amount, held.released_amount, held.fee) == (1000, 0, 6)
    assert (holds_money(shop.pk), holds_money(FEES), holds_money(ESCROW)) == (994, 6, 0)
    assert queries.balance(rich_alice.pk).held == 0
    assert legs(held)[1:] == [("capture", ESCROW, shop.pk, 1000), ("fee", shop.pk, FEES, 6)]


def test_the_earned_part_is_captured_and_the_rest_released(
    held: Payment, shop: Account, rich_alice: User
) -> None:
    claim(held)
    assert capture(held, 334)

    assert (held.payer_id, state(held)) == (wallet(rich_alice).pk, ("settled", "resolved"))
    assert (held.captured_amount, held.released_amount, held.fee) == (334, 666, 2)  # 0.6 % of 334, half up
    assert (has(rich_alice), holds_money(shop.pk)) == (RICH - 334, 332)


def test_nothing_earned_means_released(held: Payment, rich_alice: User) -> None:
    claim(held)
    assert capture(held, 0)
    assert state(held) == ("released", "resolved")
    assert (has(rich_alice), held.fee) == (RICH, 0)


def test_an_open_hold_is_released_whole(held: Payment, rich_alice: User) -> None:
    assert release(held)
    assert state(held) == ("released", "resolved")
    assert (has(rich_alice), holds_money(ESCROW), held.released_amount) == (RICH, 0, 1000)
    assert legs(held)[1:] == [("release", ESCROW, wallet(rich_alice).pk, 1000)]


def test_what_is_decided_stays_decided(held: Payment) -> None:
    assert not capture(held, 1000)  # nothing was claimed
    assert claim(held) and not claim(held)
    assert not release(held)  # a start was seen
    assert capture(held, 400)
    assert not capture(held, 400) and not release(held) and not claim(held)
    assert state(held) == ("settled", "resolved") and held.captured_amount == 400


def test_a_released_hold_is_never_claimed(held: Payment) -> None:
    release(held)
    assert not claim(held) and not capture(held, 1000) and not release(held)
    assert state(held) == ("released", "resolved")


@pytest.mark.parametrize("amount", [1001, -1])
def test_no_more_is_captured_than_held(held: Payment, amount: int) -> None:
    claim(held)
    with pytest.raises(ValueError, match="cannot capture"):
        capture(held, amount)
    assert state(held) == ("confirmed", "claimed")


def test_a_freeze_stops_new_holds_but_no_resolution(
    held: Payment, rich_alice: User, sticker: Code, shop: Account
) -> None:
    accounts.freeze(account_id=shop.pk, reason="test")
    with pytest.raises(PayeeFrozen):
        pay(rich_alice, sticker)
    accounts.unfreeze(account_id=shop.pk, reason="test")
    accounts.freeze(account_id=wallet(rich_alice).pk, reason="test")
    with pytest.raises(PayerFrozen):
        pay(rich_alice, sticker)

    accounts.freeze(account_id=shop.pk, reason="test")
    claim(held)
    assert capture(held, 600)
    assert (holds_money(shop.pk), has(rich_alice)) == (596, RICH - 600)


def test_a_person_s_machine_costs_no_fee_and_counts_in_the_personal_cap(rich_alice: User, bob: User) -> None:
    box_of(wallet(bob), price=20_000)
    code = box_code(wallet(bob))
    first, _second = pay(rich_alice, code), pay(rich_alice, code)
    with pytest.raises(LimitExceeded):
        pay(rich_alice, code)

    claim(first)
    assert capture(first, 15_000)  # 50.00 of room come back on their day
    assert CapCounter.objects.get().used == 35_000
    assert (has(bob), holds_money(FEES)) == (15_000, 0)
    with pytest.raises(SelfPayment):
        pay(bob, code)


def test_the_room_comes_back_on_the_day_it_was_taken(rich_alice: User, bob: User) -> None:
    box_of(wallet(bob), price=500)
    payment = pay(rich_alice, box_code(wallet(bob)))
    today = payment.cap_day
    assert today is not None
    yesterday = today - timedelta(days=1)
    Payment.objects.filter(pk=payment.pk).update(cap_day=yesterday)
    CapCounter.objects.filter(day=today).update(day=yesterday)
    CapCounter.objects.create(payer=wallet(rich_alice), rule_id=caps.PERSONAL_STATIC, day=today, used=0)

    release(payment)
    assert dict(CapCounter.objects.values_list("day", "used")) == {today: 0, yesterday: 0}


def test_a_refused_claim_leaves_nothing(rich_alice: User, sticker: Code, box: Box) -> None:
    class Taken(Refusal):
        code, status = "machine_busy", 409

    box.refuses = Taken()
    with pytest.raises(Taken):
        pay(rich_alice, sticker, key="k")
    with pytest.raises(Refusal, check=lambda refusal: refusal.code == "machine_busy"):
        pay(rich_alice, sticker, key="k")

    sticker.refresh_from_db()
    assert (sticker.label, box.claims, has(rich_alice)) == ("", 1, RICH)


def test_a_payment_that_fails_after_its_claim_undoes_the_claim(alice: User, sticker: Code, box: Box) -> None:
    fill(alice, 999)
    with pytest.raises(InsufficientFunds):
        pay(alice, sticker)

    sticker.refresh_from_db()
    assert (sticker.label, box.claims) == ("", 1)
    assert not Payment.objects.exists() and not Hold.objects.exists()


def test_each_outcome_is_told(rich_alice: User, sticker: Code, monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = [f"payments.payment.{name}" for name in ("confirmed", "settled", "released")]
    for fact in outcomes:
        monkeypatch.setitem(subscriptions_to.__globals__["_subscriptions"], fact, {})
        on(fact)(lambda **_: None)

    settled, released = pay(rich_alice, sticker), pay(rich_alice, sticker)
    claim(settled)
    capture(settled, 1)
    release(released)

    told = Delivery.objects.filter(fact__in=outcomes).values_list("fact", "payload__payment_id")
    assert sorted((fact.rsplit(".")[-1], who) for fact, who in told) == sorted(
        [
            ("confirmed", str(settled.pk)),
            ("confirmed", str(released.pk)),
            ("settled", str(settled.pk)),
            ("released", str(released.pk)),
        ]
    )


@pytest.mark.django_db(transaction=True)
def test_a_hold_moves_only_with_its_cause(rich_alice: User, sticker: Code) -> None:
    payment = pay(rich_alice, sticker)
    with pytest.raises(transaction.TransactionManagementError):
        holds.claim(payment_id=payment.pk)
    with pytest.raises(transaction.TransactionManagementError):
        holds.release(payment_id=payment.pk, reason="test")


@pytest.mark.parametrize(
    ("model", "source", "to"),
    [
        (Payment, "settled", "released"),
        (Payment, "released", "settled"),
        (Payment, "settled", "confirmed"),
        (Hold, "claimed", "open"),
        (Hold, "resolved", "claimed"),
        (Code, "used", "active"),
        (Code, "revoked", "active"),
        (Code, "expired", "used"),
    ],
)
def test_the_table_knows_no_way_back(held: Payment, model: type[Payment], source: str, to: str) -> None:
    with pytest.raises(ValueError, match="never moves"):
        states.move(model, held.pk, source=source, to=to)
