"""One answer per key, for life."""

import json
from datetime import datetime

import pytest
from django.db import transaction
from pytest_django import Settings

from payments import idempotency, services
from payments.errors import (
    AmountRequired,
    InsufficientFunds,
    KeyReused,
    LimitExceeded,
    UnknownCode,
)
from payments.idempotency import Answer, Call, StoredRefusal
from payments.models import Code, IdempotentAnswer, Payment, Transfer
from people.models import User
from tests.payments.conftest import RICH
from tests.payments.hands import call, dynamic_code, fill, has, pay, static_code

pytestmark = pytest.mark.django_db


def test_the_same_call_again_gets_the_same_answer_and_pays_once(rich_alice: User, bob_code: Code) -> None:
    again = call(rich_alice, "k")
    first = services.pay(call=again, code=bob_code.token, amount=700)
    second = services.pay(call=again, code=bob_code.token, amount=700)

    assert (first.replayed, second.replayed) == (False, True)
    assert json.dumps(first.body) == json.dumps(second.body) and first.status == second.status == 201
    assert idempotency.replay(again) == second
    assert has(rich_alice) == RICH - 700


def test_a_single_use_code_that_was_paid_is_no_obstacle_to_its_own_repetition(
    rich_alice: User, bob: User
) -> None:
    code, again = dynamic_code(bob, amount=5), call(rich_alice, "k")
    first = services.pay(call=again, code=code.token)
    assert services.pay(call=again, code=code.token) == Answer(201, first.body, replayed=True)


def test_another_body_under_the_same_key_is_refused(rich_alice: User, bob_code: Code) -> None:
    pay(rich_alice, bob_code, 1, key="k", body=b"one")
    with pytest.raises(KeyReused):
        pay(rich_alice, bob_code, 2, key="k", body=b"two")
    with pytest.raises(KeyReused):
        idempotency.replay(call(rich_alice, "k", b"two"))
    assert Payment.objects.count() == 1


def test_keys_belong_to_their_callers(rich_alice: User, bob: User, charlie: User, bob_code: Code) -> None:
    fill(charlie, 10)
    pay(rich_alice, bob_code, 1, key="k")
    pay(charlie, bob_code, 2, key="k", body=b"other")
    assert Payment.objects.count() == 2


def test_a_refusal_stays_a_refusal_even_when_the_money_comes(alice: User, bob_code: Code) -> None:
    with pytest.raises(InsufficientFunds) as first:
        pay(alice, bob_code, 100, key="k")
    fill(alice, 100)
    with pytest.raises(StoredRefusal) as second:
        pay(alice, bob_code, 100, key="k")

    said = second.value
    assert (said.code, said.status, said.detail, said.errors) == (
        first.value.code,
        first.value.status,
        first.value.detail,
        first.value.errors,
    )
    assert (said.replayed, said.request_id) == (True, "request")
    assert pay(alice, bob_code, 100, key="another").amount == 100


def test_what_the_caller_may_repair_is_not_stored(rich_alice: User, bob_code: Code) -> None:
    with pytest.raises(AmountRequired):
        pay(rich_alice, bob_code, key="k")
    assert not IdempotentAnswer.objects.filter(key="k").exists()
    assert pay(rich_alice, bob_code, 5, key="k", body=b"repaired").amount == 5


@pytest.mark.parametrize("refusal", [UnknownCode, LimitExceeded])
def test_what_nobody_can_repair_is_stored(rich_alice: User, bob: User, refusal: type[Exception]) -> None:
    code = Code(token="0" * 26) if refusal is UnknownCode else static_code(bob)
    with pytest.raises(refusal):
        pay(rich_alice, code, 50_001, key="k")
    assert IdempotentAnswer.objects.get(key="k").status == refusal.status  # type: ignore[attr-defined]


def test_a_crash_stores_nothing(rich_alice: User) -> None:
    def crash(now: datetime) -> Answer:
        fill(rich_alice, 1)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        idempotency.run(call(rich_alice, "k"), crash)
    assert not IdempotentAnswer.objects.filter(key="k").exists()
    assert has(rich_alice) == RICH


def test_a_refusal_undoes_what_the_work_wrote(rich_alice: User) -> None:
    def refuse(now: datetime) -> Answer:
        Transfer.objects.create(kind="top_up", debit_id=2 * 10**12 + 3, credit_id=1, amount=1)
        raise InsufficientFunds

    with pytest.raises(InsufficientFunds):
        idempotency.run(call(rich_alice, "k"), refuse)
    assert not Transfer.objects.filter(amount=1).exists()
    assert IdempotentAnswer.objects.get(key="k").status == 402


@pytest.mark.django_db(transaction=True)
def test_the_money_s_transaction_is_never_part_of_another(rich_alice: User) -> None:
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        fill(rich_alice, 1)


@pytest.mark.parametrize(
    ("body", "same"),
    [
        ({"amount": 1, "code": "A", "pin": "999999"}, True),
        ({"code": "A", "amount": 1}, True),
        ({"code": "A", "amount": 2, "pin": "135790"}, False),
        ({"code": "A", "amount": "1", "pin": "135790"}, False),
        ({"code": "A", "amount": 1, "memo": "", "pin": "135790"}, False),
    ],
)
def test_the_hash_covers_the_body_without_the_pin(body: dict[str, object], same: bool) -> None:
    first = idempotency.digest("POST", "/api/v1/payments", {"code": "A", "amount": 1, "pin": "135790"})
    assert (idempotency.digest("POST", "/api/v1/payments", body) == first) is same


def test_the_hash_tells_a_thief_of_the_database_nothing(settings: Settings) -> None:
    """A parcel's code has eight digits: whoever could hash them all would know which one was sent."""
    call = ("POST", "/api/v1/runs", {"args": {"code": "01234567"}})
    first = idempotency.digest(*call)
    settings.PIN_PEPPER = "another"

    assert idempotency.digest(*call) != first


def test_the_hash_covers_method_and_path() -> None:
    assert (
        len({idempotency.digest(*call, {}) for call in [("POST", "/a"), ("PUT", "/a"), ("POST", "/b")]}) == 3
    )


def test_a_key_may_be_any_printable_text(rich_alice: User, bob_code: Code) -> None:
    for key in ("k'--", "%s", "a" * 255, "ключ", "\\"):
        payment = pay(rich_alice, bob_code, 1, key=key)
        assert str(payment.pk) in IdempotentAnswer.objects.get(caller=rich_alice.pk, key=key).body


def test_nobody_s_answer_is_found_under_an_unknown_key(alice: User) -> None:
    assert idempotency.replay(Call(alice.pk, "never", b"x")) is None
