"""Operators' actions in the admin: asked, asked again while somebody uses the machine, and written down."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from devices.gateway.intake import Intake
from devices.models import Command, Device, OperatorAction, Run
from devices.schedule import DEAF
from devices.services.drive import attend
from people.models import User
from tests.cast import PASSWORD
from tests.devices.hardware import Hardware
from tests.devices.paying import bought, give, go_online

pytestmark = pytest.mark.django_db

MAY = ("view_device", "add_operatoraction")


def staff(*permissions: str) -> Client:
    """The browser of somebody who has these permissions and no others."""
    user = User.objects.create(phone="+8613800000008", name="Desk", is_staff=True)
    user.set_password(PASSWORD)
    user.save()
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    browser = Client()
    browser.force_login(user)
    return browser


@pytest.fixture
def running(chair: Device, hardware: Hardware, intake: Intake, alice: User) -> Run:
    """Ten minutes on the chair, started."""
    go_online(intake, hardware)
    give(alice, 5_000)
    run = bought(chair, alice)
    assert attend(command_id=run.pk, ears=DEAF, connected=True)
    intake.store([hardware.event("started", run.pk, left_s=600)])
    return run


def page(device: Device, op: str) -> str:
    return reverse(f"admin:devices_device_operate-{op}", args=[device.pk])


def change_page(browser: Client, device: Device) -> str:
    return browser.get(reverse("admin:devices_device_change", args=[device.pk])).text


def test_what_its_type_knows_is_offered_to_who_may(chair: Device) -> None:
    shown = change_page(staff(*MAY), chair)

    for op in ("identify", "query", "stop", "power-on", "power-off", "clear"):
        assert page(chair, op) in shown
    assert page(chair, "open") not in shown


def test_who_may_only_look_does_nothing(chair: Device) -> None:
    browser = staff("view_device", "change_device")

    assert page(chair, "stop") not in change_page(browser, chair)
    assert browser.post(page(chair, "stop"), {"reason": "test"}).status_code == 403
    assert not OperatorAction.objects.exists()


def test_it_is_done_with_a_reason_and_signed(chair: Device) -> None:
    browser = staff(*MAY)
    assert browser.post(page(chair, "identify"), {"reason": ""}).status_code == 200
    assert not Command.objects.exists()

    answer = browser.post(page(chair, "identify"), {"reason": "where is it"}, follow=True)

    assert "Done: Identify" in answer.text
    (action,) = OperatorAction.objects.all()
    assert (action.op, action.reason, str(action.user)[:4]) == ("identify", "where is it", "Desk")
    assert action.command == Command.objects.get()
    assert LogEntry.objects.get().change_message == "Identify: where is it"


@pytest.mark.parametrize("op", ["stop", "power-off", "clear"])
def test_while_a_run_is_open_it_is_asked_twice(chair: Device, running: Run, op: str) -> None:
    browser = staff(*MAY)
    answer = browser.post(page(chair, op), {"reason": "smoke"}, follow=True)
    assert "Confirm that it is meant" in answer.text
    assert not OperatorAction.objects.exists()
    assert Run.objects.get().status == "started"

    browser.post(page(chair, op), {"reason": "smoke", "confirm": "on"})

    (action,) = OperatorAction.objects.all()
    assert (action.run, action.op) == (running, op.replace("-", "_"))


def test_hidden_signs_in_a_reason_are_refused(chair: Device) -> None:
    staff(*MAY).post(page(chair, "identify"), {"reason": "ok\u202egnp"})

    assert not OperatorAction.objects.exists()
