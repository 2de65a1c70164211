"""What a cashier takes from payers who show a code."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from merchants.models import Plan
from outbox import clock
from outbox.errors import Refusal
from payments import accounts, charges
from payments.errors import (
    PaymentCodeExpired,
    PaymentCodeUsed,
    PaymentDeclined,
)
from payments.idempotency import StoredRefusal
from payments.models import Account, CapCounter, CapRule, Payment, PaymentCode
from people.errors import TooManyTries
from people.models import Throttle, User
from tests.payments.conftest import RICH
from tests.payments.hands import fill, has, holds_money, wallet
from tests.payments.till import charge, refund, show

pytestmark = pytest.mark.django_db
NOBODYS = "20" + "0" * 16


def statuses(payer: User) -> list[str]:
    """Return where a payer's codes stand, oldest first."""
    shown_so_far = PaymentCode.objects.filter(payer=wallet(payer)).order_by("pk")
    return list(shown_so_far.values_list("status", flat=True))


def refused(because: type[Refusal], shop: Account, digits: str, amount: int = 100, **more: Any) -> None:
    """Charge in vain: no payment is made."""
    before = Payment.objects.count()
    with pytest.raises(because):
        charge(shop, digits, amount, **more)
    assert Payment.objects.count() == before


class TestCharging:
    """What the cashier does."""

    def test_a_charge_is_a_payment_at_the_counter(self, rich_alice: User, shop: Account) -> None:
        answer = charge(shop, show(rich_alice), 1_250, reference="till 3 / 0017")
        paid = Payment.objects.get()

        assert (answer.status, answer.body["id"]) == (201, str(paid.pk))
        assert (answer.body["fee"], answer.body["fee_returned"], answer.body["reference"]) == (
            10,
            0,
            "till 3 / 0017",
        )
        assert (paid.kind, paid.status, paid.code_id, paid.memo) == (
            "merchant",
            "settled",
            None,
            "till 3 / 0017",
        )
        assert (paid.payee_name, paid.payee_verified, paid.fee_bp) == ("Corner Laundry", True, 80)
        assert (has(rich_alice), holds_money(shop.pk)) == (RICH - 1_250, 1_240)
        assert statuses(rich_alice) == ["used"]

    def test_a_charge_is_refunded_as_any_payment(self, rich_alice: User, shop: Account) -> None:
        charge(shop, show(rich_alice), 1_250)

        refund(Payment.objects.get())

        assert (has(rich_alice), holds_money(shop.pk)) == (RICH, 0)

    def test_a_code_is_good_for_one_charge(self, rich_alice: User, shop: Account) -> None:
        digits = show(rich_alice)
        charge(shop, digits, 100)

        refused(PaymentCodeUsed, shop, digits)

    def test_a_code_that_was_replaced_counts_as_used(self, rich_alice: User, shop: Account) -> None:
        first = show(rich_alice)
        show(rich_alice)

        refused(PaymentCodeUsed, shop, first)
        assert statuses(rich_alice) == ["revoked", "active"]

    def test_a_code_is_over_after_its_minute(self, rich_alice: User, shop: Account) -> None:
        digits = show(rich_alice)
        PaymentCode.objects.update(created_at=F("created_at") - timedelta(hours=1), expires_at=clock.now())

        refused(PaymentCodeExpired, shop, digits)
        assert statuses(rich_alice) == ["active"]

    def test_digits_that_nobody_showed_are_declined(self, rich_alice: User, shop: Account) -> None:
        show(rich_alice)

        refused(PaymentDeclined, shop, NOBODYS)
        assert statuses(rich_alice) == ["active"]

    def test_a_shop_charges_its_own_owner(self, mei: User, shop: Account) -> None:
        fill(mei, 500)

        assert charge(shop, show(mei), 500).status == 201


def frozen_payer(payer: User, shop: Account) -> None:
    accounts.freeze(account_id=wallet(payer).pk, reason="test")


def frozen_payee(payer: User, shop: Account) -> None:
    accounts.freeze(account_id=shop.pk, reason="test")


def capped(payer: User, shop: Account) -> None:
    cap("A", 99)


def cap(risk_class: str, most: int) -> None:
    CapRule.objects.filter(code_kind="payer_shown", risk_class=risk_class).delete()
    CapRule.objects.create(
        name="charges", tier="merchant", code_kind="payer_shown", risk_class=risk_class, cap=most
    )


def nothing(payer: User, shop: Account) -> None:
    """Change nothing."""


