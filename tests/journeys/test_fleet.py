"""An operator looks at his fleet, on a phone and at a desk."""

from datetime import timedelta

import pytest
from django.db.models import F
from playwright.sync_api import Page, expect

from devices.gateway.beat import beat
from devices.gateway.intake import Intake
from devices.models import Device, GatewayBeat, Run, Session
from devices.services import faults
from devices.services.provision import provision
from merchants.models import Merchant, Place
from outbox.clock import now
from people.models import User
from tests.cast import PASSWORD
from tests.devices.hardware import Hardware
from tests.devices.paying import bought, give, go_online
from tests.journeys.looks import PHONE, look
from tests.rig.browser import Phone
from tests.rig.service import Service

pytestmark = pytest.mark.browser

DESK = {"viewport": {"width": 1280, "height": 800}, "is_mobile": False, "device_scale_factor": 1}
FLEET = "/admin/devices/device/"
BOSS = "+8613800000009"


@pytest.fixture
def fleet(service: Service, mei_shop: Merchant, alice: User) -> dict[str, Device]:
    """Machines in every condition, and the page that shows them."""
    beat(holder="test")
    GatewayBeat.objects.update(
        beat_at=F("beat_at") + timedelta(minutes=5), hearing_since=F("beat_at") - timedelta(hours=1)
    )
    intake = Intake(still_ours=lambda: True)
    place = Place.objects.create(merchant=mei_shop, name="12 Harbour Street", city="Shanghai")
    machines = {
        number: provision(
            account_id=mei_shop.account_id, place_id=place.pk, type=type_, number=number, name=name
        )
        for number, type_, name in (
            ("07", "washer", "Washer"),
            ("08", "washer", "Washer"),
            ("14", "washer", "Washer"),
            ("21", "chair", "Massage chair"),
            ("22", "chair", "Massage chair"),
            ("B1", "bike", "Bike"),
            ("S1", "speaker", "Speaker"),
        )
    }
    _use(machines, intake, alice)
    User.objects.create_superuser(phone=BOSS, password=PASSWORD, name="Boss")
    service.start("web")
    return machines


def _use(machines: dict[str, Device], intake: Intake, payer: User) -> None:
    bodies = {number: Hardware(device) for number, device in machines.items()}
    for number in ("07", "08", "21", "22", "S1"):
        go_online(intake, bodies[number])
    give(payer, 50_000)
    done, going = bought(machines["07"], payer, "quick"), bought(machines["21"], payer)
    intake.store([bodies["07"].event("started", done.pk), bodies["07"].event("finished", done.pk)])
    intake.store([bodies["21"].event("started", going.pk, left_s=540)])
    broken = bought(machines["22"], payer, "20min")
    intake.store([bodies["22"].event("started", broken.pk, left_s=1200)])
    intake.store([bodies["22"].event("failed", broken.pk, code="motor", ran=True, left_s=600)])
    Session.objects.filter(device=machines["08"]).update(last_seen_at=now() - timedelta(hours=3))
    faults.notice(device_id=machines["08"].pk, code="silent")
    assert Run.objects.count() == 3


def sign_in(page: Page) -> None:
    page.goto(f"/admin/login/?next={FLEET}")
    page.locator("#id_username").fill(BOSS)
    page.locator("#id_password").fill(PASSWORD)
    page.locator("[type=submit]").click()
    page.wait_for_url(f"**{FLEET}")


@pytest.mark.parametrize(("name", "shape"), [("phone", PHONE), ("desk", DESK)])
def test_the_fleet_shows_what_to_visit_first(
    phone: Phone, fleet: dict[str, Device], name: str, shape: dict[str, object]
) -> None:
    phone.faults.forgive("favicon.ico")
    with phone.page(**shape) as page:
        sign_in(page)
        rows = page.locator("#result_list tbody tr")
        expect(rows).to_have_count(len(fleet))
        expect(rows.nth(0)).to_contain_text("silent")
        expect(rows.nth(1)).to_contain_text("motor")
        expect(page.locator(".fleet-number").first).to_have_text("2")
        look(page, f"fleet-{name}")
        page.locator(".fleet-card a").first.click()
        page.wait_for_url("**?condition=faulty")
        expect(rows).to_have_count(2)
        look(page, f"fleet-{name}-faulty")
