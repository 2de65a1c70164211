"""Refunds: what a merchant gives back, and its share of the fee."""

from typing import Any

import pytest

from merchants.models import Plan
from outbox.errors import Refusal
from outbox.models import Delivery
from outbox.registry import on, subscriptions_to
from payments import accounts, refunds
from payments.books import System, Transfer
from payments.errors import (
    MerchantFundsShort,
    PaymentInEscrow,
    PaymentNotRefundable,
    RefundExceedsPayment,
    UnknownPayment,
)
from payments.idempotency import StoredRefusal
from payments.models import Account, CapCounter, CapRule, Code, Payment, Refund
from people.models import User
from tests.payments.conftest import RICH
from tests.payments.hands import (
    Box,
    capture,
    claim,
    has,
    holds_money,
    legs,
    pay,
    release,
    static_code,
    wallet,
)
from tests.payments.till import counter_code, refund, take_out, till_call

pytestmark = pytest.mark.django_db
FEES = System.FEE_REVENUE.value


@pytest.fixture
def paid(rich_alice: User, shop: Account) -> Payment:
    """Alice's 100.00 at the laundry's counter, of which the laundry has 99.20."""
    return pay(rich_alice, counter_code(shop), 10_000)


def refused(because: type[Refusal], payment: Payment, amount: int | None = None) -> None:
    """Ask for a refund that is refused and moves nothing."""
    before = list(Transfer.objects.values_list("pk", flat=True)), Refund.objects.count()
    with pytest.raises(because):
        refund(payment, amount)
    assert (list(Transfer.objects.values_list("pk", flat=True)), Refund.objects.count()) == before


def test_the_rest_of_an_untouched_payment_is_the_whole(
    paid: Payment, rich_alice: User, shop: Account
) -> None:
    answer = refund(paid)

    assert answer.status == 201
    assert {**answer.body, "id": "", "created_at": ""} == {
        "id": "",
        "payment": str(paid.pk),
        "amount": 10_000,
        "fee_returned": 80,
        "reason": "too salty",
        "status": "posted",
        "created_at": "",
    }
    assert (has(rich_alice), holds_money(shop.pk), holds_money(FEES)) == (RICH, 0, 0)
    assert legs(paid)[2:] == [
        ("refund", shop.pk, wallet(rich_alice).pk, 10_000),
        ("fee_return", FEES, shop.pk, 80),
    ]


def test_a_part_gives_its_share_of_the_fee_back(paid: Payment, rich_alice: User, shop: Account) -> None:
    answer = refund(paid, 5_063)  # 40.504 of the fee

    assert answer.body["fee_returned"] == 41
    assert (has(rich_alice), holds_money(shop.pk)) == (RICH - 4_937, 4_937 - 39)
    paid.refresh_from_db()
    assert (paid.refunded_amount, paid.fee_returned, paid.status) == (5_063, 41, "settled")


def test_what_is_returned_so_far_follows_the_sum_and_not_the_parts(paid: Payment) -> None:
    returned = [refund(paid, part).body["fee_returned"] for part in (62, 1, 62, 9_874, 1)]

    # half up of 0.8 % of 62, 63, 125, 9999, 10000: 0, 1, 1, 80, 80
    assert returned == [0, 1, 0, 79, 0]


def test_a_refund_without_a_fee_has_no_leg_for_it(rich_alice: User, shop: Account) -> None:
    Plan.objects.update(fee_bp=0)
    paid = pay(rich_alice, counter_code(shop), 100)

    refund(paid)

    assert [kind for kind, *_ in legs(paid)] == ["payment", "refund"]


def test_of_a_capture_no_more_comes_back_than_was_captured(
    rich_alice: User, sticker: Code, shop: Account
) -> None:
    held = pay(rich_alice, sticker)
    claim(held)
    capture(held, 600)

    refused(RefundExceedsPayment, held, 601)
    assert refund(held).body | {"id": "", "created_at": ""} == {
        **refund_of(held, 600, fee_returned=4),
        "id": "",
        "created_at": "",
    }
    assert has(rich_alice) == RICH and holds_money(shop.pk) == 0


def refund_of(payment: Payment, amount: int, *, fee_returned: int) -> dict[str, Any]:
    return {
        "payment": str(payment.pk),
        "amount": amount,
        "fee_returned": fee_returned,
        "reason": "too salty",
        "status": "posted",
    }


@pytest.mark.parametrize("amount", [10_001, 10**12])
def test_no_more_than_the_payment(paid: Payment, amount: int) -> None:
    refused(RefundExceedsPayment, paid, amount)


def test_no_more_than_is_left(paid: Payment) -> None:
    refund(paid, 9_999)

    refused(RefundExceedsPayment, paid, 2)
    refund(paid, 1)
    refused(RefundExceedsPayment, paid, 1)
    refused(RefundExceedsPayment, paid)


