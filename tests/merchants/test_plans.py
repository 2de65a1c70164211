"""Plans: what a shop pays, from when, and that nothing confirmed is counted anew."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F
from pytest_django import Settings

from merchants import plans, queries
from merchants.errors import PlanPeriodPast, PlanPeriodTaken, UnknownPlan
from merchants.models import Merchant, Plan, PlanPeriod
from outbox import clock
from payments.models import Account, Code
from people.models import User
from tests.payments.conftest import box, rich_alice, shop, sticker
from tests.payments.hands import Box, capture, claim, holds_money, pay
from tests.payments.till import counter_code

__all__ = ["box", "rich_alice", "shop", "sticker"]
pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def time_passes(by: timedelta) -> None:
    """Let everything that was planned begin so much earlier."""
    PlanPeriod.objects.update(starts_at=F("starts_at") - by)


def test_a_change_waits_for_its_hour(mei_shop: Merchant, rich_alice: User, shop: Account) -> None:
    counter = counter_code(shop)
    plans.change(merchant_id=mei_shop.pk, plan="volume", starts_at=clock.now() + HOUR)

    before = pay(rich_alice, counter, 10_000)
    time_passes(2 * HOUR)
    after = pay(rich_alice, counter, 10_000)

    assert [(each.fee_bp, each.fee) for each in (before, after)] == [(80, 80), (60, 60)]


def test_what_was_confirmed_before_keeps_its_terms(
    mei_shop: Merchant, rich_alice: User, sticker: Code, box: Box, shop: Account
) -> None:
    held = pay(rich_alice, sticker)  # at 0.6 %
    box.changes(fee_bp=100)
    plans.change(merchant_id=mei_shop.pk, plan="micro", starts_at=clock.now() + HOUR)
    time_passes(2 * HOUR)

    claim(held)
    capture(held, 1_000)

    held.refresh_from_db()
    assert (held.fee_bp, held.fee, holds_money(shop.pk)) == (60, 6, 994)


def test_the_newest_that_has_begun_counts(mei_shop: Merchant) -> None:
    for plan, hours in (("volume", 1), ("micro", 2), ("standard", 9)):
        plans.change(merchant_id=mei_shop.pk, plan=plan, starts_at=clock.now() + hours * HOUR)
    assert queries.terms(mei_shop.account_id).fee_bp == 80

    time_passes(HOUR + timedelta(minutes=1))
    assert queries.terms(mei_shop.account_id).fee_bp == 60

    time_passes(HOUR)
    assert queries.terms(mei_shop.account_id).fee_bp == 100


def test_the_past_is_not_rewritten(mei_shop: Merchant) -> None:
    for ago in (timedelta(0), timedelta(microseconds=1), HOUR):
        with pytest.raises(PlanPeriodPast):
            plans.change(merchant_id=mei_shop.pk, plan="volume", starts_at=clock.now() - ago)
    assert PlanPeriod.objects.count() == 1


def test_an_unknown_plan_changes_nothing(mei_shop: Merchant) -> None:
    with pytest.raises(UnknownPlan):
        plans.change(merchant_id=mei_shop.pk, plan="gold", starts_at=clock.now() + HOUR)
    assert PlanPeriod.objects.count() == 1


def test_two_changes_at_one_instant_are_refused(mei_shop: Merchant) -> None:
    later = clock.now() + HOUR
    plans.change(merchant_id=mei_shop.pk, plan="volume", starts_at=later)

    with pytest.raises(PlanPeriodTaken):
        plans.change(merchant_id=mei_shop.pk, plan="micro", starts_at=later)


def test_the_database_keeps_one_plan_at_a_time(mei_shop: Merchant) -> None:
    first = PlanPeriod.objects.get()
    with pytest.raises(IntegrityError, match="a_shop_is_on_one_plan_at_a_time"), transaction.atomic():
        PlanPeriod.objects.create(merchant=mei_shop, plan_id="volume", starts_at=first.starts_at)


@pytest.fixture(params=["CNY", "JPY"])
def currency(request: pytest.FixtureRequest, settings: Settings) -> None:
    """Count in a currency of two digits behind the point, and in one of none."""
    settings.CURRENCY = request.param


@pytest.mark.usefixtures("currency")
@pytest.mark.parametrize(
    ("terms", "amount", "fee"),
    [
        ((60, 0), 83, 0),  # 0.498
        ((60, 0), 84, 1),  # 0.504
        ((60, 0), 1_250, 8),  # 7.5
        ((80, 0), 1_250, 10),
        ((80, 0), 62, 0),  # 0.496
        ((80, 0), 63, 1),
        ((100, 0), 50, 1),  # 0.5
        ((100, 0), 49, 0),
        ((100, 0), 100_000, 1_000),
        ((60, 10), 100, 10),  # the minimum
        ((60, 10), 7, 7),  # never more than the amount
        ((10_000, 0), 7, 7),
    ],
)
def test_fees_are_counted_in_minor_units_of_any_currency(
    rich_alice: User, shop: Account, terms: tuple[int, int], amount: int, fee: int
) -> None:
    Plan.objects.update(fee_bp=terms[0], fee_minimum=terms[1])
    paid = pay(rich_alice, counter_code(shop), amount)

    assert (paid.captured_amount, paid.fee) == (amount, fee)
    assert holds_money(shop.pk) == amount - fee
