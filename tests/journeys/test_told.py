"""A machine that will soon be done says so: on home, on its page, in the title, and aloud once."""

import pytest
from playwright.sync_api import expect

from devices.gateway.intake import Intake
from devices.models import Run
from devices.schedule import DEAF
from devices.services.drive import attend
from merchants.models import Merchant
from people.models import User
from tests.devices.conftest import intake
from tests.devices.hardware import Hardware
from tests.devices.paying import bought, go_online
from tests.journeys import screens
from tests.journeys.conftest import spots_at
from tests.journeys.looks import PHONE, look
from tests.rig.browser import Phone
from tests.rig.service import Service

__all__ = ["intake"]

pytestmark = pytest.mark.browser

SOON = "Washing machine\N{NO-BREAK SPACE}07 is done in 5 min"
DONE = "Washing machine\N{NO-BREAK SPACE}07 is done"


@pytest.fixture
def washer(mei_shop: Merchant, service: Service) -> Hardware:
    """A washer whose controller is in our hands; the web process runs."""
    service.start("web")
    return Hardware(spots_at(mei_shop, {"washer": "07"})["washer"].device)


@pytest.fixture
def run(alice: User, washer: Hardware, intake: Intake) -> Run:
    """Alice's wash, twenty minutes before its end."""
    go_online(intake, washer)
    run = bought(washer.device, alice, "quick")
    attend(command_id=run.pk, ears=DEAF, connected=True)
    intake.store([washer.event("started", run.pk, left_s=1200)])
    return run


def test_what_is_soon_done_is_told_on_home_and_on_its_page(
    phone: Phone, alice: User, washer: Hardware, run: Run, intake: Intake
) -> None:
    with phone.page(**PHONE) as page:
        screens.sign_in(page, alice)
        expect(page).to_have_title("Wallet · Saoma")
        page.wait_for_load_state()
        intake.store([washer.event("progress", run.pk, left_s=290)])
        told, aloud = page.locator(".told"), page.locator("#announcer")
        expect(told).to_have_text(SOON)
        expect(page).to_have_title(f"{SOON} · Saoma")
        expect(aloud).to_have_text(SOON)
        expect(page.locator(".using")).to_contain_text("done in 5 min")
        look(page, "home-soon")

        page.evaluate("() => { document.getElementById('announcer').textContent = ''; }")
        intake.store([washer.event("progress", run.pk, left_s=230)])
        expect(told).to_contain_text("done in 4 min")
        assert not aloud.text_content(), "it was said aloud before"
        told.get_by_role("button").click()
        expect(page).to_have_title("Wallet · Saoma")

        told_page = page.locator(".using").get_attribute("href")
        page.goto(told_page or "")
        expect(page.get_by_role("heading", name="is done in 4 min")).to_be_visible()
        look(page, "machine-soon")
        page.wait_for_load_state()
        intake.store([washer.event("finished", run.pk)])
        expect(page).to_have_title(f"{DONE} · Saoma")
        expect(aloud).to_contain_text(DONE)
        page.goto("/")
        expect(told).to_have_text(DONE)
        expect(told.get_by_role("link")).to_have_attribute("href", told_page or "")
