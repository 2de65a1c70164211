"""POST users: signing up, in the demo."""

from typing import Any

import pytest
from pytest_django import Settings

from people.models import User
from tests.api.callers import Caller, Person, nothing_changes, refusal
from tests.cast import PASSWORD, PIN

DORA = {"phone": "+8613800000011", "password": PASSWORD, "name": "Dora", "pin": PIN}


def sign_up(caller: Caller, **changed: Any) -> Any:
    return caller.post("users", DORA | changed)


def test_a_new_person_has_an_id_a_token_that_works_and_an_empty_wallet(nobody: Caller) -> None:
    answer = sign_up(nobody)

    assert answer.status_code == 201
    assert set(answer.json()) == {"id", "token"}
    me = Caller(answer.json()["token"]).get("me").json()
    assert (me["id"], me["name"], me["phone"]) == (answer.json()["id"], "Dora", DORA["phone"])
    assert me["balance"] == {"available": 0, "held": 0}


def test_the_new_person_can_pay_with_the_pin_she_chose(nobody: Caller, bob: Person) -> None:
    dora = Caller(sign_up(nobody).json()["token"])
    assert dora.post("top-ups", {"amount": 500}, key="t").status_code == 201

    assert dora.pay(bob.code().token, amount=500, pin=PIN).status_code == 201
    assert bob.money == 500


def test_a_name_is_kept_as_it_was_written_without_outer_space(nobody: Caller) -> None:
    token = sign_up(nobody, name="  王小明 👩‍🔧 ").json()["token"]

    assert Caller(token).get("me").json()["name"] == "王小明 👩‍🔧"


def test_unknown_fields_are_ignored(nobody: Caller) -> None:
    answer = sign_up(nobody, is_staff=True, balance=1_000_000, extra={"deep": [1]})

    assert answer.status_code == 201
    assert not User.objects.get(pk=answer.json()["id"]).is_staff
    assert Caller(answer.json()["token"]).get("me").json()["balance"]["available"] == 0


def test_a_number_signs_up_once(nobody: Caller, alice: Person) -> None:
    with nothing_changes():
        refusal(sign_up(nobody, phone=alice.user.phone), 409, "phone_taken")


@pytest.mark.parametrize("pin", ["111111", "123456", "098765", "121212"])
def test_a_pin_that_thieves_try_first_is_refused(nobody: Caller, pin: str) -> None:
    with nothing_changes():
        refusal(sign_up(nobody, pin=pin), 400, "weak_pin", "pin")


@pytest.mark.parametrize("password", ["short", "password", "8613800000011"])
def test_a_password_that_thieves_try_first_is_refused(nobody: Caller, password: str) -> None:
    with nothing_changes():
        refusal(sign_up(nobody, password=password), 400, "weak_password", "password")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        "Ali\u202ece",
        "\u2066Alice\u2069",
        "Ali\u200bce",
        "Ali\nce",
        "Ali\tce",
        "\ufeffAlice",
        "\u200d",
        "x" * 65,
        "Ali\ue000ce",
    ],
    ids=ascii,
)
def test_a_name_that_hides_or_reorders_text_is_refused(nobody: Caller, name: str) -> None:
    with nothing_changes():
        refusal(sign_up(nobody, name=name), 400, "invalid", "name")


@pytest.mark.parametrize(
    "phone",
    ["", "1234", "+", "１２３４５６７", "٠١٢٣٤٥٦٧", "+86 138", "+8613800000001 ext", "1" * 17],
    ids=ascii,
)
def test_a_phone_is_5_to_15_ascii_digits(nobody: Caller, phone: str) -> None:
    with nothing_changes():
        refusal(sign_up(nobody, phone=phone), 400, "invalid", "phone")


def test_without_the_demo_there_is_no_such_address(nobody: Caller, settings: Settings) -> None:
    settings.DEMO = False

    with nothing_changes():
        refusal(sign_up(nobody), 404, "not_found")
