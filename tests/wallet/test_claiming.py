"""The page that makes a machine one's own."""

import pytest
from django.test import Client
from django.urls import reverse

from devices import setup_codes
from devices.models import Device
from devices.services.provision import provision_unclaimed
from merchants.models import Merchant, Place
from payments.accounts import wallet_of
from payments.models import Code
from people.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting() -> tuple[Device, str]:
    return provision_unclaimed(type="washer")


@pytest.fixture
def harbour(mei_shop: Merchant) -> Place:
    return Place.objects.create(merchant=mei_shop, name="12 Harbour Street")


def page_of(token: str) -> str:
    return f"/S/{token}"


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_who_is_not_signed_in_signs_in_first_and_comes_back(waiting: tuple[Device, str]) -> None:
    answer = Client().get(page_of(waiting[1]))

    assert answer.status_code == 302
    assert answer["Location"] == f"{reverse('wallet:sign-in')}?next={page_of(waiting[1])}"


def test_the_page_names_the_machine_and_ones_own_places_alone(
    waiting: tuple[Device, str], mei: User, harbour: Place, charlie: User
) -> None:
    text = as_(mei).get(page_of(waiting[1]).lower()).content.decode()
    for words in ("Washing machine", waiting[0].number, "Corner Laundry", "12 Harbour Street", "Mei"):
        assert words in text
    assert 'name="home"' in text

    theirs = as_(charlie).get(page_of(waiting[1])).content.decode()
    assert "Corner Laundry" not in theirs
    assert "Charlie" in theirs


def test_it_becomes_the_shop_s_and_its_code_is_shown(
    waiting: tuple[Device, str], mei: User, mei_shop: Merchant, harbour: Place
) -> None:
    client = as_(mei)
    home = f"{mei_shop.pk}.{harbour.pk}"
    answer = client.post(page_of(waiting[1]), {"home": home, "number": " 07 "})

    device = Device.objects.get()
    assert (device.account_id, device.place_id, device.number) == (mei_shop.account_id, harbour.pk, "07")
    assert answer["Location"] == reverse("wallet:claimed", args=[device.pk])
    text = client.get(answer["Location"]).content.decode()
    image = f"/api/v1/codes/{Code.objects.get().pk}/image.svg"
    assert image in text
    assert "12 Harbour Street" in text
    assert client.get(image).status_code == 200


def test_a_person_without_a_shop_keeps_it(waiting: tuple[Device, str], bob: User) -> None:
    client = as_(bob)
    answer = client.post(page_of(waiting[1]), {"home": "wallet", "number": "07"}, follow=True)

    assert answer.status_code == 200
    assert Device.objects.get().account_id == wallet_of(bob.pk).pk


def test_a_used_an_unknown_and_no_code_are_one_page(
    waiting: tuple[Device, str], bob: User, charlie: User
) -> None:
    token = waiting[1]
    as_(bob).post(page_of(token), {"home": "wallet", "number": "07"})
    pages = [
        as_(charlie).get(page_of(token)),
        as_(bob).get(page_of(token)),
        as_(charlie).post(page_of(token), {"home": "wallet", "number": "08"}),
        as_(charlie).get(page_of("0" * 26)),
        as_(charlie).get(page_of("x")),
    ]

    assert {page.status_code for page in pages} == {404}
    assert all("No machine waits for this code" in page.content.decode() for page in pages)
    assert Device.objects.get().account_id == wallet_of(bob.pk).pk


@pytest.mark.parametrize("number", ["", " ", "x" * 17, "0\u202e7", "\u3164"])
def test_a_number_nobody_could_paint(waiting: tuple[Device, str], bob: User, number: str) -> None:
    answer = as_(bob).post(page_of(waiting[1]), {"home": "wallet", "number": number})

    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert Device.objects.get().account_id is None


def test_a_number_that_is_taken_can_be_put_right(waiting: tuple[Device, str], bob: User) -> None:
    client, (_, other) = as_(bob), provision_unclaimed(type="washer")
    client.post(page_of(other), {"home": "wallet", "number": "07"})
    answer = client.post(page_of(waiting[1]), {"home": "wallet", "number": "07"})

    assert answer.status_code == 422
    assert "Another machine of yours has this number." in answer.content.decode()
    assert client.post(page_of(waiting[1]), {"home": "wallet", "number": "08"}).status_code == 302


def test_somebody_else_s_shop_or_place_cannot_be_chosen(
    waiting: tuple[Device, str], charlie: User, mei_shop: Merchant, harbour: Place
) -> None:
    for home in (str(mei_shop.pk), f"{mei_shop.pk}.{harbour.pk}", "", "nonsense"):
        answer = as_(charlie).post(page_of(waiting[1]), {"home": home, "number": "07"})
        assert answer.status_code == 422
    assert Device.objects.get().account_id is None


def test_only_its_owner_sees_a_machine_s_page(waiting: tuple[Device, str], bob: User, charlie: User) -> None:
    device = waiting[0]
    address = reverse("wallet:claimed", args=[device.pk])
    assert as_(bob).get(address).status_code == 404
    as_(bob).post(page_of(waiting[1]), {"home": "wallet", "number": "07"})

    assert as_(bob).get(address).status_code == 200
    assert as_(charlie).get(address).status_code == 404
    assert Client().get(address).status_code == 302


def test_a_claim_needs_the_page_s_own_form(waiting: tuple[Device, str], bob: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(bob)

    assert client.post(page_of(waiting[1]), {"home": "wallet", "number": "07"}).status_code == 403
    assert Device.objects.get().account_id is None


@pytest.mark.parametrize("field", ["scan", "number"])
def test_a_set_up_code_that_was_read_or_typed_opens_its_page(
    waiting: tuple[Device, str], bob: User, field: str
) -> None:
    payload = setup_codes.payload_of(waiting[1])
    name = "payload" if field == "scan" else "number"
    answer = as_(bob).post(reverse(f"wallet:{field}"), {name: payload})

    assert answer["Location"].upper() == page_of(waiting[1])
    foreign = payload.replace("HTTP://", "HTTPS://EVIL.EXAMPLE/")
    assert as_(bob).post(reverse(f"wallet:{field}"), {name: foreign}).status_code in (200, 404)


@pytest.mark.parametrize(("kind", "words"), [("washer", "starts the machine"), ("speaker", "says so aloud")])
def test_the_page_says_what_the_code_does(bob: User, kind: str, words: str) -> None:
    _, token = provision_unclaimed(type=kind)
    answer = as_(bob).post(page_of(token), {"home": "wallet", "number": "07"}, follow=True)

    assert words in answer.content.decode()
