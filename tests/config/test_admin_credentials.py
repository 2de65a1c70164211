"""A machine's keys, its shutting out and its new code in the admin: confirmed, with a reason, kept."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from devices.models import Device, OperatorAction
from devices.services.provision import credentials, provision, provision_unclaimed
from merchants.models import Merchant
from payments import codes
from payments.models import Code
from people.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def washer(mei_shop: Merchant) -> Device:
    return provision(account_id=mei_shop.account_id, place_id=None, type="washer", number="07", name="Washer")


def page(device: Device, name: str) -> str:
    return reverse(f"admin:devices_device_{name}", args=[device.pk])


def said(answer: object) -> str:
    return " ".join(str(message) for message in answer.context["messages"])  # type: ignore[attr-defined]


def test_a_new_key_is_shown_once_and_not_kept(desk: Client, washer: Device, boss: User) -> None:
    assert desk.get(page(washer, "rotate-key")).status_code == 200
    answer = desk.post(page(washer, "rotate-key"), {"reason": "every spring"}, follow=True)

    washer.refresh_from_db()
    made = credentials(washer)
    assert washer.key_version == 2
    assert made.key in said(answer)
    assert made.mqtt_password in said(answer)
    assert made.key not in desk.get(page(washer, "change")).text
    assert made.key not in desk.get(page(washer, "history")).text
    action = OperatorAction.objects.get()
    assert (action.op, action.user_id, action.reason) == ("rotate_key", boss.pk, "every spring")


def test_a_second_key_is_only_for_emergencies(desk: Client, washer: Device) -> None:
    desk.post(page(washer, "rotate-key"), {"reason": "every spring"})
    refused = desk.post(page(washer, "rotate-key"), {"reason": "twice"}, follow=True)
    assert "has not used it yet" in said(refused)

    desk.post(page(washer, "rotate-key"), {"reason": "it leaked", "at_once": "on"})
    washer.refresh_from_db()
    assert (washer.key_version, washer.old_key_until) == (3, None)


def test_a_machine_is_shut_out_and_let_in_again(desk: Client, washer: Device) -> None:
    assert page(washer, "restore") not in desk.get(page(washer, "change")).text
    desk.post(page(washer, "revoke"), {"reason": "stolen"})
    assert not Device.objects.get().enabled

    shown = desk.get(page(washer, "change")).text
    assert page(washer, "restore") in shown
    assert page(washer, "revoke") not in shown
    desk.post(page(washer, "restore"), {"reason": "found"})
    assert Device.objects.get().enabled
    assert [action.op for action in OperatorAction.objects.order_by("pk")] == ["revoke", "restore"]


def test_nothing_of_it_goes_without_a_reason_or_by_the_form(desk: Client, washer: Device) -> None:
    for name in ("rotate-key", "revoke"):
        assert desk.post(page(washer, name), {"reason": ""}).status_code == 200
    desk.post(page(washer, "change"), {"number": "07", "name": "Washer", "prices": "{}", "settings": "{}"})

    washer.refresh_from_db()
    assert (washer.key_version, washer.enabled) == (1, True)
    assert not OperatorAction.objects.exists()


def test_a_new_code_is_offered_once_the_old_one_is_revoked(desk: Client, washer: Device) -> None:
    assert page(washer, "renew-code") not in desk.get(page(washer, "change")).text
    codes.revoke(code_id=Code.objects.get().pk)

    assert page(washer, "renew-code") in desk.get(page(washer, "change")).text
    desk.post(page(washer, "renew-code"), {"reason": "sticker swapped"})
    assert Code.objects.filter(target=washer.pk, status="active").count() == 1
    assert OperatorAction.objects.get().op == "new_code"


def test_a_machine_without_an_owner_has_its_page_and_gets_no_code(desk: Client) -> None:
    device, _ = provision_unclaimed(type="chair")
    assert desk.get(page(device, "change")).status_code == 200
    desk.post(page(device, "renew-code"), {"reason": "why not"})

    assert not Code.objects.exists()


def test_who_may_only_look_changes_nothing(washer: Device, charlie: User) -> None:
    User.objects.filter(pk=charlie.pk).update(is_staff=True)
    charlie.user_permissions.add(Permission.objects.get(codename="view_device"))
    browser = Client()
    browser.force_login(User.objects.get(pk=charlie.pk))

    for name in ("rotate-key", "revoke", "restore", "renew-code"):
        assert browser.post(page(washer, name), {"reason": "because"}).status_code == 403
    washer.refresh_from_db()
    assert (washer.key_version, washer.enabled) == (1, True)
