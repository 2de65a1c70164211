"""Idempotency-Key on POST payments, top-ups and withdrawals: one intention, one answer, for life."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection

from outbox.clock import now
from payments.models import IdempotentAnswer, Payment
from people import services as people
from people.models import Pin
from tests.api.callers import WRONG_PIN, Caller, Person, nothing_changes, refusal, same
from tests.api.machines import Machine
from tests.cast import PIN

Post = Callable[..., Any]


@pytest.fixture
def alice(alice: Person) -> Person:
    alice.gets(10_000)
    return alice


@pytest.fixture(params=["payments", "top-ups", "withdrawals"])
def post(request: pytest.FixtureRequest, alice: Person, bob: Person) -> Post:
    """Call one of the addresses that need a key, as Alice, with a body that would do."""
    body: dict[str, dict[str, Any]] = {
        "payments": {"code": bob.code().token, "pin": PIN, "amount": 300},
        "top-ups": {"amount": 300},
        "withdrawals": {"amount": 300, "pin": PIN},
    }

    def send(*, by: Caller = alice, key: str | None = "k", headers: Any = None, **changed: Any) -> Any:
        return by.post(request.param, body[request.param] | changed, key=key, headers=headers)

    return send


def test_without_a_usable_key_nothing_happens(post: Post) -> None:
    for key in (None, "", " ", '""', '"', '"open', "x" * 256, "ключ", "tab\tbed", "\x7f"):
        with nothing_changes(ascii(key)):
            refusal(post(key=key), 400, "idempotency_key_required")


def test_one_to_255_printable_characters_are_a_key(post: Post) -> None:
    for key in ("k", "x" * 255, '"quoted"', "two words", 'a"b', "!~", "8e03978e-40d5-43dd"):
        first = post(key=key)
        assert first.status_code == 201
        assert same(post(key=key), first)


def test_a_finished_call_is_answered_again_and_done_once(post: Post, alice: Person) -> None:
    first = post()
    before = alice.money

    assert [same(post(), first) for _ in range(3)] == [True] * 3
    assert alice.money == before


def test_every_answer_has_a_request_id_of_its_own(post: Post) -> None:
    assert post()["X-Request-Id"] != post()["X-Request-Id"]


def test_quoted_and_bare_are_the_same_key(post: Post) -> None:
    first = post(key="abc")

    assert same(post(key='"abc"'), first)


def test_the_order_of_members_does_not_matter(alice: Person, bob: Person) -> None:
    token = bob.code().token
    first = alice.post("payments", {"code": token, "pin": PIN, "amount": 300}, key="k")

    assert same(alice.post("payments", {"amount": 300, "code": token, "pin": PIN}, key="k"), first)


@pytest.mark.parametrize("changed", [{"amount": 301}, {"unknown": 1}, {"currency": "CNY"}])
def test_the_same_key_with_another_body_is_refused(post: Post, changed: dict[str, Any]) -> None:
    post()

    with nothing_changes():
        refusal(post(**changed), 422, "idempotency_key_reused")


def test_the_same_key_at_another_address_is_refused(alice: Person, bob: Person) -> None:
    alice.pay(bob.code().token, key="k", amount=300)

    with nothing_changes():
        refusal(alice.post("top-ups", {"amount": 300}, key="k"), 422, "idempotency_key_reused")


def test_a_key_belongs_to_its_caller(alice: Person, bob: Person, charlie: Person) -> None:
    charlie.gets(1_000)
    code = bob.code().token

    first, second = (payer.pay(code, key="k", amount=300) for payer in (alice, charlie))

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] != second.json()["id"]


def test_a_key_belongs_to_the_person_and_not_to_the_session(post: Post, alice: Person) -> None:
    first = post()
    people.sign_out(raw_token=alice.token)

    assert same(post(by=Person(alice.user)), first)


def test_the_answer_comes_before_the_pin(alice: Person, bob: Person) -> None:
    code = bob.code().token
    first = alice.pay(code, key="k", amount=300)

    assert same(alice.pay(code, key="k", amount=300, pin=WRONG_PIN), first)
    assert same(alice.pay(code, key="k", amount=300, pin="broken"), first)
    assert same(alice.post("payments", {"code": code, "amount": 300}, key="k"), first)
    assert Pin.objects.get(user=alice.user).failures == 0


def test_the_answer_comes_even_while_the_pin_is_locked(alice: Person, bob: Person) -> None:
    code = bob.code().token
    first = alice.pay(code, key="k", amount=300)
    for _ in range(5):
        alice.pay(code, amount=300, pin=WRONG_PIN)

    assert same(alice.pay(code, key="k", amount=300), first)


def test_the_answer_stays_what_it_was_when_the_payment_has_moved_on(
    alice: Person, ready_chair: Machine
) -> None:
    first = alice.pay(ready_chair.token, key="k", option="10min")
    run = first.json()["run"]["id"]
    ready_chair.is_told_to_start(run)
    ready_chair.says("rejected", about=run, code="busy")

    assert same(alice.pay(ready_chair.token, key="k", option="10min"), first)
    assert Payment.objects.get().status == "released"


def test_a_wrong_pin_is_not_stored(alice: Person, bob: Person) -> None:
    code = bob.code().token

    refusal(alice.pay(code, key="k", amount=300, pin=WRONG_PIN), 403, "wrong_pin")
    assert alice.pay(code, key="k", amount=300).status_code == 201


def test_a_locked_pin_is_not_stored(alice: Person, bob: Person) -> None:
    code = bob.code().token
    Pin.objects.update(locked_until=now() + timedelta(minutes=1))
    refusal(alice.pay(code, key="k", amount=300), 423, "pin_locked")
    Pin.objects.update(locked_until=None)

    assert alice.pay(code, key="k", amount=300).status_code == 201


def test_a_missing_token_is_not_stored(post: Post, nobody: Caller) -> None:
    refusal(post(by=nobody), 401, "not_authenticated")

    assert post().status_code == 201


@pytest.mark.parametrize("amount", ["300", 0, None, 1.5])
def test_a_broken_body_is_not_stored(post: Post, amount: object) -> None:
    assert post(amount=amount).status_code == 400

    assert post().status_code == 201


@pytest.mark.parametrize(
    ("wish", "code"),
    [({}, "amount_required"), ({"amount": 1, "option": "x"}, "option_unknown")],
)
def test_a_refusal_that_the_payer_can_repair_is_not_stored(
    alice: Person, bob: Person, wish: dict[str, Any], code: str
) -> None:
    token = bob.code().token
    refusal(alice.pay(token, key="k", **wish), 400, code)

    assert alice.pay(token, key="k", amount=300).status_code == 201


def test_while_the_first_call_runs_the_second_hears_so(post: Post, alice: Person) -> None:
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None}) as other:
        other.execute("SELECT idempotency_begin(%s, 'k')", [alice.pk])
        with nothing_changes():
            refusal(post(), 409, "idempotency_in_progress")

    assert post().status_code == 201


def test_a_stored_answer_holds_no_pin(alice: Person, bob: Person) -> None:
    alice.pay(bob.code().token, amount=300)
    alice.pay(bob.code().token, amount=30_000)

    stored = [answer.body for answer in IdempotentAnswer.objects.all()]
    assert len(stored) == 3  # the top-up too
    assert not [body for body in stored if PIN in body or alice.token in body]


def test_what_moves_no_money_needs_no_key(alice: Person, bob: Person) -> None:
    assert alice.post("scan", {"payload": bob.code().token}).status_code == 200
    assert alice.post("codes", {"kind": "static"}).status_code == 201
