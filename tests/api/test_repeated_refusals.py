"""A refused payment is refused again under its key, to the letter, even when its cause is gone."""

from collections.abc import Callable
from typing import Any

import pytest

from payments import accounts
from payments.models import CapRule, Code
from tests.api.callers import WRONG_PIN, Person, nothing_changes, refusal, same
from tests.api.machines import Machine


@pytest.fixture
def alice(alice: Person) -> Person:
    alice.gets(10_000)
    return alice


def no_money(alice: Person, bob: Person) -> tuple[str, Callable[[], object]]:
    return bob.code(kind="dynamic", amount=20_000).token, lambda: alice.gets(50_000)


def frozen_payer(alice: Person, bob: Person) -> tuple[str, Callable[[], object]]:
    accounts.freeze(account_id=alice.wallet.pk, reason="x")
    code = bob.code(amount=300)
    return code.token, lambda: accounts.unfreeze(account_id=alice.wallet.pk, reason="x")


def frozen_payee(alice: Person, bob: Person) -> tuple[str, Callable[[], object]]:
    accounts.freeze(account_id=bob.wallet.pk, reason="x")
    code = bob.code(amount=300)
    return code.token, lambda: accounts.unfreeze(account_id=bob.wallet.pk, reason="x")


def over_the_limit(alice: Person, bob: Person) -> tuple[str, Callable[[], object]]:
    CapRule.objects.update(cap=100)
    return bob.code(amount=300).token, lambda: CapRule.objects.update(cap=10_000)


def ended_code(status: str) -> Callable[[Person, Person], tuple[str, Callable[[], object]]]:
    def end(alice: Person, bob: Person) -> tuple[str, Callable[[], object]]:
        code = bob.code(kind="dynamic", amount=300)
        Code.objects.filter(pk=code.pk).update(status=status)
        return code.token, lambda: Code.objects.filter(pk=code.pk).update(status="active")

    return end


def unknown_code(alice: Person, bob: Person) -> tuple[str, Callable[[], object]]:
    code = bob.code(amount=300)
    Code.objects.filter(pk=code.pk).update(token="0" * 26)
    return code.token, lambda: Code.objects.filter(pk=code.pk).update(token=code.token)


@pytest.mark.parametrize(
    ("cause", "status", "code"),
    [
        (no_money, 402, "insufficient_funds"),
        (frozen_payer, 403, "payer_frozen"),
        (frozen_payee, 403, "payee_frozen"),
        (over_the_limit, 403, "limit_exceeded"),
        (unknown_code, 404, "unknown_code"),
        (ended_code("expired"), 410, "code_expired"),
        (ended_code("used"), 410, "code_used"),
        (ended_code("revoked"), 410, "code_revoked"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_refusal_is_repeated_to_the_letter_even_when_its_cause_is_gone(
    alice: Person, bob: Person, cause: Any, status: int, code: str
) -> None:
    token, remove_cause = cause(alice, bob)
    first = alice.pay(token, key="k")
    refusal(first, status, code)
    remove_cause()

    with nothing_changes():
        assert same(alice.pay(token, key="k"), first)
        assert same(alice.pay(token, key="k", pin=WRONG_PIN), first)
    assert alice.pay(token, key="another").status_code == 201


def test_a_refusal_for_an_offline_machine_is_repeated_when_it_is_back(
    alice: Person, chair: Machine, request: pytest.FixtureRequest
) -> None:
    first = alice.pay(chair.token, key="k", option="10min")
    refusal(first, 409, "machine_offline")
    request.getfixturevalue("ready_chair")

    with nothing_changes():
        assert same(alice.pay(chair.token, key="k", option="10min"), first)
    assert alice.pay(chair.token, key="another", option="10min").status_code == 201


def test_a_refusal_for_a_busy_machine_is_repeated(
    alice: Person, charlie: Person, ready_chair: Machine
) -> None:
    charlie.gets(5_000)
    run = charlie.pay(ready_chair.token, option="10min").json()["run"]["id"]
    first = alice.pay(ready_chair.token, key="k", option="10min")
    refusal(first, 409, "machine_busy")
    ready_chair.is_told_to_start(run)
    ready_chair.says("rejected", about=run, code="fault")

    assert same(alice.pay(ready_chair.token, key="k", option="10min"), first)


def test_a_changed_payable_is_refused_again_under_its_key(alice: Person, bob: Person) -> None:
    token = bob.code().token
    first = alice.pay(token, key="k", amount=1, version="old")
    refusal(first, 409, "payable_changed")

    assert same(alice.pay(token, key="k", amount=1, version="old"), first)
