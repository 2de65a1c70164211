"""POST and GET withdrawals: money out to one's bank account."""

from typing import Any
from uuid import uuid4

import pytest
from pytest_django import Settings

from merchants.models import Merchant
from merchants.services import open_merchant
from payments import accounts, stops
from people.models import Pin
from tests.api.callers import NOBODYS_ID, WRONG_PIN, Caller, Person, nothing_changes, pages, refusal, same
from tests.cast import PIN
from tests.payments.bank.hands import sweep, switch
from tests.payments.hands import bring

MEMBERS = {
    *("id", "status", "amount", "fee", "currency", "from", "to", "reason", "created_at"),
    *("paid_at", "failed_at", "returned_at"),
}
IBAN = "DE89370400440532013000"


@pytest.fixture
def alice(alice: Person) -> Person:
    alice.gets(10_000)
    return alice


def withdraw(caller: Person, amount: object = 1_000, *, key: str = "", **wish: object) -> Any:
    body = {"amount": amount, "pin": PIN} | wish
    return caller.post("withdrawals", body, key=key or str(uuid4()))


def earn(shop: Merchant, amount: int) -> None:
    bring(shop.account_id, amount)


def test_it_is_on_its_way_and_the_fee_comes_on_top(alice: Person) -> None:
    answer = withdraw(alice)

    body = answer.json()
    assert answer.status_code == 201
    assert set(body) == MEMBERS
    assert body | {"status": "requested", "amount": 1_000, "fee": 10, "currency": "CNY"} == body
    assert body | {"from": "wallet", "to": None, "reason": None, "paid_at": None} == body
    assert alice.get("me").json()["balance"] == {"available": 8_990, "held": 1_000}


def test_once_it_is_paid_nothing_is_held(alice: Person) -> None:
    where = withdraw(alice).json()["id"]

    sweep()

    found = alice.get(f"withdrawals/{where}").json()
    assert found["status"] == "paid" and found["paid_at"]
    assert alice.get("me").json()["balance"] == {"available": 8_990, "held": 0}


def test_one_that_failed_says_why_and_gives_everything_back(alice: Person) -> None:
    switch(fails=True)
    where = withdraw(alice).json()["id"]

    sweep()

    found = alice.get(f"withdrawals/{where}").json()
    assert found["status"] == "failed" and found["failed_at"] and found["paid_at"] is None
    assert found["reason"] == "The bank refused it."
    assert alice.money == 10_000


def test_one_that_came_back_says_when(alice: Person) -> None:
    switch(returns=True)
    where = withdraw(alice).json()["id"]
    sweep()
    sweep(2)

    found = alice.get(f"withdrawals/{where}").json()

    assert found["status"] == "returned" and found["paid_at"] and found["returned_at"]
    assert alice.money == 10_000


def test_a_list_of_them_newest_first_page_by_page(alice: Person) -> None:
    made = [withdraw(alice, 100 + number).json()["id"] for number in range(5)]

    listed = pages(alice, "withdrawals", limit=2)

    assert [len(page) for page in listed] == [2, 2, 1]
    assert [each["id"] for page in listed for each in page] == made[::-1]


def test_those_out_of_a_shop_stand_beside_those_out_of_the_wallet(mei: Person, mei_shop: Merchant) -> None:
    mei.gets(5_000)
    earn(mei_shop, 5_000)
    made = [withdraw(mei, 100, **{"from": source}).json() for source in ("wallet", "merchant", "wallet")]

    assert [each["from"] for each in made] == ["wallet", "merchant", "wallet"]
    assert [each["fee"] for each in made] == [10, 0, 10]
    assert mei.get("withdrawals").json()["data"] == made[::-1]


def test_a_shops_balance_says_what_is_on_its_way(mei: Person, mei_shop: Merchant, till: Caller) -> None:
    earn(mei_shop, 5_000)

    withdraw(mei, 1_200, **{"from": "merchant", "merchant": str(mei_shop.pk)})

    balance = till.get("balance").json()
    assert (balance["available"], balance["withdrawing"]) == (3_800, 1_200)
    sweep()
    assert till.get("balance").json()["withdrawing"] == 0


def test_nobody_sees_anothers(alice: Person, charlie: Person) -> None:
    where = withdraw(alice).json()["id"]

    refusal(charlie.get(f"withdrawals/{where}"), 404, "not_found")
    refusal(charlie.get(f"withdrawals/{NOBODYS_ID}"), 404, "not_found")
    assert charlie.get("withdrawals").json()["data"] == []


