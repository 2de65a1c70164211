"""Paying people, and every way a payment's answer can get lost."""

import pytest
from playwright.sync_api import Page, Route, expect

from payments import accounts, codes, queries
from payments.models import Payment
from people.models import User
from tests.journeys import screens
from tests.journeys.looks import PHONE, look
from tests.rig.browser import Phone
from tests.rig.service import Service

pytestmark = pytest.mark.browser


@pytest.fixture
def bobs(service: Service, bob: User) -> str:
    """What Bob's printed code opens; the web process runs."""
    service.start("web")
    return f"/q/{codes.create(account_id=accounts.wallet_of(bob.pk).pk).token}"


def fill_in(page: Page, alice: User, path: str) -> None:
    screens.sign_in(page, alice)
    page.goto(path)
    screens.press(page, "12.8")
    expect(page.locator("[data-open-sheet]")).to_have_text("Pay ¥12.80")


def test_a_typed_amount_reaches_a_person(phone: Phone, alice: User, bob: User, bobs: str) -> None:
    with phone.page(**PHONE) as page:
        fill_in(page, alice, bobs)
        look(page, "pay-person")
        page.locator("[data-open-sheet]").click()
        expect(page.locator("#sheet")).to_contain_text("Your PIN, to pay ¥12.80")
        expect(page.locator("#sheet")).to_contain_text("after this ¥487.20")
        screens.type_pin(page)
        page.wait_for_url("**/payments/*/")
        expect(page.get_by_text("Paid to Bob", exact=True)).to_be_visible()
        look(page, "paid")
        page.go_back()
        expect(page.locator(".balance")).to_be_visible()  # nothing to pay twice lies behind the receipt
    assert queries.balance(bob.pk).available == 1_280


def test_a_wrong_pin_moves_nothing_and_the_right_one_pays_once(
    phone: Phone, alice: User, bob: User, bobs: str
) -> None:
    phone.faults.forgive("403")
    with phone.page(**PHONE) as page:
        fill_in(page, alice, bobs)
        screens.pay(page, "000000")
        expect(page.get_by_text("That PIN is not right. No money moved")).to_be_visible()
        assert queries.balance(bob.pk).available == 0
        screens.type_pin(page)
        page.wait_for_url("**/payments/*/")
    assert queries.balance(bob.pk).available == 1_280


def test_hardware_keys_work_and_escape_closes_the_sheet(phone: Phone, alice: User, bobs: str) -> None:
    with phone.page(**PHONE) as page:
        screens.sign_in(page, alice, bobs)
        page.keyboard.type("5.25")
        page.locator("[data-open-sheet]").click()
        page.keyboard.type("13579")
        expect(page.locator("#sheet .dots .on")).to_have_count(5)
        page.keyboard.press("Escape")
        expect(page.locator("#sheet")).to_be_hidden()
        expect(page.locator("[data-open-sheet]")).to_be_focused()
        expect(page.locator("[data-open-sheet]")).to_have_text("Pay ¥5.25")


def test_an_answer_that_got_lost_is_asked_for_and_nothing_is_paid_twice(
    phone: Phone, alice: User, bob: User, bobs: str
) -> None:
    phone.faults.forgive("ERR_FAILED")

    def lose(route: Route) -> None:
        route.fetch()  # it arrives, its answer does not
        route.abort()

    with phone.page(**PHONE) as page:
        fill_in(page, alice, bobs)
        page.route("**/pay", lose)
        screens.pay(page)
        expect(page.get_by_role("heading", name="The answer got lost")).to_be_visible()
        expect(page.locator("#lost")).to_contain_text("¥12.80 may have left")
        page.wait_for_url("**/payments/*/")
        expect(page.get_by_text("Paid to Bob", exact=True)).to_be_visible()
    assert queries.balance(bob.pk).available == 1_280
    assert Payment.objects.count() == 1


def test_a_page_left_while_the_answer_was_lost_asks_when_it_is_opened_again(
    phone: Phone, alice: User, bobs: str
) -> None:
    phone.faults.forgive("ERR_FAILED")

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    with phone.page(**PHONE) as page:
        fill_in(page, alice, bobs)
        page.route("**/pay", lose)
        page.route("**/answer/*", lambda route: route.abort())
        screens.pay(page)
        expect(page.get_by_role("heading", name="The answer got lost")).to_be_visible()
        look(page, "lost")
        page.unroute("**/answer/*")
        page.reload()
        page.wait_for_url("**/payments/*/")
    assert Payment.objects.count() == 1


def test_a_payment_that_never_arrived_is_said_to_have_moved_nothing(
    phone: Phone, alice: User, bob: User, bobs: str
) -> None:
    phone.faults.forgive("ERR_FAILED")
    phone.faults.forgive("404")
    with phone.page(**PHONE) as page:
        fill_in(page, alice, bobs)
        page.route("**/pay", lambda route: route.abort())
        screens.pay(page)
        expect(page.get_by_role("heading", name="The answer got lost")).to_be_visible()
        expect(page.get_by_text("Your payment never reached us. No money moved")).to_be_visible(
            timeout=30_000
        )
        page.unroute("**/pay")
        screens.type_pin(page)
        page.wait_for_url("**/payments/*/")
    assert queries.balance(bob.pk).available == 1_280


def test_offline_nothing_is_sent_and_the_page_says_so(phone: Phone, alice: User, bobs: str) -> None:
    with phone.page(**PHONE) as page:
        fill_in(page, alice, bobs)
        page.context.set_offline(True)
        screens.pay(page)
        expect(page.get_by_text("You are offline. Nothing was sent")).to_be_visible()
        page.context.set_offline(False)
        screens.type_pin(page)
        page.wait_for_url("**/payments/*/")
    assert Payment.objects.count() == 1


def test_a_session_that_ended_before_the_payment_moves_nothing(
    phone: Phone, alice: User, bob: User, bobs: str
) -> None:
    phone.faults.forgive("401")
    with phone.page(**PHONE) as page:
        fill_in(page, alice, bobs)
        page.context.clear_cookies(name="sessionid")
        screens.pay(page)
        expect(page.get_by_text("You were signed out. No money moved")).to_be_visible()
        screens.sign_in(page, alice, bobs)
    assert queries.balance(bob.pk).available == 0


def test_money_that_arrives_is_seen_by_who_waits_for_it(
    phone: Phone, alice: User, bob: User, bobs: str
) -> None:
    with phone.page(**PHONE) as alices, phone.page(**PHONE) as waiting:
        screens.sign_in(waiting, bob, "/receive/")
        fill_in(alices, alice, bobs)
        screens.pay(alices)
        expect(waiting.locator(".toast")).to_contain_text("Received ¥12.80")
        expect(waiting.locator(".toast")).to_contain_text("from Alice")
