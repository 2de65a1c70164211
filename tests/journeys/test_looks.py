"""Every page that no other journey passes, on a phone, light and dark."""

import pytest
from playwright.sync_api import expect

from payments import accounts, codes
from people.models import User
from tests.journeys import screens
from tests.journeys.looks import PHONE, look
from tests.payments.hands import fill, static_code
from tests.rig.browser import Phone
from tests.rig.service import Service

pytestmark = pytest.mark.browser

PAGES = ("history", "number", "receive", "receive/amount", "top-up", "me", "nothing")


@pytest.fixture
def web(service: Service) -> None:
    service.start("web")


def test_the_way_in_and_an_empty_wallet_fit(phone: Phone, web: None, bob: User) -> None:
    with phone.page(**PHONE) as page:
        for name in ("sign-in", "sign-up"):
            page.goto(f"/{name}/")
            look(page, name)
        screens.sign_in(page, bob)
        look(page, "home-empty")
        page.goto("/history/")
        look(page, "history-empty")


def test_the_quiet_pages_fit(phone: Phone, web: None, alice: User) -> None:
    phone.faults.forgive("404")
    with phone.page(**PHONE) as page:
        screens.sign_in(page, alice)
        look(page, "home")
        for name in PAGES:
            page.goto(f"/{name}/")
            look(page, name.replace("/", "-"))
        page.goto("/receive/amount/")
        screens.press(page, "20.5")
        page.locator("[data-needs-amount]").click()
        page.wait_for_url("**/receive/*-*/")
        look(page, "request")


def test_a_code_that_is_over_says_so(phone: Phone, web: None, alice: User, bob: User) -> None:
    code = codes.create(account_id=accounts.wallet_of(bob.pk).pk)
    codes.revoke(code_id=code.pk)
    phone.faults.forgive("410")
    with phone.page(**PHONE) as page:
        screens.sign_in(page, alice, f"/q/{code.token}")
        look(page, "code-over")


def test_a_code_that_speaks_of_a_machine_and_pays_a_person(
    phone: Phone, web: None, alice: User, bob: User
) -> None:
    fill(alice, 5000)
    code = static_code(bob, memo="Washer 07")
    with phone.page(**PHONE) as page:
        screens.sign_in(page, alice, f"/q/{code.token}")
        expect(page.locator(".notice.bad").first).to_contain_text("This code pays a person")
        look(page, "pay-notices")
