"""A parcel locker: put in and fetched for nothing, and paid for when it stayed too long."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F
from playwright.sync_api import Page, expect

from devices.models import Parcel
from devices.protocol.events import RejectCode
from payments import queries
from payments.models import Payment
from people.models import User
from tests.journeys import screens
from tests.journeys.conftest import Hall
from tests.journeys.looks import PHONE, look
from tests.rig.browser import Phone

pytestmark = pytest.mark.browser

SPEED = 3  # a door stays open for five seconds


@pytest.fixture
def lockers(hall: Callable[..., Hall]) -> Hall:
    """One locker, and everything that opens its doors."""
    lockers = hall("locker", speed=SPEED)
    lockers.open()
    return lockers


def put_in(page: Page) -> str:
    """Put a small parcel in, from the locker's page on, and return its pick-up code once the door is shut."""
    screens.choose(page, "Put in, small")
    screens.act(page, "Open door")
    page.wait_for_url("**/runs/*/")
    screens.expect_machine(page, "Closed")
    return screens.secret(page)


def ask_price(page: Page, lockers: Hall, code: str) -> None:
    """Type a pick-up code and ask what it costs."""
    page.goto(lockers["locker"].path)
    screens.choose(page, "Take out")
    expect(page.locator("[data-open-sheet]")).to_be_disabled()
    page.get_by_label("Pick-up code").fill(code)
    screens.act(page, "See the price")


def a_day_later(hours: int) -> None:
    """Let every parcel have been behind its door for so many hours longer."""
    Parcel.objects.update(stored_at=F("stored_at") - timedelta(hours=hours))


def test_a_parcel_is_put_in_and_fetched_for_nothing(phone: Phone, lockers: Hall, alice: User) -> None:
    phone.faults.forgive("400")
    with phone.page(**PHONE) as page:
        screens.sign_in(page, alice, lockers["locker"].path)
        look(page, "locker")
        screens.act(page, "Open door")
        page.wait_for_url("**/runs/*/")
        screens.expect_machine(page, "Open")
        expect(page.get_by_role("heading", name="Door 1 is open")).to_be_visible()
        screens.expect_money(page, "Nothing to pay")
        look(page, "locker-open")
        code = screens.secret(page)
        screens.expect_machine(page, "Closed")
        assert screens.secret(page) == code
        expect(page).to_have_title("Door 1 is closed · Saoma")
        look(page, "locker-closed")
        page.goto("/")
        expect(page.get_by_text("Parcels you put in")).to_be_visible()
        look(page, "home-parcels")

        ask_price(page, lockers, str((int(code) + 1) % 10**8).zfill(8))
        expect(page.get_by_text("No parcel here has this code.")).to_be_visible()
        look(page, "locker-wrong-code")
        page.get_by_label("Pick-up code").fill(code)
        screens.act(page, "See the price")
        screens.act(page, "Open door")
        page.wait_for_url("**/runs/*/")
        screens.expect_machine(page, "Closed")
        screens.expect_money(page, "Nothing to pay")
        assert page.locator("[data-code]").count() == 0
    assert Payment.objects.count() == 0
    assert lockers.starts(lockers["locker"]) == 2


def test_what_stayed_too_long_is_paid_and_a_door_that_stays_shut_is_repaid(
    phone: Phone, lockers: Hall, alice: User
) -> None:
    locker = lockers["locker"]
    with phone.page(**PHONE) as page:
        screens.sign_in(page, alice, locker.path)
        code = put_in(page)
        a_day_later(hours=30)

        locker.faults.rejects = RejectCode.BUSY
        ask_price(page, lockers, code)
        expect(page.locator("[data-open-sheet]")).to_have_text("Pay ¥1.00")
        look(page, "locker-surcharge")
        screens.pay(page)
        screens.expect_machine(page, "Did not open")
        screens.expect_money(page, "¥1.00 is back")
        look(page, "locker-repaid")

        locker.faults.rejects = None
        ask_price(page, lockers, code)
        expect(page.locator("[data-open-sheet]")).to_have_text("Pay ¥1.00")
        screens.pay(page)
        screens.expect_machine(page, "Closed")
        screens.expect_money(page, "¥1.00 paid")
        look(page, "locker-fetched")
        page.goto("/history/")
        look(page, "locker-history")
    assert queries.balance(alice.pk).available == 49_900
