"""Closing an incident: after a question, with a reason, by whom may, and not without a trace."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from devices.models import Device, Incident
from devices.states import Trouble
from people.models import User
from tests.cast import PASSWORD
from tests.devices.hardware import Hardware
from tests.devices.paying import bought, give, go_online

pytestmark = pytest.mark.django_db

LIST = "admin:devices_incident_changelist"


@pytest.fixture
def incident(chair: Device, hardware: Hardware, intake: object, alice: User) -> Incident:
    """A chair that started late."""
    go_online(intake, hardware)  # type: ignore[arg-type]
    give(alice, 5000)
    return Incident.objects.create(kind=Trouble.LATE_START, device=chair, run=bought(chair, alice))


def staff(*permissions: str) -> Client:
    """The browser of somebody who has these permissions and no others."""
    user = User.objects.create(phone="+8613800000008", name="Desk", is_staff=True)
    user.set_password(PASSWORD)
    user.save()
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    browser = Client()
    browser.force_login(user)
    return browser


def closing(incident: Incident) -> str:
    return reverse("admin:devices_incident_close", args=[incident.pk])


def is_closed(incident: Incident) -> bool:
    incident.refresh_from_db()
    return incident.closed_at is not None


def test_who_may_only_look_closes_nothing(incident: Incident) -> None:
    browser = staff("view_incident")
    bulk = {"action": "close", "_selected_action": [incident.pk]}

    assert browser.get(reverse(LIST)).status_code == 200
    browser.post(reverse(LIST), bulk)
    assert not is_closed(incident)
    assert browser.post(closing(incident), {"reason": "refunded by hand"}).status_code == 403
    assert not is_closed(incident)


def test_closing_asks_wants_a_reason_and_is_remembered(incident: Incident) -> None:
    browser = staff("view_incident", "change_incident")

    assert "looked at" in browser.get(closing(incident)).text
    browser.post(closing(incident), {"reason": ""})
    assert not is_closed(incident)

    browser.post(closing(incident), {"reason": "refunded by hand"})
    assert is_closed(incident)
    assert LogEntry.objects.get().change_message == "Close: refunded by hand"


def test_an_incident_is_closed_once(incident: Incident) -> None:
    browser = staff("view_incident", "change_incident")
    browser.post(closing(incident), {"reason": "first"})
    closed_at = Incident.objects.get().closed_at
    browser.post(closing(incident), {"reason": "second"})

    assert Incident.objects.get().closed_at == closed_at
    assert LogEntry.objects.count() == 1
