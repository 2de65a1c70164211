"""A shop's plans in the admin: the past is read, the future is changed."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from merchants import plans
from merchants.models import Merchant, Plan, PlanPeriod
from merchants.queries import terms
from outbox import clock
from payments.models import Account
from people.models import User
from tests.config.test_admin_shops import page

pytestmark = pytest.mark.django_db


def save(desk: Client, shop: Merchant, *rows: dict[str, Any]) -> Any:
    """Send the shop's page with these plan periods, stored ones first."""
    form: dict[str, Any] = {
        "name": shop.name,
        "name_ascii": shop.name_ascii,
        "city_ascii": "",
        "category": shop.category,
        "plan_periods-TOTAL_FORMS": len(rows),
        "plan_periods-INITIAL_FORMS": sum("id" in row for row in rows),
        "places-TOTAL_FORMS": 0,
        "places-INITIAL_FORMS": 0,
    }
    for number, row in enumerate(rows):
        form |= {f"plan_periods-{number}-{name}": value for name, value in row.items()}
    return desk.post(page(shop, "change"), form)


def stored(shop: Merchant) -> list[dict[str, Any]]:
    periods = shop.plan_periods.order_by("starts_at")
    return [{"id": each.pk, "merchant": shop.pk} for each in periods]


def new(plan: str, starts_at: datetime) -> dict[str, str]:
    local = timezone.localtime(starts_at)
    return {"plan": plan, "starts_at_0": f"{local:%Y-%m-%d}", "starts_at_1": f"{local:%H:%M:%S}"}


def test_a_change_is_planned(desk: Client, mei_shop: Merchant) -> None:
    tomorrow = clock.now() + timedelta(days=1)

    answer = save(desk, mei_shop, *stored(mei_shop), new("volume", tomorrow))

    assert answer.status_code == 302
    assert [each.plan_id for each in PlanPeriod.objects.order_by("starts_at")] == ["standard", "volume"]
    assert terms(mei_shop.account_id).fee_bp == 80


@pytest.mark.parametrize("ago", [timedelta(seconds=1), timedelta(days=400)])
def test_the_past_is_not_planned(desk: Client, mei_shop: Merchant, ago: timedelta) -> None:
    answer = save(desk, mei_shop, *stored(mei_shop), new("volume", clock.now() - ago))

    assert "at a later time" in answer.text
    assert PlanPeriod.objects.count() == 1


def test_what_is_to_come_is_taken_away(desk: Client, mei_shop: Merchant) -> None:
    plans.change(merchant_id=mei_shop.pk, plan="volume", starts_at=clock.now() + timedelta(days=1))
    first, coming = stored(mei_shop)

    answer = save(desk, mei_shop, first, coming | {"DELETE": "on"})
    assert answer.status_code == 302
    assert [each.plan_id for each in PlanPeriod.objects.all()] == ["standard"]


def test_what_has_begun_stays(desk: Client, mei_shop: Merchant) -> None:
    (first,) = stored(mei_shop)
    tomorrow = new("volume", clock.now() + timedelta(days=1))

    answer = save(desk, mei_shop, first | {"DELETE": "on"}, tomorrow)

    assert "has begun stays" in answer.text
    assert [each.plan_id for each in PlanPeriod.objects.all()] == ["standard"]


def test_nothing_stored_is_moved(desk: Client, mei_shop: Merchant) -> None:
    plans.change(merchant_id=mei_shop.pk, plan="volume", starts_at=clock.now() + timedelta(days=1))
    before = list(PlanPeriod.objects.values().order_by("pk"))
    moved = [row | new("micro", clock.now()) for row in stored(mei_shop)]

    save(desk, mei_shop, *moved)

    assert list(PlanPeriod.objects.values().order_by("pk")) == before


def test_what_a_plan_costs_stays(desk: Client, mei_shop: Merchant) -> None:
    before, plan = terms(mei_shop.account_id), Plan.objects.get(slug="standard")
    rates = {"fee_bp": 0, "fee_minimum": 0, "withdrawal_fee_bp": 10_000, "withdrawal_fee_minimum": 0}

    assert desk.post(page(plan, "change"), {"name": "Usual", "slug": "free"} | rates).status_code == 302

    assert terms(mei_shop.account_id) == before
    assert Plan.objects.values_list("name", "withdrawal_fee_bp").get(slug="standard") == ("Usual", 0)


def test_a_new_shop_begins_with_a_plan_at_once(desk: Client, bob: User) -> None:
    tomorrow = new("volume", clock.now() + timedelta(days=1))
    form = {
        "owner": bob.pk,
        "name": "Bob's Arcade",
        "category": "arcade",
        "plan_periods-TOTAL_FORMS": 1,
        "plan_periods-INITIAL_FORMS": 0,
        "places-TOTAL_FORMS": 0,
        "places-INITIAL_FORMS": 0,
    } | {f"plan_periods-0-{name}": value for name, value in tomorrow.items()}

    answer = desk.post(reverse("admin:merchants_merchant_add"), form)

    assert "begins at once" in answer.text
    assert not Merchant.objects.exists()


def test_a_new_shop_gets_an_account(desk: Client, bob: User) -> None:
    form = {
        "owner": bob.pk,
        "name": "Bob's Arcade",
        "name_ascii": "",
        "city_ascii": "",
        "category": "arcade",
        "plan_periods-TOTAL_FORMS": 1,
        "plan_periods-INITIAL_FORMS": 0,
        "plan_periods-0-plan": "volume",
        "places-TOTAL_FORMS": 0,
        "places-INITIAL_FORMS": 0,
    }

    desk.post(reverse("admin:merchants_merchant_add"), form)

    shop = Merchant.objects.get()
    assert (shop.account.kind, shop.account.owner_id) == (Account.Kind.MERCHANT, bob.pk)
    assert terms(shop.account_id).fee_bp == 60
