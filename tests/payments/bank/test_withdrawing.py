"""Asking for a withdrawal: what it costs, what it takes, what refuses it."""

import pytest
from pytest_django import Settings

from merchants.models import Merchant, Plan
from merchants.services import freeze as freeze_shop
from merchants.services import open_merchant
from payments import accounts, queries, stops, tiers
from payments.books import Account, System
from payments.errors import (
    BankAccountRequired,
    InsufficientFunds,
    PayerFrozen,
    ShopRequired,
    UnknownShop,
    WithdrawalBelowFee,
    WithdrawalsFrozen,
)
from payments.idempotency import StoredRefusal
from payments.models import Withdrawal, WithdrawalTerms
from people.models import User
from tests.payments.bank.hands import ask, bank_account, legs
from tests.payments.hands import bring, fill, has, holds_money, wallet

pytestmark = pytest.mark.django_db


def takes(shop: Account, amount: int) -> None:
    """Let a shop have earned something."""
    bring(shop.pk, amount)


def test_amount_and_fee_leave_the_wallet_at_once(rich_alice: User) -> None:
    withdrawal = ask(rich_alice, 50_000)

    assert (withdrawal.status, withdrawal.fee) == ("requested", 50)
    assert legs(withdrawal) == [
        ("withdrawal", "it", "withdrawal_clearing", 50_000),
        ("withdrawal_fee", "it", "fee_revenue", 50),
    ]
    assert queries.balance(rich_alice.pk) == queries.Balance(available=49_950, held=50_000)
    assert holds_money(System.WITHDRAWAL_CLEARING) == 50_000


@pytest.mark.parametrize(
    ("amount", "fee"), [(10, 10), (500, 10), (10_499, 10), (10_500, 11), (14_999, 15), (99_900, 100)]
)
def test_the_fee_is_a_tenth_of_a_per_cent_half_up_and_at_least_ten_fen(
    rich_alice: User, amount: int, fee: int
) -> None:
    assert ask(rich_alice, amount).fee == fee


def test_the_terms_are_data_and_stay_as_they_were_on_what_was_asked_for(rich_alice: User) -> None:
    old = ask(rich_alice, 1_000)
    WithdrawalTerms.objects.update(fee_bp=100, fee_minimum=0)

    new = ask(rich_alice, 1_000)
    old.refresh_from_db()

    assert (old.fee, old.fee_bp, old.fee_minimum) == (10, 10, 10)
    assert (new.fee, new.fee_bp, new.fee_minimum) == (10, 100, 0)


@pytest.mark.parametrize(("currency", "minimum"), [("CNY", 10), ("JPY", 1), ("KWD", 100)])
def test_the_least_fee_is_a_tenth_of_the_currencys_unit(
    db: None, settings: Settings, currency: str, minimum: int
) -> None:
    WithdrawalTerms.objects.all().delete()
    settings.CURRENCY = currency

    tiers.install()

    assert WithdrawalTerms.objects.get().fee_minimum == minimum


def test_all_the_money_can_leave(alice: User) -> None:
    fill(alice, 10_010)

    ask(alice, 10_000)

    assert has(alice) == 0


@pytest.mark.parametrize("amount", [10_000, 10_001, 10**12])
def test_more_than_there_is_with_the_fee_is_refused(alice: User, amount: int) -> None:
    fill(alice, 10_009)

    with pytest.raises(InsufficientFunds):
        ask(alice, amount)
    assert has(alice) == 10_009
    assert not Withdrawal.objects.exists()


@pytest.mark.parametrize("amount", [1, 9])
def test_what_would_cost_more_than_it_brings_is_refused(rich_alice: User, amount: int) -> None:
    with pytest.raises(WithdrawalBelowFee) as refusal:
        ask(rich_alice, amount)

    assert list(refusal.value.errors) == ["amount"]
    assert has(rich_alice) == 100_000


def test_a_frozen_wallet_lets_nothing_out(rich_alice: User) -> None:
    accounts.freeze(account_id=wallet(rich_alice).pk, reason="stolen phone")

    with pytest.raises(PayerFrozen):
        ask(rich_alice, 1_000)
    assert has(rich_alice) == 100_000


