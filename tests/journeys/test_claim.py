"""A new machine out of its box: scan its set-up code, make it one's own, and take a first payment with it."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from devices import setup_codes
from devices.keys import key_of
from devices.models import Device
from devices.protocol.keys import mqtt_password
from devices.services.provision import provision_unclaimed
from merchants.models import Merchant, Place
from payments.models import Code
from people.models import User
from simulator.fleet import Fleet
from simulator.player import Device as Simulated
from tests.journeys import screens
from tests.journeys.conftest import SPEED
from tests.journeys.looks import PHONE, look
from tests.journeys.video import film
from tests.rig.browser import Phone, camera_flags
from tests.rig.service import Service

pytestmark = pytest.mark.browser


def simulated(device: Device) -> Simulated:
    key = key_of(str(device.pk))
    return Simulated(id=str(device.pk), type=device.type, key=key, password=mqtt_password(key))


@pytest.fixture
def box(service: Service, mei_shop: Merchant) -> tuple[Device, str]:
    """A washer out of the factory that the broker knows, and the token of the set-up code on it."""
    Place.objects.create(merchant=mei_shop, name="12 Harbour Street", city="Shanghai")
    device, token = provision_unclaimed(type="washer")
    service.admit_devices()
    return device, token


def test_a_scanned_set_up_code_makes_the_machine_mine_and_it_takes_a_payment(
    phone: Phone, service: Service, box: tuple[Device, str], mei: User, alice: User
) -> None:
    device, token = box
    phone.faults.forgive("404")  # the code is good once
    url = service.servers.nats.url
    with Fleet([simulated(device)], mqtt_url=url, speed=SPEED) as fleet:
        service.start("web", "machines", "gateway", "beat")
        fleet.wait_online()
        _claim(phone, mei, token, service.servers.folder / "setup.mjpeg")
        _pay(phone, alice)
        assert len(fleet.starts(str(device.pk))) == 1


def _claim(phone: Phone, mei: User, token: str, video: Path) -> None:
    camera = camera_flags(film(setup_codes.payload_of(token), video))
    with phone.page(*camera, **PHONE) as page:
        screens.sign_in(page, mei)
        page.get_by_role("link", name="Scan").click()
        page.wait_for_url("**/s/*")
        expect(page.get_by_role("heading", name="Washing machine")).to_be_visible()
        look(page, "claim")
        page.get_by_label("12 Harbour Street").check()
        page.get_by_label("Number on its plate").fill("07")
        page.get_by_role("button", name="Make it mine").click()
        page.wait_for_url("**/machines/*/")
        expect(page.locator(".codecard img")).to_be_visible()
        look(page, "claimed")
        page.goto(f"/s/{token}")
        expect(page.get_by_role("heading", name="No machine waits")).to_be_visible()
        look(page, "claim-used")


def _pay(phone: Phone, alice: User) -> None:
    with phone.page(**PHONE) as page:
        screens.sign_in(page, alice, f"/q/{Code.objects.get().token}")
        expect(page.locator(".plate-l")).to_contain_text("07")
        expect(page.locator(".payee")).to_contain_text("12 Harbour Street")
        screens.pay(page)
        screens.expect_machine(page, "Running")
        screens.expect_machine(page, "Done", within_s=60)
