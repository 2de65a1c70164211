"""The main job: scan, pay, start; and what the page says when the machine does not."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from people.models import User
from tests.journeys import screens
from tests.journeys.conftest import Laundry
from tests.journeys.looks import PHONE, look
from tests.journeys.video import film
from tests.rig.browser import REFUSED_CAMERA, Phone, camera_flags
from tests.rig.service import Service

pytestmark = pytest.mark.browser


def test_a_scanned_machine_is_paid_starts_and_the_page_says_so(
    phone: Phone, laundry: Laundry, alice: User, tmp_path: Path
) -> None:
    laundry.open()
    camera = camera_flags(film(laundry.washer.payload, tmp_path / "code.mjpeg"))
    with phone.page(*camera, **PHONE) as page:
        screens.sign_in(page, alice)
        page.get_by_role("link", name="Scan").click()
        page.wait_for_url("**/q/*")
        expect(page.locator(".payee")).to_contain_text("Corner Laundry")
        expect(page.locator(".plate-l")).to_contain_text("07")
        look(page, "pay-machine")
        page.locator("[data-open-sheet]").click()
        screens.press(page, "135", inside="#sheet")
        look(page, "pin")
        screens.press(page, "790", inside="#sheet")
        screens.expect_machine(page, "Running")
        screens.expect_money(page, "¥3.00")
        look(page, "running")
        assert laundry.starts(laundry.washer) == 1
        screens.expect_machine(page, "Done", within_s=60)
        screens.expect_money(page, "¥3.00 paid")
        assert page.locator("[hx-trigger]").count() == 0, "a final page asks no more"
        look(page, "done")
        assert screens.available(page) == "¥497.00"


def test_a_silent_machine_counts_down_and_the_money_comes_back(
    phone: Phone, laundry: Laundry, alice: User
) -> None:
    laundry.chair.faults.silent = True
    laundry.open(COMMAND_EXPIRY_S="3", GRACE_S="3", GATEWAY_RETURN_S="1")
    with phone.page(**PHONE) as page:
        screens.sign_in(page, alice, laundry.chair.path)
        screens.pay(page)
        screens.expect_machine(page, "Asked to start")
        expect(page.locator("[data-release-at]")).to_have_text(re.compile(r"0:0\d"))
        look(page, "starting")
        screens.expect_machine(page, "Perhaps started")
        screens.expect_money(page, "¥10.00 still set aside")
        look(page, "unknown")
        screens.expect_machine(page, "Did not start")
        screens.expect_money(page, "¥10.00 is back")
        look(page, "repaid")
        assert screens.available(page) == "¥500.00"
        assert "Did not start" in page.locator(".rows").inner_text()
    assert laundry.starts(laundry.chair) == 0


def test_a_machine_that_refuses_or_breaks_off_says_what_is_back(
    phone: Phone, laundry: Laundry, alice: User
) -> None:
    laundry.washer.faults.door_open = True
    laundry.chair.faults.breaks_after_s = 300
    laundry.open()
    with phone.page(**PHONE) as page:
        screens.sign_in(page, alice, laundry.washer.path)
        screens.pay(page)
        screens.expect_machine(page, "Did not start")
        expect(page.get_by_text("Its door is open")).to_be_visible()
        page.get_by_role("link", name="Try again").click()
        expect(page.locator(".plate-l")).to_contain_text("07")
        page.goto(laundry.chair.path)
        screens.pay(page)
        screens.expect_machine(page, "Stopped early", within_s=60)
        screens.expect_money(page, "¥5.00 of ¥10.00 is back")
        look(page, "stopped")
        page.goto("/history/")
        look(page, "history-machines")


def test_the_page_catches_up_after_the_server_was_away(phone: Phone, laundry: Laundry, alice: User) -> None:
    for broken_off in ("ERR_CONNECTION", "ERR_CONTENT_LENGTH", "ERR_EMPTY_RESPONSE", "htmx:"):
        phone.faults.forgive(broken_off)
    laundry.chair.faults.deaf_s = 3
    laundry.open()
    with phone.page(**PHONE) as page:
        screens.sign_in(page, alice, laundry.chair.path)
        screens.pay(page)
        screens.expect_machine(page, "Asked to start")
        page.wait_for_load_state()  # its scripts too: a page that was never whole cannot notice anything
        laundry.service.web.kill()
        expect(page.locator("#offline")).to_be_visible(timeout=screens.AT_ONCE_MS)
        laundry.service.web.start()
        expect(page.locator("#offline")).to_be_hidden(timeout=screens.AT_ONCE_MS)
        screens.expect_machine(page, "Running")
        page.goto("/")
        expect(page.locator(".using")).to_contain_text("min left")
        look(page, "home-using")


def test_while_no_machine_can_be_heard_no_clock_runs(phone: Phone, laundry: Laundry, alice: User) -> None:
    laundry.chair.faults.silent = True
    laundry.open(GATEWAY_SILENT_S="4")
    with phone.page(**PHONE) as page:
        screens.sign_in(page, alice, laundry.chair.path)
        screens.pay(page)
        screens.expect_machine(page, "Asked to start")
        laundry.service.gateway.kill()
        screens.expect_machine(page, "We cannot hear it", within_s=30)
        screens.expect_money(page, "¥10.00 still set aside")
        assert page.locator("[data-release-at]").count() == 0
        look(page, "unheard")


def test_an_offline_machine_takes_no_money(phone: Phone, laundry: Laundry, alice: User) -> None:
    laundry.service.start("web")
    with phone.page(**PHONE) as page:
        screens.sign_in(page, alice, laundry.chair.path)
        expect(page.get_by_text("21 is offline. Try another machine")).to_be_visible()
        expect(page.locator("[data-open-sheet]")).to_be_disabled()
        look(page, "pay-offline")


def test_a_refused_camera_leaves_the_plate_to_type(phone: Phone, laundry: Laundry, alice: User) -> None:
    laundry.service.start("web")
    with phone.page(*REFUSED_CAMERA, **PHONE) as page:
        screens.sign_in(page, alice, "/scan/")
        page.wait_for_url("**/number/?camera=refused")
        expect(page.get_by_text("The camera is off for this site")).to_be_visible()
        screens.press(page, "07", inside="[data-number-form]")
        look(page, "camera-refused")
        page.get_by_role("button", name="Find machine 07").click()
        expect(page.locator(".plate-l")).to_contain_text("07")


def test_a_strangers_code_is_shown_and_never_opened(
    phone: Phone, service: Service, alice: User, tmp_path: Path
) -> None:
    service.start("web")
    camera = camera_flags(film("https://evil.example/q/" + "0" * 26, tmp_path / "it.mjpeg"))
    with phone.page(*camera, **PHONE) as page:
        screens.sign_in(page, alice, "/scan/")
        expect(page.locator("[data-says]")).to_contain_text("https://evil.example/q/")
        look(page, "scan")
        assert page.url.endswith("/scan/")