def test_while_withdrawals_are_stopped_none_is_taken(rich_alice: User) -> None:
    stops.stop(reason="the books are wrong")

    with pytest.raises(WithdrawalsFrozen):
        ask(rich_alice, 1_000)
    assert not Withdrawal.objects.exists()


def test_the_same_call_again_takes_nothing_more(rich_alice: User) -> None:
    first, again = ask(rich_alice, 1_000, key="k"), ask(rich_alice, 1_000, key="k")

    assert first == again
    assert has(rich_alice) == 98_990


def test_a_refusal_is_remembered(alice: User) -> None:
    with pytest.raises(InsufficientFunds):
        ask(alice, 1_000, key="k")
    fill(alice, 5_000)

    with pytest.raises(StoredRefusal):
        ask(alice, 1_000, key="k")
    assert has(alice) == 5_000


def test_below_the_fee_may_be_repaired_under_the_same_key(rich_alice: User) -> None:
    with pytest.raises(WithdrawalBelowFee):
        ask(rich_alice, 1, key="k")

    assert ask(rich_alice, 1_000, key="k").amount == 1_000


def test_a_shops_takings_leave_free_of_charge(mei: User, shop: Account) -> None:
    takes(shop, 12_345)

    withdrawal = ask(mei, 12_345, source="merchant")

    assert (withdrawal.account, withdrawal.fee) == (shop, 0)
    assert legs(withdrawal) == [("withdrawal", "it", "withdrawal_clearing", 12_345)]
    assert (queries.withdrawing(shop.pk), holds_money(shop.pk)) == (12_345, 0)


def test_a_plan_may_ask_for_a_fee(mei: User, shop: Account) -> None:
    takes(shop, 20_000)
    Plan.objects.update(withdrawal_fee_bp=50, withdrawal_fee_minimum=200)

    assert ask(mei, 10_000, source="merchant").fee == 200


def test_nobody_takes_from_anothers_shop(alice: User, mei_shop: Merchant, shop: Account) -> None:
    takes(shop, 1_000)

    for merchant_id in (None, mei_shop.pk):
        with pytest.raises(UnknownShop):
            ask(alice, 100, source="merchant", merchant_id=merchant_id)
    assert holds_money(shop.pk) == 1_000


def test_who_owns_several_shops_says_which(mei: User, mei_shop: Merchant) -> None:
    other = open_merchant(owner_id=mei.pk, name="Second Laundry", category="laundry")
    takes(other.account, 1_000)

    with pytest.raises(ShopRequired) as refusal:
        ask(mei, 100, source="merchant")
    assert list(refusal.value.errors) == ["merchant"]
    assert ask(mei, 100, source="merchant", merchant_id=other.pk).account == other.account


def test_a_frozen_shop_keeps_its_takings(mei: User, mei_shop: Merchant, shop: Account) -> None:
    takes(shop, 1_000)
    freeze_shop(merchant_id=mei_shop.pk, reason="dispute")

    with pytest.raises(PayerFrozen):
        ask(mei, 100, source="merchant")


def test_a_closed_shop_pays_its_owner_out(mei: User, mei_shop: Merchant, shop: Account) -> None:
    takes(shop, 1_000)
    Merchant.objects.update(status=Merchant.Status.CLOSED)

    assert ask(mei, 1_000, source="merchant").amount == 1_000


def test_the_bank_account_is_written_down_as_it_was(rich_alice: User) -> None:
    account = bank_account(wallet(rich_alice), bank="COBADEFF")
    withdrawal = ask(rich_alice, 1_000)
    account.number, account.holder = "NEW12345", "Somebody Else"
    account.save()

    withdrawal.refresh_from_db()
    assert (withdrawal.holder, withdrawal.number, withdrawal.bank) == (
        "Alice Liddell",
        "DE89370400440532013000",
        "COBADEFF",
    )


def test_with_files_a_bank_account_is_needed(rich_alice: User, settings: Settings) -> None:
    settings.BANK = "files"

    with pytest.raises(BankAccountRequired):
        ask(rich_alice, 1_000)
    assert has(rich_alice) == 100_000

    bank_account(wallet(rich_alice))
    assert ask(rich_alice, 1_000).number
