"""A part of a settled payment is held again for a machine, and goes to the shop or to the payer, once."""

from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from merchants.models import Plan
from outbox.errors import Refusal
from outbox.models import Delivery
from outbox.registry import on, subscriptions_to
from payments import accounts, holds, money, queries
from payments.books import System
from payments.errors import (
    PayerFrozen,
    PaymentInEscrow,
    PaymentNotSettled,
    PaymentUsed,
    PriceNotCovered,
    RefundExceedsPayment,
    ShopFundsShort,
    UnknownPayment,
)
from payments.givebacks import left_of
from payments.models import Account, CapCounter, Code, Hold, Payment, Refund, Transfer
from people.models import User
from tests.payments.conftest import RICH
from tests.payments.hands import bring, capture, claim, fill, has, holds_money, legs, pay, release
from tests.payments.till import charge, counter_code, refund, rehold, show, take_out, till_call

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("runless")]
ESCROW, FEES = System.ESCROW.value, System.FEE_REVENUE.value


@pytest.fixture
def paid(rich_alice: User, shop: Account) -> Payment:
    """Alice's 100.00 at the laundry's counter, of which the laundry has 99.20."""
    return pay(rich_alice, counter_code(shop), 10_000)


@pytest.fixture
def reheld(paid: Payment) -> Payment:
    """Of it, 40.00 in escrow again."""
    hold_again(paid, 4_000)
    return paid


def hold_again(payment: Payment, amount: int) -> None:
    rehold(till_call(), payment, amount)
    payment.refresh_from_db()


def refused(because: type[Refusal], payment: Payment, amount: int) -> None:
    """Ask for a re-hold that is refused and moves nothing."""
    before = list(Transfer.objects.values_list("pk", flat=True)), Hold.objects.count()
    with pytest.raises(because):
        rehold(till_call(), payment, amount)
    assert (list(Transfer.objects.values_list("pk", flat=True)), Hold.objects.count()) == before


def sums(payment: Payment) -> tuple[int, int, int]:
    """What a payment says is refunded, held again, and given back of its fee."""
    payment.refresh_from_db()
    return payment.refunded_amount, payment.reheld_amount, payment.fee_returned


def test_the_shop_lends_the_price_and_has_its_fee_back(reheld: Payment, alice: User, shop: Account) -> None:
    assert legs(reheld)[2:] == [
        ("rehold", shop.pk, ESCROW, 4_000),
        ("fee_return", FEES, shop.pk, 32),
    ]
    assert sums(reheld) == (0, 4_000, 32)
    assert (reheld.status, reheld.captured_amount, reheld.fee) == ("settled", 10_000, 80)
    assert (has(alice), holds_money(shop.pk), holds_money(ESCROW)) == (RICH - 10_000, 5_952, 4_000)


def test_it_waits_for_the_shop_not_for_the_payer(reheld: Payment, alice: User, shop: Account) -> None:
    assert queries.balance(alice.pk).held == 0
    assert queries.in_escrow(shop.pk) == 4_000


def test_a_start_captures_it_with_the_same_fee(reheld: Payment, alice: User, shop: Account) -> None:
    assert claim(reheld)
    assert capture(reheld, 4_000)

    assert legs(reheld)[4:] == [
        ("recapture", ESCROW, shop.pk, 4_000),
        ("fee_again", shop.pk, FEES, 32),
    ]
    assert sums(reheld) == (0, 0, 0)
    assert (has(alice), holds_money(shop.pk), holds_money(FEES)) == (RICH - 10_000, 9_920, 80)
    assert not Refund.objects.exists()


def test_no_start_gives_it_to_the_payer_as_a_refund(reheld: Payment, alice: User, shop: Account) -> None:
    with transaction.atomic():
        assert holds.release(payment_id=reheld.pk, reason="no_answer")

    assert legs(reheld)[4:] == [("refund", ESCROW, reheld.payer_id, 4_000)]
    assert sums(reheld) == (4_000, 0, 32)
    assert (has(alice), holds_money(shop.pk), holds_money(FEES)) == (RICH - 6_000, 5_952, 48)
    (made,) = Refund.objects.all()
    assert (made.amount, made.fee_returned, made.staff) == (4_000, 32, None)
    assert made.reason == "The machine did not run: no_answer."


