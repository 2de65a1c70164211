"""Opening accounts, and what a deployment starts with."""

from typing import Any

import pytest
from django.core.checks import run_checks
from django.db import connection
from django.test import override_settings

from outbox.errors import Refusal
from payments import accounts, caps, install, queries
from payments.books import System
from payments.caps import PERSONAL_STATIC
from payments.errors import OtherCurrency, UnknownPayment
from payments.models import Account, CapRule, Code, Lane
from payments.statements.lines import statement
from people.models import User
from tests.payments.hands import Box, claim, fill, has, pay, wallet

pytestmark = pytest.mark.django_db


def test_signing_up_opens_a_wallet() -> None:
    user = accounts.sign_up(
        phone="+8613900000009", password="correct horse battery", name="Dora", pin="280614"
    )
    assert has(user) == 0
    assert wallet(user).name == "Dora"


def test_a_sign_up_that_fails_leaves_nothing() -> None:
    with pytest.raises(Refusal):
        accounts.sign_up(phone="+8613900000009", password="correct horse battery", name="Dora", pin="000000")
    assert not User.objects.exists() and not Account.objects.filter(kind="wallet").exists()


def test_a_wallet_is_opened_once(alice: User) -> None:
    again = accounts.open_wallet(user_id=alice.pk, name="Alice again")
    assert again == wallet(alice) and again.name == "Alice"
    assert Lane.objects.filter(account=again).count() == 1


def test_a_shop_s_takings_have_many_lanes(shop: Account) -> None:
    assert Lane.objects.filter(account=shop, guarded=True, open=True).count() == 64


def test_a_second_migrate_changes_nothing() -> None:
    before = list(Lane.objects.order_by("account_id", "no").values_list())
    CapRule.objects.filter(name=PERSONAL_STATIC).update(cap=7)
    install.after_migrate()
    assert list(Lane.objects.order_by("account_id", "no").values_list()) == before
    assert CapRule.objects.get(name=PERSONAL_STATIC).cap == 7
    assert Account.objects.filter(owner=None).count() == len(System)


def test_another_currency_is_refused() -> None:
    with override_settings(CURRENCY="JPY"):
        with pytest.raises(OtherCurrency, match="counts in CNY"):
            install.after_migrate()
        (error,) = run_checks(databases=["default"])
        assert error.id == "payments.E001"
    assert run_checks(databases=["default"]) == []


@pytest.mark.parametrize(("currency", "cap"), [("CNY", 50_000), ("JPY", 10_000), ("KWD", 500_000)])
def test_caps_are_data_per_currency(currency: str, cap: int) -> None:
    CapRule.objects.all().delete()
    with override_settings(CURRENCY=currency):
        caps.install()
    assert CapRule.objects.get(name=PERSONAL_STATIC).cap == cap


def test_the_tier_follows_the_accounts(alice: User, mei: User, shop: Account) -> None:
    assert (queries.tier(alice.pk), queries.tier(mei.pk)) == ("personal", "merchant")


class TestReading:
    """What people see of their own money, and not of others'."""

    def test_only_payer_and_payee_see_a_payment(
        self, rich_alice: User, bob: User, charlie: User, bob_code: Code
    ) -> None:
        payment = pay(rich_alice, bob_code, 5)
        assert queries.payment(user_id=rich_alice.pk, payment_id=payment.pk)["payer"] == {"name": "Alice"}
        assert queries.payment(user_id=bob.pk, payment_id=payment.pk)["fee"] == 0
        with pytest.raises(UnknownPayment):
            queries.payment(user_id=charlie.pk, payment_id=payment.pk)

    def test_pages_of_payments_hold_both_sides_newest_first(
        self, rich_alice: User, bob: User, bob_code: Code
    ) -> None:
        made = [pay(rich_alice, bob_code, amount) for amount in range(1, 6)]
        for user in (rich_alice, bob):
            first = queries.payments(user_id=user.pk, limit=3)
            rest = queries.payments(user_id=user.pk, before=made[2].pk, limit=3)
            assert [each["amount"] for each in first + rest] == [5, 4, 3, 2, 1]

    def test_escrow_is_nobody_a_statement_names_the_shop(
        self, rich_alice: User, sticker: Code, box: Box
    ) -> None:
        claim(pay(rich_alice, sticker))
        newest, oldest = statement(user_id=rich_alice.pk)
        assert (newest.kind, newest.amount, newest.counterparty) == ("hold", -1000, "Corner Laundry")
        assert (oldest.kind, oldest.counterparty) == ("top_up", "Bank")

    def test_a_statement_pages_by_version(self, alice: User) -> None:
        for amount in (1, 2, 3, 4):
            fill(alice, amount)
        first = statement(user_id=alice.pk, limit=3)
        rest = statement(user_id=alice.pk, before=first[-1].version, limit=3)
        assert [line.amount for line in first + rest] == [4, 3, 2, 1]
        assert [line.balance_after for line in first + rest] == [10, 6, 3, 1]

    def test_reading_costs_the_same_whatever_the_history(
        self, rich_alice: User, bob_code: Code, django_assert_max_num_queries: Any
    ) -> None:
        for _ in range(5):
            pay(rich_alice, bob_code, 1)
        with django_assert_max_num_queries(3, connection=connection):
            queries.balance(rich_alice.pk)
        with django_assert_max_num_queries(3, connection=connection):
            queries.payments(user_id=rich_alice.pk, limit=5)
        with django_assert_max_num_queries(2, connection=connection):
            statement(user_id=rich_alice.pk, limit=5)
