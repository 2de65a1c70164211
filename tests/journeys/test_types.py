"""The other types that a person buys at: a bike's code, karaoke by the minute, pulses by the piece."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from people.models import User
from tests.journeys import screens
from tests.journeys.conftest import Hall
from tests.journeys.looks import PHONE, look
from tests.rig.browser import Phone
from tests.rig.waiting import eventually

pytestmark = pytest.mark.browser

Halls = Callable[..., Hall]


def test_a_bike_shows_the_code_of_its_lock(phone: Phone, hall: Halls, alice: User) -> None:
    bikes = hall("bike")
    bikes.open()
    with phone.page(**PHONE) as page:
        screens.sign_in(page, alice, bikes["bike"].path)
        look(page, "bike-pay")
        screens.pay(page)
        screens.expect_machine(page, "Yours")
        screens.expect_money(page, "¥1.50 paid")
        expect(page.locator("[data-code]")).to_have_text(re.compile(r"\d{3}\s*\d{3}"))
        look(page, "bike")
        page.goto("/")
        expect(page.locator(".using")).to_contain_text("min left")


def test_a_bike_without_a_worker_gives_no_code_and_the_money_back(
    phone: Phone, hall: Halls, alice: User
) -> None:
    bikes = hall("bike")
    bikes.service.env(COMMAND_EXPIRY_S="2")
    bikes.service.start("web", "gateway")
    with phone.page(**PHONE) as page:
        screens.sign_in(page, alice, bikes["bike"].path)
        screens.pay(page)
        screens.expect_machine(page, "Asked for the code")
        page.wait_for_timeout(2_500)  # the whole life of a command
        bikes.service.start("machines", "beat")
        screens.expect_machine(page, "No code came")
        screens.expect_money(page, "¥1.50 is back")
        assert page.locator("[data-code]").count() == 0
        look(page, "bike-repaid")
        assert screens.available(page) == "¥500.00"


def test_karaoke_is_sold_by_the_minute(phone: Phone, hall: Halls, alice: User) -> None:
    boxes = hall("karaoke")
    boxes.open()
    with phone.page(**PHONE) as page:
        screens.sign_in(page, alice, boxes["karaoke"].path)
        screens.choose(page, "By the minute")
        button, minutes = page.locator("[data-open-sheet]"), page.get_by_label("Minutes", exact=True)
        page.get_by_role("button", name="Minutes: more").click()
        expect(button).to_have_text("Pay ¥27.00")
        minutes.fill("5")
        expect(button).to_be_disabled()
        minutes.fill("25")
        expect(button).to_have_text("Pay ¥22.50")
        look(page, "karaoke-pay")
        screens.pay(page)
        screens.expect_machine(page, "Running")
        look(page, "karaoke")
        screens.expect_machine(page, "Done", within_s=60)
        screens.expect_money(page, "¥22.50 paid")
        page.goto("/")
        told = page.locator(".told")
        expect(told).to_contain_text("Karaoke box 41 is done")
        look(page, "home-told")
        told.get_by_role("button").click()
        expect(told).to_have_count(0)
        page.reload()
        expect(page.locator(".balance")).to_be_visible()
        assert told.count() == 0


def test_pulses_are_counted(phone: Phone, hall: Halls, alice: User) -> None:
    arcade = hall("pulse")
    arcade.open()
    with phone.page(**PHONE) as page:
        screens.sign_in(page, alice, arcade["pulse"].path)
        more = page.get_by_role("button", name="How many: more")
        for _ in range(2):
            more.click()
        expect(page.locator("[data-open-sheet]")).to_have_text("Pay ¥3.00")
        look(page, "pulse-pay")
        screens.pay(page)
        screens.expect_machine(page, "Sent")
        screens.expect_money(page, "¥3.00 paid")
        look(page, "pulse")
    eventually(lambda: arcade.starts(arcade["pulse"]) == 1, what="one start")