def test_nobody_takes_from_anothers_shop(alice: Person, mei_shop: Merchant) -> None:
    earn(mei_shop, 5_000)

    for named in ({}, {"merchant": str(mei_shop.pk)}, {"merchant": NOBODYS_ID}):
        with nothing_changes():
            refusal(withdraw(alice, 100, **{"from": "merchant"}, **named), 404, "not_found")


def test_who_has_several_shops_says_which(mei: Person, mei_shop: Merchant) -> None:
    other = open_merchant(owner_id=mei.pk, name="Second Laundry", category="laundry")
    earn(other, 500)

    with nothing_changes():
        refusal(withdraw(mei, 100, **{"from": "merchant"}), 400, "invalid", "merchant")
    assert withdraw(mei, 100, **{"from": "merchant", "merchant": str(other.pk)}).status_code == 201


def test_a_shop_beside_the_wallet_is_a_mistake(mei: Person, mei_shop: Merchant) -> None:
    with nothing_changes():
        refusal(withdraw(mei, 100, merchant=str(mei_shop.pk)), 400, "invalid", "merchant")


def test_a_shops_key_takes_nothing_out(till: Caller) -> None:
    with nothing_changes():
        refusal(till.post("withdrawals", {"amount": 1, "pin": PIN}, key="k"), 401, "not_authenticated")
        refusal(till.get("withdrawals"), 401, "not_authenticated")


def test_a_wrong_pin_takes_nothing_out_and_is_counted(alice: Person) -> None:
    refusal(withdraw(alice, key="k", pin=WRONG_PIN), 403, "wrong_pin")

    assert alice.money == 10_000
    assert Pin.objects.get(user=alice.user).failures == 1
    assert withdraw(alice, key="k").status_code == 201


def test_five_wrong_pins_lock_it(alice: Person) -> None:
    for _ in range(5):
        answer = withdraw(alice, pin=WRONG_PIN)

    refusal(answer, 423, "pin_locked")
    refusal(withdraw(alice), 423, "pin_locked")
    assert alice.money == 10_000


def test_the_answer_comes_before_the_pin(alice: Person) -> None:
    first = withdraw(alice, key="k")

    assert same(withdraw(alice, key="k", pin=WRONG_PIN), first)
    assert same(alice.post("withdrawals", {"amount": 1_000}, key="k"), first)
    assert alice.money == 8_990


@pytest.mark.parametrize("amount", [9_991, 10_000, 10**12])
def test_more_than_there_is_is_refused_and_remembered(alice: Person, amount: int) -> None:
    with nothing_changes():
        first = withdraw(alice, amount, key="k")
        refusal(first, 402, "insufficient_funds")
    alice.gets(10**12)
    alice.gets(10**12)

    with nothing_changes():
        assert same(withdraw(alice, amount, key="k"), first)


def test_below_the_fee_names_the_amount(alice: Person) -> None:
    for amount in (1, 9):
        with nothing_changes():
            body = refusal(withdraw(alice, amount), 400, "amount_too_small", "amount")
        assert "0.10" in body["errors"]["amount"][0]
    assert withdraw(alice, 10).status_code == 201


@pytest.mark.parametrize("amount", [True, 1.0, "12", "１２", 0, -1, 2**53, 10**12 + 1, None, [1], 1e3])
def test_an_amount_is_whole_minor_units(alice: Person, amount: object) -> None:
    with nothing_changes():
        refusal(withdraw(alice, amount), 400, "invalid", "amount")


def test_a_frozen_wallet_lets_nothing_out(alice: Person) -> None:
    accounts.freeze(account_id=alice.wallet.pk, reason="stolen phone")

    with nothing_changes():
        refusal(withdraw(alice), 403, "payer_frozen")


def test_while_withdrawals_are_stopped_it_says_so(alice: Person) -> None:
    stops.stop(reason="the books are wrong")

    with nothing_changes():
        refusal(withdraw(alice), 403, "withdrawals_frozen")


def test_with_files_it_asks_for_a_bank_account_first(alice: Person, settings: Settings) -> None:
    settings.BANK = "files"
    with nothing_changes():
        refusal(withdraw(alice), 409, "bank_account_required")

    alice.put("me/bank-account", {"holder": "Alice", "number": IBAN, "pin": PIN})

    assert withdraw(alice).json()["to"] == "…3000"