def test_what_was_not_earned_goes_to_the_payer(reheld: Payment, alice: User, shop: Account) -> None:
    claim(reheld)
    capture(reheld, 1_000)

    assert legs(reheld)[4:] == [
        ("recapture", ESCROW, shop.pk, 1_000),
        ("fee_again", shop.pk, FEES, 8),
        ("refund", ESCROW, reheld.payer_id, 3_000),
    ]
    assert sums(reheld) == (3_000, 0, 24)
    assert (has(alice), holds_money(shop.pk), holds_money(FEES)) == (RICH - 7_000, 6_944, 56)
    assert Refund.objects.get().reason == "The machine ended early."


def test_a_run_that_earned_nothing_is_refunded_whole(reheld: Payment, alice: User) -> None:
    claim(reheld)
    capture(reheld, 0)

    assert sums(reheld) == (4_000, 0, 32)
    assert has(alice) == RICH - 6_000


@pytest.mark.parametrize("ends", [lambda p: claim(p) and capture(p, 4_000), release])
def test_it_is_resolved_once(reheld: Payment, ends: Any) -> None:
    assert ends(reheld)
    before = legs(reheld)

    assert not (claim(reheld) or capture(reheld, 4_000) or release(reheld))
    assert legs(reheld) == before


def test_a_claimed_one_is_not_released_any_more(reheld: Payment) -> None:
    claim(reheld)
    assert not release(reheld)
    assert capture(reheld, 4_000)


def test_what_is_held_again_is_not_refunded_meanwhile(reheld: Payment) -> None:
    for amount in (6_001, 10_000):
        with pytest.raises(PaymentInEscrow):
            refund(reheld, amount)
    with pytest.raises(RefundExceedsPayment):
        refund(reheld, 10_001)

    assert refund(reheld).body["amount"] == 6_000
    with pytest.raises(PaymentInEscrow):
        refund(reheld)
    assert sums(reheld) == (6_000, 4_000, 80)


def test_after_a_refund_there_is_less_to_start_with(paid: Payment) -> None:
    refund(paid, 9_000)

    refused(PriceNotCovered, paid, 1_001)
    hold_again(paid, 1_000)
    assert sums(paid) == (9_000, 1_000, 80)


def test_a_payment_is_held_again_once(reheld: Payment) -> None:
    refused(PaymentUsed, reheld, 1)
    release(reheld)
    refused(PaymentUsed, reheld, 1)


def test_only_what_is_settled_is_held_again(rich_alice: User, sticker: Code) -> None:
    held, released = pay(rich_alice, sticker), pay(rich_alice, sticker)
    release(released)

    refused(PaymentNotSettled, held, 1)
    refused(PaymentNotSettled, released, 1)


def test_only_what_a_shop_was_paid_is_held_again(rich_alice: User, bob_code: Code) -> None:
    refused(UnknownPayment, pay(rich_alice, bob_code, 100), 1)


def test_another_shop_s_payment_does_not_exist(paid: Payment, bob: User) -> None:
    paid.payee = accounts.open_merchant(owner_id=bob.pk, name="Rival")
    refused(UnknownPayment, paid, 1)


def test_the_shop_must_have_it_still(paid: Payment, shop: Account) -> None:
    take_out(shop, 5_000)  # 49.20 are left

    refused(ShopFundsShort, paid, 5_000)
    assert (ShopFundsShort.code, ShopFundsShort.status) == ("merchant_funds_short", 409)
    hold_again(paid, 4_960)  # 40 of it come back with the fee
    assert holds_money(shop.pk) == 0


