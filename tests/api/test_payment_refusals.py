"""POST payments: each no of the contract, and that nothing changed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from merchants.models import Merchant
from outbox.clock import now
from payments import accounts
from payments.models import CapRule, Code
from tests.api.callers import WRONG_PIN, Person, nothing_changes, refusal
from tests.api.machines import Machine


@pytest.fixture
def alice(alice: Person) -> Person:
    alice.gets(10_000)
    return alice


def refused(payer: Person, token: str, status: int, code: str, **wish: Any) -> dict[str, Any]:
    """Pay, and return the refusal that leaves everything as it was."""
    with nothing_changes():
        return refusal(payer.pay(token, **wish), status, code)


@pytest.mark.parametrize(
    "token",
    ["0" * 26, "U" * 26, "x", "1234", "8" + "0" * 25, "0" * 27, "０" * 26, "http://127.0.0.1/Q/" + "0" * 26],
    ids=ascii,
)
def test_an_unknown_code(alice: Person, token: str) -> None:
    refused(alice, token, 404, "unknown_code", amount=1)


def end_by_time(code: Code) -> None:
    Code.objects.filter(pk=code.pk).update(expires_at=now() - timedelta(seconds=1))


def end_as(status: str) -> Callable[[Code], None]:
    return lambda code: (Code.objects.filter(pk=code.pk).update(status=status), None)[1]


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (end_by_time, "code_expired"),
        (end_as("expired"), "code_expired"),
        (end_as("used"), "code_used"),
        (end_as("revoked"), "code_revoked"),
    ],
)
def test_a_code_that_has_ended(alice: Person, bob: Person, end: Callable[[Code], None], code: str) -> None:
    ended = bob.code(kind="dynamic", amount=10)
    end(ended)

    refused(alice, ended.token, 410, code)


def test_a_dynamic_code_that_another_payer_used(alice: Person, bob: Person, charlie: Person) -> None:
    charlie.gets(500)
    code = bob.code(kind="dynamic", amount=10)
    charlie.pay(code.token)

    refused(alice, code.token, 410, "code_used")


def test_no_money(bob: Person, charlie: Person) -> None:
    refused(charlie, bob.code().token, 402, "insufficient_funds", amount=1)


def test_one_minor_unit_too_few(alice: Person, bob: Person) -> None:
    code = bob.code()

    refused(alice, code.token, 402, "insufficient_funds", amount=10_001)
    assert alice.pay(code.token, amount=10_000).status_code == 201


def test_the_largest_amount_is_a_question_of_money_alone(alice: Person, bob: Person) -> None:
    code = bob.code(kind="dynamic", amount=10**12)

    refused(alice, code.token, 402, "insufficient_funds")


def test_no_amount_where_the_code_fixes_none(alice: Person, bob: Person) -> None:
    refused(alice, bob.code().token, 400, "amount_required")
    refused(alice, bob.code().token, 400, "amount_required", amount=None)


@pytest.mark.parametrize("amount", [1, 299, 301, 10**12])
def test_another_amount_than_the_code_fixes(alice: Person, bob: Person, amount: int) -> None:
    refused(alice, bob.code(amount=300).token, 400, "amount_mismatch", amount=amount)


def test_another_amount_than_the_machine_s_option_costs(alice: Person, ready_chair: Machine) -> None:
    refused(alice, ready_chair.token, 400, "amount_mismatch", option="10min", amount=1)


@pytest.mark.parametrize("currency", ["JPY", "cny", "CN", "USD", "¥"])
def test_another_currency(alice: Person, bob: Person, currency: str) -> None:
    refused(alice, bob.code().token, 400, "currency_mismatch", amount=1, currency=currency)


def test_oneself(alice: Person) -> None:
    refused(alice, alice.code().token, 400, "self_payment", amount=1)


def test_one_s_own_shop_is_another_account(mei: Person, counter: Code) -> None:
    mei.gets(100)

    assert mei.pay(counter.token, amount=100).status_code == 201


def test_a_frozen_payer(alice: Person, bob: Person) -> None:
    accounts.freeze(account_id=alice.wallet.pk, reason="dispute")

    refused(alice, bob.code().token, 403, "payer_frozen", amount=1)


def test_a_frozen_person(alice: Person, bob: Person) -> None:
    accounts.freeze(account_id=bob.wallet.pk, reason="dispute")

    refused(alice, bob.code().token, 403, "payee_frozen", amount=1)


def test_a_frozen_shop(alice: Person, counter: Code) -> None:
    accounts.freeze(account_id=counter.account_id, reason="dispute")

    refused(alice, counter.token, 403, "payee_frozen", amount=1)


def test_a_frozen_shop_s_machine(alice: Person, ready_chair: Machine) -> None:
    accounts.freeze(account_id=ready_chair.device.earner_id, reason="dispute")

    refused(alice, ready_chair.token, 403, "payee_frozen", option="10min")


def test_more_than_a_day_s_limit(alice: Person, bob: Person) -> None:
    alice.gets(60_000)
    code = bob.code()
    assert alice.pay(code.token, amount=49_999).status_code == 201

    body = refused(alice, code.token, 403, "limit_exceeded", amount=2)
    assert "500.00" in body["detail"]
    assert alice.pay(code.token, amount=1).status_code == 201


def test_the_limit_counts_all_payees_together_and_printed_codes_alone(
    alice: Person, bob: Person, charlie: Person
) -> None:
    CapRule.objects.update(cap=100)
    assert alice.pay(bob.code().token, amount=100).status_code == 201

    refused(alice, charlie.code().token, 403, "limit_exceeded", amount=1)
    assert alice.pay(charlie.code(kind="dynamic", amount=1_000).token).status_code == 201


def rename_payee(code: Code) -> None:
    accounts.rename(account_id=code.account_id, name="Somebody Else")


def change_amount(code: Code) -> None:
    Code.objects.filter(pk=code.pk).update(amount=999)


@pytest.mark.parametrize("change", [rename_payee, change_amount])
def test_what_was_shown_is_not_what_would_be_paid(
    alice: Person, bob: Person, change: Callable[[Code], None]
) -> None:
    code = bob.code(amount=300)
    version = alice.post("scan", {"payload": code.token}).json()["version"]
    change(code)

    refused(alice, code.token, 409, "payable_changed", version=version)


def test_a_shop_that_lost_its_verification_since_it_was_shown(
    alice: Person, counter: Code, mei_shop: Merchant
) -> None:
    version = alice.post("scan", {"payload": counter.token}).json()["version"]
    Merchant.objects.filter(pk=mei_shop.pk).update(verified=False)

    refused(alice, counter.token, 409, "payable_changed", version=version, amount=1)


def test_a_machine_whose_price_changed_since_it_was_shown(alice: Person, ready_chair: Machine) -> None:
    version = alice.post("scan", {"payload": ready_chair.token}).json()["version"]
    ready_chair.device.prices = {"10min": 2_000}
    ready_chair.device.save(update_fields=["prices"])

    refused(alice, ready_chair.token, 409, "payable_changed", version=version, option="10min")


@pytest.mark.parametrize("version", ["x", "\u202e", "0" * 64])
def test_a_version_that_was_never_shown(alice: Person, bob: Person, version: str) -> None:
    refused(alice, bob.code().token, 409, "payable_changed", version=version, amount=1)


def test_a_machine_that_nobody_hears(alice: Person, chair: Machine) -> None:
    refused(alice, chair.token, 409, "machine_offline", option="10min")


def test_a_machine_in_use(alice: Person, charlie: Person, ready_chair: Machine) -> None:
    charlie.gets(5_000)
    assert charlie.pay(ready_chair.token, option="10min").status_code == 201

    refused(alice, ready_chair.token, 409, "machine_busy", option="10min")


@pytest.mark.parametrize("option", ["no-such", "10MIN", " ", "10min\u202e", "'; DROP TABLE devices_run; --"])
def test_an_option_that_the_machine_does_not_sell(alice: Person, ready_chair: Machine, option: str) -> None:
    with nothing_changes():
        answer = alice.pay(ready_chair.token, option=option)
    assert answer.json()["code"] in {"option_unknown", "invalid"}  # a blank one is none
    assert answer.status_code == 400


def test_no_option_where_the_machine_sells_several(alice: Person, ready_chair: Machine) -> None:
    with nothing_changes():
        answer = alice.pay(ready_chair.token)
    assert (answer.status_code, answer.json()["code"]) == (400, "option_unknown")


@pytest.mark.parametrize(
    "args", [{"dur_s": 999_999}, {"x": "y" * 2_000}, {"x": {"y": [1]}}, {"\u202e": None}]
)
def test_arguments_that_the_machine_does_not_take(
    alice: Person, ready_chair: Machine, args: dict[str, Any]
) -> None:
    refused(alice, ready_chair.token, 400, "args_invalid", option="10min", args=args)


@pytest.mark.parametrize("wish", [{"option": "10min"}, {"args": {"dur_s": 600}}])
def test_a_person_sells_no_options(alice: Person, bob: Person, wish: dict[str, Any]) -> None:
    refused(alice, bob.code().token, 400, "option_unknown", amount=1, **wish)


def test_a_wrong_pin_is_counted_and_moves_nothing(alice: Person, bob: Person) -> None:
    answer = alice.pay(bob.code().token, amount=1, pin=WRONG_PIN)

    refusal(answer, 403, "wrong_pin")
    assert (alice.money, bob.money) == (10_000, 0)


def test_a_broken_body_costs_no_try_of_the_pin(alice: Person, bob: Person) -> None:
    refused(alice, bob.code().token, 400, "invalid", amount="1", pin=WRONG_PIN)


def test_the_pin_is_looked_at_before_the_code(alice: Person) -> None:
    refusal(alice.pay("0" * 26, amount=1, pin=WRONG_PIN), 403, "wrong_pin")
