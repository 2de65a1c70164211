"""POST top-ups: money out of nowhere, in the demo."""

import pytest
from pytest_django import Settings

from tests.api.callers import Caller, Person, nothing_changes, refusal


def test_it_brings_money_into_one_s_own_wallet(alice: Person, bob: Person) -> None:
    answer = alice.post("top-ups", {"amount": 12_345}, key="k")

    assert answer.status_code == 201
    body = answer.json()
    assert set(body) >= {"id", "amount"}
    assert body["amount"] == 12_345
    assert (alice.money, bob.money) == (12_345, 0)


@pytest.mark.parametrize("amount", [1, 10**12])
def test_from_the_least_amount_to_the_most(alice: Person, amount: int) -> None:
    assert alice.post("top-ups", {"amount": amount}, key="k").status_code == 201
    assert alice.get("me").json()["balance"]["available"] == amount


def test_the_most_again_and_again_stays_exact(alice: Person) -> None:
    for key in "abcdefghijk":
        assert alice.post("top-ups", {"amount": 10**12}, key=key).status_code == 201

    assert alice.get("me").json()["balance"]["available"] == 11 * 10**12
    assert alice.get("me/statement").json()["data"][0]["balance_after"] == 11 * 10**12


def test_another_currency_is_refused(alice: Person) -> None:
    with nothing_changes():
        refusal(alice.post("top-ups", {"amount": 1, "currency": "USD"}, key="k"), 400, "currency_mismatch")
    assert alice.post("top-ups", {"amount": 1, "currency": "CNY"}, key="k").status_code == 201


def test_unknown_fields_are_ignored(alice: Person, bob: Person) -> None:
    body = {"amount": 5, "user": str(bob.pk), "to": {"wallet": 1}}

    assert alice.post("top-ups", body, key="k").status_code == 201
    assert (alice.money, bob.money) == (5, 0)


def test_without_the_demo_there_is_no_such_address(alice: Person, settings: Settings) -> None:
    settings.DEMO = False

    with nothing_changes():
        refusal(alice.post("top-ups", {"amount": 1}, key="k"), 404, "not_found")


def test_a_shop_s_key_brings_nothing(till: Caller) -> None:
    with nothing_changes():
        refusal(till.post("top-ups", {"amount": 1}, key="k"), 401, "not_authenticated")
