"""Setting a machine up: the machine, its session, its code, and the secrets that are said once."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from devices.errors import UnknownType
from devices.keys import key_of
from devices.machines.base import find_all
from devices.models import Device
from devices.services.provision import credentials, provision
from devices.tariff import offers
from merchants.models import Merchant
from payments.models import Code

VECTOR_DEVICE = "0193f4a2-7c1e-7b3a-9d55-0a1b2c3d4e5f"


@pytest.mark.django_db
def test_a_machine_comes_with_its_session_and_its_static_code(mei_shop: Merchant) -> None:
    device = provision(
        account_id=mei_shop.account_id, place_id=None, type="washer", number="12", name="Washer"
    )

    code = Code.objects.get()
    assert (code.payable, code.target, code.account_id) == ("machine", device.pk, mei_shop.account_id)
    assert (code.kind, code.status, code.amount) == ("static", "active", None)
    assert device.session.synced_at is None


@pytest.mark.django_db
def test_a_type_that_nobody_describes_is_refused(mei_shop: Merchant) -> None:
    with pytest.raises(UnknownType):
        provision(account_id=mei_shop.account_id, place_id=None, type="toaster", number="1", name="Toaster")
    assert not Device.objects.exists()


@pytest.mark.django_db
def test_the_command_says_everything_that_is_put_into_the_machine(mei_shop: Merchant) -> None:
    out = StringIO()
    options = {"account": mei_shop.account_id, "type": "chair", "number": "3", "name": "Chair"}
    call_command("provision_device", stdout=out, **options)
    said = json.loads(out.getvalue())
    device = Device.objects.get()

    made = credentials(device)
    assert said["device_id"] == str(device.pk)
    assert (said["key"], said["mqtt_password"]) == (made.key, made.mqtt_password)
    assert said["code"].endswith(Code.objects.get().token)
    with pytest.raises(CommandError):
        call_command("provision_device", **options)


def test_credentials_are_derived_and_differ_by_machine_version_and_master_key() -> None:
    key_of.cache_clear()
    first = key_of(VECTOR_DEVICE, 1)
    with override_settings(DEVICE_MASTER_KEY=bytes(32)):
        key_of.cache_clear()
        other = key_of(VECTOR_DEVICE, 1)
    key_of.cache_clear()

    assert len({first, other, key_of(VECTOR_DEVICE, 2), key_of(VECTOR_DEVICE[:-1] + "0", 1)}) == 4
    assert key_of(VECTOR_DEVICE, 1) == first


@pytest.mark.parametrize("price", [None, 0, -5, True, "300", 1.5, 10**13])
def test_a_price_that_is_none_takes_the_option_off(price: object) -> None:
    offered = offers(find_all()["washer"], prices={"quick": price}, currency="CNY")

    assert "quick" not in offered
    assert offered["cotton-40"] == 400


def test_a_currency_without_prices_sells_nothing_until_the_owner_sets_some() -> None:
    washer = find_all()["washer"]

    assert offers(washer, prices={}, currency="EUR") == {}
    assert offers(washer, prices={"quick": 250}, currency="EUR") == {"quick": 250}
