"""A person who comes near a limit sees it before he types his PIN."""

import pytest
from playwright.sync_api import expect

from payments import accounts, caps, codes
from payments.models import CapRule
from people.models import User
from tests.journeys import screens
from tests.journeys.looks import PHONE, look
from tests.payments.hands import pay
from tests.rig.browser import Phone
from tests.rig.service import Service

pytestmark = pytest.mark.browser

LEFT = "You can pay ¥176.55 more today this way"


def test_what_is_left_is_said_and_more_cannot_be_sent(
    phone: Phone, service: Service, alice: User, bob: User
) -> None:
    code = codes.create(account_id=accounts.wallet_of(bob.pk).pk)
    CapRule.objects.filter(name=caps.PERSONAL_STATIC).update(cap=30_000)
    pay(alice, code, 12_345)
    service.start("web")
    with phone.page(**PHONE) as page:
        screens.sign_in(page, alice, "/me/")
        look(page, "limits-me")
        page.goto("/history/")
        look(page, "limits-history")

        page.goto(f"/q/{code.token}")
        limit, button = page.locator("main [data-limit]"), page.locator("[data-open-sheet]")
        screens.press(page, "200")
        expect(limit).to_have_text(LEFT)
        expect(button).to_be_disabled()
        look(page, "limits-over")

        for _ in "200":
            screens.press(page, ["erase"])  # type: ignore[arg-type]  # one key of that name
        screens.press(page, "176.55")
        expect(button).to_be_enabled()
        look(page, "limits-pay")
        button.click()
        expect(page.locator("#sheet [data-limit]")).to_have_text(LEFT)
        look(page, "limits-sheet")
        screens.type_pin(page)
        page.wait_for_url("**/payments/*/")

        page.goto(f"/q/{code.token}")
        expect(limit).to_have_text("You can pay ¥0.00 more today this way")
