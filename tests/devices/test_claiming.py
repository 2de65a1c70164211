"""Machines that wait for their owner, and who may become that."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
import zxingcpp
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from PIL import Image

from devices import setup_codes
from devices.errors import (
    CodeStillPays,
    NotYourShop,
    NumberTaken,
    Unclaimed,
    UnknownSetupCode,
    UnknownType,
)
from devices.models import Device, OperatorAction, Session
from devices.services.claiming import claim
from devices.services.credentials import restore, revoke
from devices.services.provision import provision, provision_unclaimed, renew_code
from devices.sight import Sight
from merchants.models import Merchant, Place
from merchants.services import open_merchant
from payments import codes
from payments.accounts import wallet_of
from payments.errors import UnknownCode
from payments.models import Code
from people.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def new_chair() -> tuple[Device, str]:
    """A chair that belongs to nobody, and its set-up code's token."""
    return provision_unclaimed(type="chair")


@pytest.fixture
def harbour(mei_shop: Merchant) -> Place:
    return Place.objects.create(merchant=mei_shop, name="12 Harbour Street")


def test_an_unclaimed_machine_has_no_code_earns_for_nobody_and_stores_no_token(
    new_chair: tuple[Device, str],
) -> None:
    device, token = new_chair

    assert device.account_id is None
    assert token not in str(Device.objects.filter(pk=device.pk).values().get())
    assert not Code.objects.exists()
    assert Session.objects.filter(device=device).exists()
    assert Sight.of(device.pk) is None
    with pytest.raises(Unclaimed):
        _ = device.earner_id


def test_a_machine_of_no_known_type_is_refused() -> None:
    with pytest.raises(UnknownType):
        provision_unclaimed(type="toaster")


def test_who_scans_it_gets_it_with_a_code_and_a_note_of_it(new_chair: tuple[Device, str], bob: User) -> None:
    device, token = new_chair
    claimed = claim(token=token, user_id=bob.pk, number="21")

    assert claimed.pk == device.pk
    assert (claimed.account_id, claimed.number, claimed.setup_hash) == (wallet_of(bob.pk).pk, "21", "")
    code = Code.objects.get(target=device.pk)
    assert (code.account_id, code.payable, code.status) == (claimed.account_id, "machine", "active")
    action = OperatorAction.objects.get()
    assert (action.op, action.device_id, action.user_id) == ("claim", device.pk, bob.pk)


def test_it_earns_for_the_shop_and_stands_where_its_owner_says(
    new_chair: tuple[Device, str], mei: User, mei_shop: Merchant, harbour: Place
) -> None:
    claimed = claim(
        token=new_chair[1], user_id=mei.pk, number="21", merchant_id=mei_shop.pk, place_id=harbour.pk
    )

    assert (claimed.account_id, claimed.place_id) == (mei_shop.account_id, harbour.pk)
    assert Code.objects.get().place_id == harbour.pk


@pytest.mark.parametrize(
    "spell", [str.lower, str.upper, lambda token: token.replace("0", "O").replace("1", "l")]
)
def test_however_the_code_is_typed(
    new_chair: tuple[Device, str], bob: User, spell: Callable[[str], str]
) -> None:
    assert claim(token=spell(new_chair[1]), user_id=bob.pk, number="21").account_id


def test_a_code_is_good_once(new_chair: tuple[Device, str], bob: User, charlie: User) -> None:
    device, token = new_chair
    claim(token=token, user_id=bob.pk, number="21")

    for user in (charlie, bob):
        with pytest.raises(UnknownSetupCode):
            claim(token=token, user_id=user.pk, number="22")
    device.refresh_from_db()
    assert (device.account_id, device.number) == (wallet_of(bob.pk).pk, "21")
    assert Code.objects.count() == OperatorAction.objects.count() == 1


@pytest.mark.parametrize("token", ["0" * 26, "", "x", "Z" * 26, "\0" * 26, "\N{FULLWIDTH DIGIT ONE}" * 26])
def test_a_token_that_no_machine_has(new_chair: tuple[Device, str], bob: User, token: str) -> None:
    with pytest.raises(UnknownSetupCode):
        claim(token=token, user_id=bob.pk, number="21")


def test_a_code_of_a_machine_that_is_paid_for_is_no_set_up_code(
    bob: User, charlie: User, mei_shop: Merchant
) -> None:
    provision(account_id=mei_shop.account_id, place_id=None, type="chair", number="1", name="Chair")
    with pytest.raises(UnknownSetupCode):
        claim(token=Code.objects.get().token, user_id=charlie.pk, number="2")
    with pytest.raises(UnknownSetupCode):
        setup_codes.read(f"http://127.0.0.1/Q/{Code.objects.get().token}")


def test_a_set_up_code_pays_nothing(new_chair: tuple[Device, str], alice: User) -> None:
    for text in (new_chair[1], setup_codes.payload_of(new_chair[1])):
        with pytest.raises(UnknownCode):
            codes.scan(payload=text, payer_id=alice.pk)


