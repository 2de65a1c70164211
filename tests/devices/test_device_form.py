"""What an operator sets of a machine in the admin is checked against its type."""

import json
from typing import Any

import pytest
from django.test import Client

from devices.models import Device
from people.models import User
from tests.devices.lockers import Locker

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser(phone="+8613800000000", password="x", name="Admin"))
    return client


def save(admin: Client, device: Device, **fields: Any) -> list[str]:
    """Save the form; return what it complains about."""
    values = {"number": device.number, "name": device.name, "prices": "{}", "settings": "{}"}
    values |= {name: json.dumps(value) for name, value in fields.items()}
    answer: Any = admin.post(f"/admin/devices/device/{device.pk}/change/", values)
    if answer.status_code == 302:
        return []
    return [text for texts in answer.context["adminform"].form.errors.values() for text in texts]


def test_settings_and_prices_that_fit_are_kept(admin: Client, locker: Locker) -> None:
    settings = {"doors": {"S": ["A1", "A2"]}, "free_s": 3600, "step_s": 600, "cap": 900}

    assert save(admin, locker.device, settings=settings, prices={"deposit-s": 0, "pickup": 50}) == []
    assert Device.objects.get().settings == settings
    assert Device.objects.get().prices == {"deposit-s": 0, "pickup": 50}


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"doors": {"S": ["1", "1"]}}, "doors: Named twice: 1."),
        ({"free": 1}, "free: Unknown argument."),
        ({"step_s": 0}, "step_s: Must be within 60 and 2592000."),
        ([1], "Give a JSON object."),
    ],
)
def test_settings_that_do_not_fit_are_refused(
    admin: Client, locker: Locker, settings: object, complaint: str
) -> None:
    before = Device.objects.get().settings

    assert save(admin, locker.device, settings=settings) == [complaint]
    assert Device.objects.get().settings == before


@pytest.mark.parametrize(
    ("prices", "complaint"),
    [
        ({"deposit-xl": 100}, "There is no option deposit-xl."),
        ({"pickup": "1.00"}, "pickup: give whole minor units."),
        ({"pickup": -1}, "pickup: give whole minor units."),
        ([], ""),
        (["pickup"], "Give a JSON object."),
    ],
)
def test_prices_that_are_none_are_refused(
    admin: Client, locker: Locker, prices: object, complaint: str
) -> None:
    assert save(admin, locker.device, prices=prices) == ([complaint] if complaint else [])


def test_only_what_may_be_free_is_free(admin: Client, chair: Device) -> None:
    assert save(admin, chair, prices={"10min": 0}) == ["10min: give whole minor units."]
    assert save(admin, chair, prices={"10min": None}) == []
