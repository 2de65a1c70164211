"""Finding what to pay without a camera: by number, by the signs of a code, by a text that was read."""

from collections.abc import Callable

import pytest
from django.test import Client

from devices.models import Device
from devices.services.provision import provision
from merchants.models import Merchant, Place
from merchants.services import open_merchant
from payments import accounts, codes, queries
from payments.models import Code
from people.models import User

pytestmark = pytest.mark.django_db

Provide = Callable[[Merchant, str], Device]


@pytest.fixture
def provide() -> Provide:
    def a_washer(shop: Merchant, number: str) -> Device:
        place, _made = Place.objects.get_or_create(merchant=shop, name="12 Harbour Street")
        return provision(
            account_id=shop.account_id, place_id=place.pk, type="washer", number=number, name="Washer"
        )

    return a_washer


def path_of(device: Device) -> str:
    return f"/q/{Code.objects.get(target=device.pk).token}"


@pytest.mark.parametrize("typed", ["A7", "a7", " A7 "])
def test_a_number_that_is_there_once_opens_its_machine(
    alice_at: Client, mei_shop: Merchant, provide: Provide, typed: str
) -> None:
    washer = provide(mei_shop, "A7")
    assert alice_at.post("/number/", {"number": typed})["Location"] == path_of(washer)


def test_a_number_that_two_shops_use_is_asked_about(
    alice_at: Client, bob: User, mei_shop: Merchant, provide: Provide
) -> None:
    other = open_merchant(owner_id=bob.pk, name="Hill Road Arcade", category="arcade")
    washers = [provide(mei_shop, "07"), provide(other, "07")]
    page = alice_at.post("/number/", {"number": "07"}).content.decode()
    assert all(path_of(washer) in page for washer in washers)
    assert "Corner Laundry" in page
    assert "Hill Road Arcade" in page


def test_a_machine_that_was_switched_off_is_not_found(
    alice_at: Client, mei_shop: Merchant, provide: Provide
) -> None:
    washer = provide(mei_shop, "07")
    Device.objects.filter(pk=washer.pk).update(enabled=False)
    assert "There is no machine 07" in alice_at.post("/number/", {"number": "07"}).content.decode()


def test_the_signs_of_a_code_do_as_well(alice_at: Client, bob: User) -> None:
    code = codes.create(account_id=accounts.wallet_of(bob.pk).pk)
    assert alice_at.post("/number/", {"number": code.token.lower()})["Location"] == f"/q/{code.token}"


def test_a_text_that_only_the_server_reads_opens_its_code(alice_at: Client, bob: User) -> None:
    code = codes.create(account_id=accounts.wallet_of(bob.pk).pk)
    payload = queries.code_answer(code)["emv"]
    assert alice_at.post("/scan/", {"payload": payload})["Location"] == f"/q/{code.token}"


@pytest.mark.parametrize(
    "text", ["https://evil.example/q/" + "0" * 26, "WIFI:S:cafe;;", "<script>alert(1)</script>", "000201"]
)
def test_a_strangers_text_is_shown_and_not_opened(alice_at: Client, text: str) -> None:
    answer = alice_at.post("/scan/", {"payload": text})
    assert answer.status_code == 404
    assert "Not a Saoma code" in answer.content.decode()
    assert "<script>alert" not in answer.content.decode()


def test_a_machine_shows_its_number_place_and_prices(
    alice_at: Client, mei_shop: Merchant, provide: Provide
) -> None:
    page = alice_at.get(path_of(provide(mei_shop, "07"))).content.decode()
    for words in ("Is yours 07?", "Verified shop", "12 Harbour Street", "Cotton 40 °C", "07 is offline"):
        assert words in page


def test_people_of_the_office_have_no_wallet(client: Client) -> None:
    client.force_login(User.objects.create_superuser(phone="+8613800000099", password="x", name="Office"))
    answer = client.get("/")
    assert answer.status_code == 404
    assert "You have no wallet" in answer.content.decode()
    assert client.get("/me/").status_code == 200
