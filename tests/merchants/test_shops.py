"""Shops: how they open, on what terms they are paid, how they are frozen."""

from typing import Any

import pytest
from django.db import IntegrityError
from pytest_django import DjangoAssertNumQueries

from merchants import queries, services
from merchants.errors import UnknownPlan
from merchants.models import Merchant, Place, Plan
from payments import accounts, codes, payables
from payments.errors import OptionUnknown
from payments.models import Account, Lane
from people.models import User

pytestmark = pytest.mark.django_db


def test_plans_are_there_from_the_start() -> None:
    assert set(Plan.objects.values_list("slug", "fee_bp")) == {
        ("micro", 100),
        ("standard", 80),
        ("volume", 60),
    }


def test_a_new_shop_has_an_account_of_its_own(mei: User, mei_shop: Merchant) -> None:
    account = mei_shop.account

    assert (account.kind, account.owner_id, account.name) == (Account.Kind.MERCHANT, mei.pk, "Corner Laundry")
    assert account.pk != accounts.wallet_of(mei.pk).pk
    assert Lane.objects.filter(account=account, open=True, guarded=True).count() == accounts.MANY_LANES


def test_an_unknown_plan_opens_nothing(mei: User) -> None:
    with pytest.raises(UnknownPlan):
        services.open_merchant(owner_id=mei.pk, name="Corner Laundry", category="laundry", plan="gold")

    assert not Account.objects.filter(kind=Account.Kind.MERCHANT).exists()


def test_terms_are_read_in_one_statement(
    mei_shop: Merchant, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    place = Place.objects.create(merchant=mei_shop, name="Corner Street 3", city="Shanghai")

    with django_assert_num_queries(1):
        terms = queries.terms(mei_shop.account_id, place.pk)

    assert terms == queries.Terms(
        name="Corner Laundry",
        verified=True,
        fee_bp=80,
        fee_minimum=0,
        withdrawal_fee_bp=0,
        withdrawal_fee_minimum=0,
        place="Corner Street 3",
        name_ascii="CORNER LAUNDRY",
        city_ascii="",
    )
    assert queries.terms(mei_shop.account_id).place == ""


def test_a_person_has_no_terms(alice: User) -> None:
    with pytest.raises(LookupError):
        queries.terms(accounts.wallet_of(alice.pk).pk)


def counter(shop: Merchant, **code: Any) -> Any:
    """Return the quote of one of the shop's counter codes."""
    made = codes.create(account_id=shop.account_id, payable="merchant", **code)
    return payables.get("merchant").quote(code=made, option=None, args=None)


def test_a_counter_code_is_paid_at_once_on_the_plan_s_terms(mei_shop: Merchant) -> None:
    quote = counter(mei_shop)

    assert (quote.payee_account_id, quote.payee_name) == (mei_shop.account_id, "Corner Laundry")
    assert (quote.tier, quote.verified, quote.amount) == ("merchant", True, None)
    assert (quote.fee_bp, quote.fee_minimum, quote.hold_s) == (80, 0, None)
    assert quote.ascii_name == "CORNER LAUNDRY"


def test_a_code_can_fix_the_amount(mei_shop: Merchant) -> None:
    assert counter(mei_shop, amount=1280).amount == 1280


def test_a_counter_sells_no_options(mei_shop: Merchant) -> None:
    made = codes.create(account_id=mei_shop.account_id, payable="merchant")

    with pytest.raises(OptionUnknown):
        payables.get("merchant").quote(code=made, option="quick", args=None)


@pytest.mark.parametrize("change", [{"name": "Korner Laundry"}, {"verified": False}])
def test_what_the_payer_sees_makes_the_version(mei_shop: Merchant, change: dict[str, Any]) -> None:
    code = codes.create(account_id=mei_shop.account_id, payable="merchant")
    before = payables.get("merchant").quote(code=code, option=None, args=None).version

    Merchant.objects.filter(pk=mei_shop.pk).update(**change)

    assert payables.get("merchant").quote(code=code, option=None, args=None).version != before


def test_a_freeze_shuts_every_lane_and_is_undone(mei_shop: Merchant) -> None:
    assert services.freeze(merchant_id=mei_shop.pk, reason="dispute")
    assert not services.freeze(merchant_id=mei_shop.pk, reason="again")
    assert Merchant.objects.get().status == Merchant.Status.FROZEN
    assert not Lane.objects.filter(account_id=mei_shop.account_id, open=True).exists()

    assert services.unfreeze(merchant_id=mei_shop.pk, reason="settled")
    assert not services.unfreeze(merchant_id=mei_shop.pk, reason="again")
    assert not Lane.objects.filter(account_id=mei_shop.account_id, open=False).exists()


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("merchant_has_a_name", {"name": ""}),
        ("merchant_symbol_texts_are_ascii", {"name_ascii": "王"}),
        ("merchant_symbol_texts_are_ascii", {"city_ascii": "Malmö"}),
        ("merchant_status_is_known", {"status": "asleep"}),
    ],
)
def test_the_database_keeps_shops_sane(mei_shop: Merchant, constraint: str, change: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        Merchant.objects.filter(pk=mei_shop.pk).update(**change)


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("plan_takes_at_most_the_whole", {"fee_bp": 10_001}),
        ("plan_takes_at_most_the_whole", {"withdrawal_fee_bp": 10_001}),
        ("plan_minimum_is_never_negative", {"fee_minimum": -1}),
    ],
)
def test_the_database_keeps_plans_sane(constraint: str, change: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        Plan.objects.update(**change)


def test_a_place_s_name_is_used_once_by_a_shop(mei_shop: Merchant) -> None:
    Place.objects.create(merchant=mei_shop, name="Corner Street 3")

    with pytest.raises(IntegrityError, match="place_name_is_used_once_by_a_merchant"):
        Place.objects.create(merchant=mei_shop, name="Corner Street 3")


def test_a_place_has_a_name(mei_shop: Merchant) -> None:
    with pytest.raises(IntegrityError, match="place_has_a_name"):
        Place.objects.create(merchant=mei_shop, name="")