def test_what_waits_in_escrow_is_not_refunded(rich_alice: User, sticker: Code) -> None:
    refused(PaymentInEscrow, pay(rich_alice, sticker), 1)


def test_what_went_back_is_not_refunded(rich_alice: User, sticker: Code) -> None:
    held = pay(rich_alice, sticker)
    release(held)

    refused(PaymentNotRefundable, held)


def test_what_a_person_got_is_not_refunded(rich_alice: User, bob: User) -> None:
    refused(PaymentNotRefundable, pay(rich_alice, static_code(bob), 100))


def test_another_s_payment_is_unknown(paid: Payment, bob: User) -> None:
    for payment_id, payee in ((paid.pk, wallet(bob).pk), (bob.pk, paid.payee_id)):
        with pytest.raises(UnknownPayment):
            refunds.refund(
                call=till_call(), payment_id=payment_id, payee_account_id=payee, amount=1, reason="x"
            )


def test_an_empty_till_gives_nothing_back(paid: Payment, shop: Account, rich_alice: User) -> None:
    take_out(shop, holds_money(shop.pk))

    refused(MerchantFundsShort, paid)
    paid.refresh_from_db()
    assert (paid.refunded_amount, paid.fee_returned) == (0, 0)


def test_the_fee_s_share_helps_to_pay_for_the_refund(paid: Payment, shop: Account) -> None:
    assert holds_money(shop.pk) == 9_920

    assert refund(paid, 10_000).status == 201


def test_one_unit_too_few_is_too_few(paid: Payment, shop: Account) -> None:
    take_out(shop, 1)

    refused(MerchantFundsShort, paid)
    assert refund(paid, 9_999).status == 201


def test_a_frozen_shop_gives_back_and_a_frozen_payer_gets_it(paid: Payment, shop: Account) -> None:
    accounts.freeze(account_id=shop.pk, reason="dispute")
    accounts.freeze(account_id=paid.payer_id, reason="dispute")

    assert refund(paid).status == 201


def test_a_repeated_call_gets_the_first_answer(paid: Payment) -> None:
    first, again = refund(paid, 100, key="k"), refund(paid, 100, key="k")

    assert (again.body, again.replayed) == (first.body, True)
    assert Refund.objects.count() == 1


def test_a_refusal_is_repeated_when_its_cause_is_gone(paid: Payment, shop: Account, rich_alice: User) -> None:
    take_out(shop, holds_money(shop.pk))
    for refusal in (MerchantFundsShort, StoredRefusal):
        with pytest.raises(refusal):
            refund(paid, 100, key="k")
        pay(rich_alice, counter_code(shop), 1_000)

    assert refund(paid, 100, key="another").status == 201


def test_a_refund_gives_no_room_back_in_a_cap(rich_alice: User, shop: Account) -> None:
    CapRule.objects.create(name="counter", tier="merchant", code_kind="static", risk_class="A", cap=1_000)
    paid = pay(rich_alice, counter_code(shop), 1_000)

    refund(paid)

    assert CapCounter.objects.get(rule_id="counter").used == 1_000


def test_a_refund_is_told(paid: Payment, monkeypatch: pytest.MonkeyPatch) -> None:
    fact = "payments.refund.posted"
    monkeypatch.setitem(subscriptions_to.__globals__["_subscriptions"], fact, {})
    on(fact)(lambda **_: None)

    answer = refund(paid, 1)
    refused(RefundExceedsPayment, paid, 10_000)

    (told,) = Delivery.objects.filter(fact=fact)
    assert told.payload == {"refund_id": answer.body["id"], "payment_id": str(paid.pk)}


def test_refunds_are_listed_newest_first_to_their_payee(paid: Payment, bob: User) -> None:
    made = [refund(paid, part).body["id"] for part in (1, 2, 3)]

    listed = refunds.of_payment(payment_id=paid.pk, payee_account_id=paid.payee_id)
    assert [str(each.pk) for each in listed] == made[::-1]
    rest = refunds.of_payment(payment_id=paid.pk, payee_account_id=paid.payee_id, before=listed[0].pk)
    assert [each.amount for each in rest] == [2, 1]
    with pytest.raises(UnknownPayment):
        refunds.of_payment(payment_id=paid.pk, payee_account_id=wallet(bob).pk)


def test_a_box_of_a_person_s_is_not_refunded_either(box: Box, rich_alice: User, bob: User) -> None:
    box.changes(payee_account_id=wallet(bob).pk, tier="personal", fee_bp=0)
    held = pay(
        rich_alice, Code.objects.create(token="0" * 26, kind="static", account=wallet(bob), payable="order")
    )

    refused(PaymentNotRefundable, held)