def test_a_machine_that_was_shut_out_waits_for_nobody(
    new_chair: tuple[Device, str], bob: User, mei: User
) -> None:
    device, token = new_chair
    revoke(device_id=device.pk, user_id=mei.pk, reason="the box was stolen")
    with pytest.raises(UnknownSetupCode):
        claim(token=token, user_id=bob.pk, number="21")

    restore(device_id=device.pk, user_id=mei.pk, reason="found")
    assert claim(token=token, user_id=bob.pk, number="21").account_id


def test_nobody_claims_for_a_shop_or_a_place_of_others(
    new_chair: tuple[Device, str], charlie: User, mei: User, mei_shop: Merchant, harbour: Place
) -> None:
    own = open_merchant(owner_id=charlie.pk, name="Arcade", category="arcade", name_ascii="ARCADE")
    for merchant_id, place_id in (
        (mei_shop.pk, None),
        (mei_shop.pk, harbour.pk),
        (own.pk, harbour.pk),
        (None, harbour.pk),
    ):
        with pytest.raises(NotYourShop):
            claim(
                token=new_chair[1], user_id=charlie.pk, number="1", merchant_id=merchant_id, place_id=place_id
            )
    Merchant.objects.filter(pk=mei_shop.pk).update(status=Merchant.Status.FROZEN)
    with pytest.raises(NotYourShop):
        claim(token=new_chair[1], user_id=mei.pk, number="1", merchant_id=mei_shop.pk)
    assert not Code.objects.exists()


def test_a_number_that_is_taken_leaves_the_set_up_code_good(new_chair: tuple[Device, str], bob: User) -> None:
    other, token = provision_unclaimed(type="chair")
    claim(token=new_chair[1], user_id=bob.pk, number="21")
    with pytest.raises(NumberTaken) as refused:
        claim(token=token, user_id=bob.pk, number="21")

    assert list(refused.value.errors) == ["number"]
    assert Code.objects.count() == 1
    assert claim(token=token, user_id=bob.pk, number="22").pk == other.pk


def test_a_machine_gets_a_new_code_only_when_its_old_one_is_revoked(
    new_chair: tuple[Device, str], bob: User, mei: User
) -> None:
    device = claim(token=new_chair[1], user_id=bob.pk, number="21")
    old = Code.objects.get()
    with pytest.raises(CodeStillPays):
        renew_code(device_id=device.pk, user_id=mei.pk, reason="lost")

    codes.revoke(code_id=old.pk)
    new = renew_code(device_id=device.pk, user_id=mei.pk, reason="sticker swapped")
    assert new.token != old.token
    assert (new.target, new.account_id, new.status) == (device.pk, old.account_id, "active")
    assert OperatorAction.objects.get(op="new_code").reason == "sticker swapped"
    with pytest.raises(CodeStillPays):
        renew_code(device_id=device.pk, user_id=mei.pk, reason="again")


def test_device_has_an_owner_or_waits_for_one(new_chair: tuple[Device, str], bob: User) -> None:
    device = Device.objects.filter(pk=new_chair[0].pk)
    for change in ({"setup_hash": ""}, {"account_id": wallet_of(bob.pk).pk}):
        with (
            pytest.raises(IntegrityError, match="device_has_an_owner_or_waits_for_one"),
            transaction.atomic(),
        ):
            device.update(**change)


def test_set_up_code_names_one_device(new_chair: tuple[Device, str]) -> None:
    other, _ = provision_unclaimed(type="chair")
    with pytest.raises(IntegrityError, match="set_up_code_names_one_device"), transaction.atomic():
        Device.objects.filter(pk=other.pk).update(setup_hash=setup_codes.hash_of(new_chair[1]))


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_the_command_prints_a_set_up_code_that_a_phone_reads(tmp_path: Path, bob: User, suffix: str) -> None:
    out, err, image = StringIO(), StringIO(), tmp_path / f"setup{suffix}"
    call_command("provision_device", type="washer", image=image, stdout=out, stderr=err)
    said = json.loads(out.getvalue())

    assert said["setup_code"] == setup_codes.payload_of(setup_codes.read(said["setup_code"]))
    assert "code" not in said
    assert len(err.getvalue().splitlines()) > 15
    if suffix == ".png":
        read = zxingcpp.read_barcode(Image.open(image))
        assert read is not None
        assert read.text == said["setup_code"]
    else:
        assert image.read_text().startswith("<svg") or "<svg" in image.read_text()
    assert claim(token=setup_codes.read(said["setup_code"]), user_id=bob.pk, number="1").type == "washer"


def test_the_command_says_what_it_lacks(mei_shop: Merchant, harbour: Place) -> None:
    with pytest.raises(CommandError, match="--number"):
        call_command("provision_device", type="chair", account=mei_shop.account_id)
    with pytest.raises(CommandError, match="owner says where"):
        call_command("provision_device", type="chair", place=harbour.pk)
    with pytest.raises(CommandError, match="png"):
        call_command("provision_device", type="chair", image=Path("code.gif"))
    assert not Device.objects.exists()
