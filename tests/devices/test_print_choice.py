"""`print_codes`: which codes are printed, and what is said when none can be."""

from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from devices.models import Device
from devices.services.provision import provision
from merchants.models import Merchant, Place
from merchants.services import open_merchant
from payments import accounts, codes, payloads
from payments.models import Code
from people.models import User
from tests.devices.sheets import machine, printed

pytestmark = pytest.mark.django_db


@pytest.fixture
def hall(mei_shop: Merchant) -> Place:
    return Place.objects.create(merchant=mei_shop, name="Hall 2")


def test_the_machines_of_a_shop_a_place_or_an_account_are_chosen(
    tmp_path: Path, mei_shop: Merchant, hall: Place, bob: User
) -> None:
    machine(mei_shop, "1")
    machine(mei_shop, "2", place_id=hall.pk)
    other = open_merchant(owner_id=bob.pk, name="Bob's Gym", category="gym")
    machine(other, "3")
    private = provision(
        account_id=accounts.wallet_of(bob.pk).pk, place_id=None, type="chair", number="4", name="Chair"
    )

    def numbers(**choice: Any) -> list[str]:
        return [lines[1] for _symbol, lines in printed(tmp_path, **choice).stickers()]

    assert sorted(numbers()) == ["1", "2", "3", "4"]
    assert numbers(merchant=[mei_shop.pk]) == ["1", "2"]
    assert numbers(merchant=[mei_shop.pk, other.pk]) == ["3", "1", "2"]
    assert numbers(place=[hall.pk]) == ["2"]
    assert numbers(account=[private.account_id]) == ["4"]
    assert numbers(code=[Code.objects.get(target=private.pk).pk]) == ["4"]


def test_a_shop_s_own_codes_are_printed_when_asked_for(
    tmp_path: Path, mei_shop: Merchant, hall: Place
) -> None:
    machine(mei_shop, "1")
    counter = codes.create(
        account_id=mei_shop.account_id, payable="merchant", place_id=hall.pk, label="secret", memo="old"
    )
    codes.create(account_id=mei_shop.account_id, payable="merchant", kind="dynamic")
    codes.revoke(code_id=codes.create(account_id=mei_shop.account_id, payable="merchant").pk)

    shop = (
        payloads.payload_of(counter.token),
        ["Scan to pay", "Corner Laundry", "Hall 2", "Your phone must show this name before you pay."],
    )
    assert len(printed(tmp_path).stickers()) == 1
    assert shop in printed(tmp_path, shops=True).stickers()
    assert len(printed(tmp_path, shops=True).stickers()) == 2
    assert printed(tmp_path, code=[counter.pk]).stickers() == [shop]
    assert printed(tmp_path, shops=True, place=[hall.pk]).stickers() == [shop]


def test_a_machine_that_is_off_or_has_no_paying_code_is_not_printed(
    tmp_path: Path, mei_shop: Merchant, capsys: pytest.CaptureFixture[str]
) -> None:
    machine(mei_shop, "1")
    Device.objects.filter(pk=machine(mei_shop, "2").pk).update(enabled=False)
    revoked = machine(mei_shop, "3", name="Dryer")
    codes.revoke(code_id=Code.objects.get(target=revoked.pk).pk)

    assert [lines[1] for _symbol, lines in printed(tmp_path).stickers()] == ["1"]
    assert "Left out: Dryer 3 has no code that pays" in capsys.readouterr().err


def test_a_machine_s_newest_code_is_printed_and_only_if_it_pays_the_machine_s_owner(
    tmp_path: Path, mei_shop: Merchant, bob: User
) -> None:
    device = machine(mei_shop, "1")
    newest = codes.create(account_id=mei_shop.account_id, payable="machine", target=device.pk)
    codes.create(account_id=accounts.wallet_of(bob.pk).pk, payable="machine", target=device.pk)

    ((symbol, _lines),) = printed(tmp_path).stickers()

    assert symbol == payloads.payload_of(newest.token)


class TestRefusals:
    """One sentence each, with the cure."""

    def refused(self, **options: Any) -> str:
        with pytest.raises(CommandError) as refused:
            call_command("print_codes", **{"out": Path("never.pdf")} | options)
        assert not Path("never.pdf").exists()
        return str(refused.value)

    def test_nothing_to_print(self, mei_shop: Merchant) -> None:
        assert "provision_device" in self.refused()
        machine(mei_shop, "1")
        assert "choose less" in self.refused(merchant=[uuid4()])
        assert "choose less" in self.refused(account=[mei_shop.owner_id.int % 1000])

    def test_codes_that_nobody_should_print(self, mei_shop: Merchant) -> None:
        nobody_s = uuid4()
        assert str(nobody_s) in self.refused(code=[nobody_s])
        dynamic = codes.create(account_id=mei_shop.account_id, payable="merchant", kind="dynamic")
        assert "is dynamic" in self.refused(code=[dynamic.pk])
        revoked = codes.create(account_id=mei_shop.account_id, payable="merchant")
        codes.revoke(code_id=revoked.pk)
        assert "is revoked" in self.refused(code=[revoked.pk])

    def test_codes_beside_another_choice(self, mei_shop: Merchant) -> None:
        assert "--code" in self.refused(code=[uuid4()], shops=True)
        assert "--code" in self.refused(code=[uuid4()], merchant=[mei_shop.pk])

    def test_a_name_that_emvco_cannot_spell(self, mei_shop: Merchant) -> None:
        machine(mei_shop, "07")
        Merchant.objects.update(name="美美洗衣店", name_ascii="")
        assert "--format url" in self.refused(format="emv")

    def test_a_file_that_cannot_be_written(self, mei_shop: Merchant, tmp_path: Path) -> None:
        machine(mei_shop, "1")
        assert "No such file or directory" in self.refused(out=tmp_path / "none" / "x.pdf")
        assert "Is a directory" in self.refused(out=tmp_path)

    def test_a_font_that_is_none(self, mei_shop: Merchant, tmp_path: Path) -> None:
        machine(mei_shop, "1")
        text = tmp_path / "font.ttf"
        text.write_text("no font")
        assert "TrueType" in self.refused(font=text)
        assert "TrueType" in self.refused(font=tmp_path / "none.ttf")

    def test_a_terminal(self, mei_shop: Merchant) -> None:
        machine(mei_shop, "1")

        class Terminal(TextIOWrapper):
            def isatty(self) -> bool:
                return True

        assert "--out" in self.refused(out=None, stdout=Terminal(BytesIO()))
