"""POST and GET me/upgrade: a person asks to be a shop."""

from typing import Any

import pytest

from merchants import applications
from merchants.models import Application
from people.models import User
from tests.api.callers import Caller, Person, nothing_changes, refusal
from tests.api.test_bodies import NO_OBJECT, NO_TEXT, can_be_read

NO_CATEGORY = [
    *(*NO_TEXT, '"Laundry"', '"laun dry"', '"laundry "', '"-laundry"', '"laundry-"', '"dry--clean"'),
    *('"洗衣"', '"laundry１"', '"laundry_1"', r'"laundry\u202e"', r'"laundry\n"', f'"{"x" * 33}"', '"a/b"'),
]
NO_NAME = [*NO_TEXT, '" "', f'"{"x" * 65}"', r'"\u202eBob"', r'"Bob\nShop"', r'"\u200b"', r'"\u3164"']


@pytest.fixture
def staff(db: None) -> User:
    """Reviews."""
    return User.objects.create(name="Staff", phone="+8613800000009", is_staff=True)


def apply(person: Person, **wish: Any) -> Any:
    return person.post("me/upgrade", {"shop_name": "Bob's Arcade", "category": "arcade", **wish})


def test_an_application_waits(bob: Person) -> None:
    answer = apply(bob)

    assert answer.status_code == 201
    body = answer.json()
    assert body | {"id": "", "created_at": ""} == {
        "id": "",
        "name": "Bob's Arcade",
        "category": "arcade",
        "status": "waiting",
        "created_at": "",
    }
    assert bob.get("me/upgrade").json() == body
    assert bob.get("me").json()["tier"] == "personal"


def test_who_never_asked_has_none(bob: Person, charlie: Person) -> None:
    apply(charlie)

    refusal(bob.get("me/upgrade"), 404, "not_found")


def test_one_waits_at_a_time(bob: Person, charlie: Person) -> None:
    first = apply(bob).json()

    refusal(apply(bob, shop_name="Another"), 409, "upgrade_waiting")
    assert bob.get("me/upgrade").json() == first
    assert apply(charlie).status_code == 201


def test_who_was_refused_may_ask_again(bob: Person, staff: User) -> None:
    first = apply(bob).json()["id"]
    applications.refuse(application_id=first, staff_id=staff.pk, reason="no such street")
    assert bob.get("me/upgrade").json()["status"] == "refused"

    second = apply(bob).json()
    assert bob.get("me/upgrade").json() == second != first


def test_an_approved_person_s_sticker_is_the_shop_s(bob: Person, alice: Person, staff: User) -> None:
    alice.gets(10_000)
    sticker = bob.code()
    shown = alice.post("scan", {"payload": sticker.token}).json()
    waiting = apply(bob).json()
    applications.approve(application_id=waiting["id"], staff_id=staff.pk, reason="seen")

    now = alice.post("scan", {"payload": sticker.token}).json()
    assert (now["kind"], now["payee"]["name"], now["payee"]["tier"]) == (
        "merchant",
        "Bob's Arcade",
        "merchant",
    )
    refusal(alice.pay(sticker.token, amount=1_000, version=shown["version"]), 409, "payable_changed")
    assert alice.pay(sticker.token, amount=1_000, version=now["version"]).status_code == 201
    (received,) = bob.get("payments").json()["data"]
    assert (received["fee"], received["payee"]["tier"]) == (8, "merchant")
    assert bob.get("me").json()["tier"] == "merchant"
    assert bob.get("me/upgrade").json() == waiting | {"status": "approved"}
    assert bob.get(f"codes/{sticker.pk}").json()["token"] == sticker.token


@pytest.mark.parametrize(("name", "literals"), [("shop_name", NO_NAME), ("category", NO_CATEGORY)])
def test_a_member_of_another_form_is_refused_by_name(bob: Person, name: str, literals: list[str]) -> None:
    with nothing_changes():
        for literal in literals:
            members = {"shop_name": '"Arcade"', "category": '"arcade"', name: literal}
            text = ", ".join(f'"{each}": {value}' for each, value in members.items())
            body = refusal(bob.post("me/upgrade", f"{{{text}}}"), 400, "invalid")
            assert list(body["errors"]) == [name if can_be_read(literal) else "non_field_errors"], literal
    assert not Application.objects.exists()


def test_what_is_missing_is_asked_for_by_name(bob: Person) -> None:
    for body in ("{}", ""):
        refusal(bob.post("me/upgrade", body), 400, "invalid", "shop_name", "category")
    for odd in NO_OBJECT:
        refusal(bob.post("me/upgrade", odd), 400, "invalid", "non_field_errors")


@pytest.mark.parametrize("name", ["王記", "Bob's", "نادي", "🕹️ Arcade", "x" * 64])
def test_a_shop_is_called_what_it_is_called(bob: Person, name: str) -> None:
    assert apply(bob, shop_name=f" {name} ").json()["name"] == name


def test_a_shop_s_server_is_no_person(till: Caller) -> None:
    refusal(till.post("me/upgrade", {"shop_name": "x", "category": "x"}), 401, "not_authenticated")


def test_staff_without_a_wallet_cannot_become_a_shop(staff: User) -> None:
    refusal(apply(Person(staff)), 404, "no_wallet")