class TestDeclining:
    """The code is burnt first: whatever refuses after that, it pays nobody any more."""

    @pytest.mark.parametrize(
        ("spoil", "amount", "max_amount"),
        [
            (nothing, RICH + 1, None),
            (nothing, 101, 100),
            (capped, 100, None),
            (frozen_payer, 100, None),
            (frozen_payee, 100, None),
        ],
        ids=["too little money", "more than the payer allows", "over the limit", "payer", "payee"],
    )
    def test_a_declined_charge_burns_the_code(
        self, rich_alice: User, shop: Account, spoil: Any, amount: int, max_amount: int | None
    ) -> None:
        spoil(rich_alice, shop)
        digits = show(rich_alice, max_amount)

        refused(PaymentDeclined, shop, digits, amount)

        assert statuses(rich_alice) == ["used"]
        refused(PaymentCodeUsed, shop, digits, 1)
        assert (has(rich_alice), holds_money(shop.pk)) == (RICH, 0)
        assert not CapCounter.objects.exclude(used=0).exists()

    def test_the_payer_s_own_limit_is_inclusive(self, rich_alice: User, shop: Account) -> None:
        assert charge(shop, show(rich_alice, 100), 100).status == 201

    def test_a_reason_is_not_told(self, alice: User, shop: Account) -> None:
        digits = show(alice)
        with pytest.raises(PaymentDeclined) as poor:
            charge(shop, digits, 100)
        with pytest.raises(PaymentDeclined) as unknown:
            charge(shop, NOBODYS, 100)

        assert poor.value.detail == unknown.value.detail

    def test_charges_count_in_a_cap_of_their_own_sort(self, rich_alice: User, shop: Account) -> None:
        cap("A", 150)
        charge(shop, show(rich_alice), 100)

        refused(PaymentDeclined, shop, show(rich_alice), 51)
        assert charge(shop, show(rich_alice), 50).status == 201
        assert CapCounter.objects.get().used == 150


class TestRepeating:
    """One key, one answer."""

    def test_a_repeated_charge_gets_the_first_answer(self, rich_alice: User, shop: Account) -> None:
        digits = show(rich_alice)
        first, again = (charge(shop, digits, 100, key="k") for _ in range(2))

        assert (again.body, again.replayed) == (first.body, True)
        assert Payment.objects.count() == 1

    def test_a_declined_charge_stays_declined(self, alice: User, shop: Account) -> None:
        digits = show(alice)
        with pytest.raises(PaymentDeclined):
            charge(shop, digits, 100, key="k")
        fill(alice, 1_000)
        with pytest.raises(StoredRefusal):
            charge(shop, digits, 100, key="k")

        assert charge(shop, show(alice), 100).status == 201


class TestGuessing:
    """A key that tries digits meets a wall."""

    def test_a_guesser_waits_also_when_he_is_lucky(
        self, rich_alice: User, shop: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(charges, "MISSES_A_MERCHANT", 3)
        for _ in range(3):
            refused(PaymentDeclined, shop, NOBODYS)
        digits = show(rich_alice)

        with pytest.raises(TooManyTries) as wait:
            charge(shop, digits, 100, key="k")

        assert 0 < (wait.value.retry_after_s or 0) <= 15 * 60
        assert statuses(rich_alice) == ["active"]
        Throttle.objects.update(window_ends_at=clock.now())
        assert charge(shop, digits, 100, key="k").status == 201  # the wait was no answer to keep

    def test_known_digits_are_no_guesses(
        self, rich_alice: User, shop: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(charges, "MISSES_A_MERCHANT", 1)
        digits = show(rich_alice)
        charge(shop, digits, 100)
        for _ in range(3):
            refused(PaymentCodeUsed, shop, digits)

        assert not Throttle.objects.exists()

    def test_a_miss_that_is_repeated_under_its_key_counts_once(self, shop: Account) -> None:
        for refusal in (PaymentDeclined, StoredRefusal, StoredRefusal):
            with pytest.raises(refusal):
                charge(shop, NOBODYS, 100, key="k")

        assert Throttle.objects.get().tries == 1


@pytest.mark.parametrize(
    ("plan", "amount", "fee"),
    [
        ((60, 0), 1_250, 8),  # 7.5
        ((80, 0), 1_250, 10),
        ((100, 0), 1_250, 13),  # 12.5
        ((60, 10), 100, 10),
        ((60, 10), 7, 7),
    ],
)
def test_a_charge_costs_the_plan_s_fee(
    rich_alice: User, shop: Account, plan: tuple[int, int], amount: int, fee: int
) -> None:
    Plan.objects.update(fee_bp=plan[0], fee_minimum=plan[1])

    assert charge(shop, show(rich_alice), amount).body["fee"] == fee
    assert holds_money(shop.pk) == amount - fee