def test_a_frozen_shop_starts_nothing_but_what_it_started_ends(paid: Payment, shop: Account) -> None:
    accounts.freeze(account_id=shop.pk, reason="test")
    refused(PayerFrozen, paid, 1)
    accounts.unfreeze(account_id=shop.pk, reason="test")
    hold_again(paid, 1_000)
    accounts.freeze(account_id=shop.pk, reason="test")

    assert claim(paid) and capture(paid, 400)
    assert sums(paid) == (600, 0, 5)


def test_a_cap_gets_no_room_back(rich_alice: User, shop: Account) -> None:
    charge(shop, show(rich_alice), 3_000)
    paid = Payment.objects.get()
    used = list(CapCounter.objects.values_list("used", flat=True))
    hold_again(paid, 3_000)
    release(paid)

    assert list(CapCounter.objects.values_list("used", flat=True)) == used


OUTCOMES = ["payments.payment.settled", "payments.payment.released", "payments.refund.posted"]


@pytest.mark.parametrize(("captured", "told"), [(4_000, []), (3_999, OUTCOMES[2:]), (0, OUTCOMES[2:])])
def test_what_the_payer_gets_back_is_told_as_a_refund(
    reheld: Payment, captured: int, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for fact in OUTCOMES:
        monkeypatch.setitem(subscriptions_to.__globals__["_subscriptions"], fact, {})
        on(fact)(lambda **_: None)
    Delivery.objects.all().delete()  # the payment itself was told before
    claim(reheld)
    capture(reheld, captured)

    assert list(Delivery.objects.filter(fact__in=OUTCOMES).values_list("fact", flat=True)) == told


AMOUNT = some.one_of(some.integers(1, 300), some.integers(1, 10**12))
TERMS = some.tuples(some.sampled_from([1, 60, 80, 100, 3_333, 10_000]), some.sampled_from([0, 0, 7, 100]))


@pytest.mark.timeout(600)
@given(captured=AMOUNT, terms=TERMS, dice=some.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_between_any_refunds_it_is_exact_to_the_minor_unit(
    alice: User, shop: Account, captured: int, terms: tuple[int, int], dice: some.DataObject
) -> None:
    Plan.objects.update(fee_bp=terms[0], fee_minimum=terms[1])
    fill(alice, captured)
    bring(shop.pk, captured)  # so that it can lend the fee, too
    before = has(alice), holds_money(shop.pk), holds_money(FEES)
    paid = pay(alice, counter_code(shop), captured)

    def give_back_some(most: int) -> None:
        if most and dice.draw(some.booleans()):
            refund(paid, dice.draw(some.integers(1, most)))
        is_exact(paid)

    give_back_some(captured - 1)
    price = dice.draw(some.integers(1, left_of(paid)))
    hold_again(paid, price)
    is_exact(paid)
    give_back_some(left_of(paid))
    claim(paid)
    capture(paid, dice.draw(some.integers(0, price)))
    give_back_some(left_of(paid))
    if left_of(paid):
        refund(paid)
    is_exact(paid)
    assert (has(alice), holds_money(shop.pk), holds_money(FEES)) == before


def is_exact(payment: Payment) -> None:
    """Everybody has what the sums say: each share of the fee is half up of the sum, whatever the parts."""
    refunded, reheld, returned = sums(payment)
    parts = Refund.objects.filter(payment=payment).values_list("amount", "fee_returned")
    total, fee = payment.captured_amount, payment.fee
    assert returned == money.fee_returned(fee, refunded=refunded + reheld, captured=total)
    assert sum(amount for amount, _ in parts) == refunded
    assert sum(share for _, share in parts) == money.fee_returned(fee, refunded=refunded, captured=total)
    net = dict.fromkeys((payment.payer_id, payment.payee_id, ESCROW, FEES), 0)
    for _, debit, credit, amount in legs(payment):
        net[debit] -= amount
        net[credit] += amount
    assert net[payment.payer_id] == refunded - payment.amount
    assert net[ESCROW] == reheld
    assert net[FEES] == fee - returned
    assert net[payment.payee_id] == total - refunded - reheld - fee + returned
