"""Bringing money in: asked for once, posted once, whatever the bank answers and whoever dies."""

from typing import Any

import pytest
from django.db import transaction

from payments import idempotency, ledger, states, top_ups
from payments.bank import demo
from payments.errors import BankRefused, InProgress, KeyReused
from payments.idempotency import Answer, StoredRefusal
from payments.models import Account, DemoTransfer, IdempotentAnswer, TopUp
from people.models import User
from tests.cast import person
from tests.payments.bank.hands import asked, legs, status, sweep, switch, the_bank_has_decided
from tests.payments.bank.killing import killed
from tests.payments.hands import call, has
from tests.processes import together

pytestmark = pytest.mark.django_db


def bring(user: User, amount: int = 5_000, key: str = "k", body: bytes = b"body") -> Answer:
    return top_ups.top_up(call=call(user, key, body), amount=amount)


def only() -> TopUp:
    return TopUp.objects.get()


def test_the_demo_bank_brings_it_at_once(alice: User) -> None:
    answer = bring(alice)

    assert (answer.status, answer.replayed) == (201, False)
    assert answer.body == {"id": str(only().pk), "amount": 5_000, "currency": "CNY", "status": "posted"}
    assert legs(only()) == [("top_up", "bank", "it", 5_000)]
    assert (has(alice), asked(only().pk)) == (5_000, 1)


def test_the_same_call_again_brings_nothing_more(alice: User) -> None:
    first, again = bring(alice), bring(alice)

    assert (again.body, again.replayed) == (first.body, True)
    assert (has(alice), DemoTransfer.objects.get().asked) == (5_000, 1)


def test_a_refusal_is_remembered(alice: User) -> None:
    switch(fails=True)
    with pytest.raises(BankRefused):
        bring(alice)
    switch()

    with pytest.raises(StoredRefusal) as again:
        bring(alice)
    assert (again.value.code, again.value.status) == ("bank_refused", 402)
    assert (status(only()), has(alice)) == ("failed", 0)


@pytest.mark.parametrize("trouble", [{"delay_s": 3600}, {"loses_answers": True}, {"loses_requests": True}])
def test_a_slow_or_silent_bank_is_waited_for(alice: User, trouble: dict[str, Any]) -> None:
    switch(**trouble)

    first = bring(alice)

    assert (first.body["status"], has(alice)) == ("requested", 0)
    switch()
    the_bank_has_decided()
    sweep(60)
    assert (status(only()), has(alice), asked(only().pk)) == ("paid", 5_000, 1)
    assert bring(alice).body == first.body
    assert has(alice) == 5_000


def test_a_no_that_comes_late_brings_nothing(alice: User) -> None:
    switch(delay_s=3600, fails=True)
    bring(alice)
    the_bank_has_decided()

    sweep(60)

    assert (status(only()), only().bank_said, has(alice)) == ("failed", "The bank refused it.", 0)


def test_silence_is_never_taken_for_a_no(alice: User) -> None:
    switch(loses_requests=True)
    bring(alice)

    for day in range(30):
        sweep(day * 24 * 3600)

    assert (status(only()), has(alice)) == ("requested", 0)


SEAMS = [
    (top_ups, "_begin", "before"),
    (top_ups, "_begin", "after"),
    (top_ups, "_ask", "before"),
    (demo.Demo, "collect", "before"),
    (demo.Demo, "collect", "after"),
    (top_ups, "_finish", "before"),
    (states, "move", "after"),
    (ledger, "post", "before"),
    (ledger, "post", "after"),
    (idempotency, "store", "before"),
    (idempotency, "store", "after"),
    (top_ups, "_finish", "after"),
]


def named(seam: tuple[Any, str, str]) -> str:
    return f"{seam[2]}-{seam[1]}"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seam", SEAMS, ids=named)
def test_whoever_dies_between_two_steps_is_finished_by_the_sweep(
    alice: User, seam: tuple[Any, str, str]
) -> None:
    with killed(*seam):
        bring(alice)
    begun = TopUp.objects.exists()

    sweep(60)
    assert has(alice) == (5_000 if begun else 0)

    answer = bring(alice)

    assert (answer.status, answer.body["status"]) == (201, "posted")
    assert (has(alice), asked(only().pk)) == (5_000, 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seam", SEAMS, ids=named)
def test_whoever_dies_between_two_steps_is_finished_by_the_same_call(
    alice: User, seam: tuple[Any, str, str]
) -> None:
    with killed(*seam):
        bring(alice)
    TopUp.objects.filter(due_at__isnull=False).update(due_at="2026-01-01T00:00:00Z")  # its lease is over

    answer = bring(alice)

    assert (answer.status, answer.body["status"]) == (201, "posted")
    sweep(600)
    assert (has(alice), asked(only().pk)) == (5_000, 1)


def test_a_no_that_the_sweep_heard_is_told_to_the_same_call(alice: User) -> None:
    switch(fails=True)
    with killed(demo.Demo, "collect", "after"):
        bring(alice)
    sweep(31)

    for refusal in (BankRefused, StoredRefusal):
        with pytest.raises(refusal):
            bring(alice)
    assert has(alice) == 0


def test_while_the_first_call_may_still_run_the_second_waits(alice: User) -> None:
    with killed(demo.Demo, "collect", "after"):
        bring(alice)

    with pytest.raises(InProgress):
        bring(alice)

    assert not IdempotentAnswer.objects.exists()
    sweep(31)
    assert bring(alice).body["status"] == "posted"


def test_another_body_under_the_key_of_a_call_that_died_is_refused(alice: User) -> None:
    with killed(demo.Demo, "collect", "after"):
        bring(alice)

    with pytest.raises(KeyReused):
        bring(alice, 9_999, body=b"other")

    sweep(31)
    assert bring(alice).body["amount"] == 5_000
    assert has(alice) == 5_000


def test_a_key_is_its_callers_own(alice: User, bob: User) -> None:
    bring(alice), bring(bob, 700)

    assert (has(alice), has(bob)) == (5_000, 700)


def test_who_has_no_wallet_brings_nothing(db: None) -> None:
    clerk = User.objects.create(name="Clerk", phone="+8613800000077")

    with pytest.raises(Account.DoesNotExist):
        bring(clerk)
    assert not TopUp.objects.exists()


def test_it_is_never_asked_for_inside_a_transaction(alice: User) -> None:
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        bring(alice)


@pytest.mark.django_db(transaction=True)
def test_many_at_once_under_one_key_bring_it_once() -> None:
    payer = person("Payer", "+8613900000001")

    answers = together(8, lambda _: bring(payer))

    refused = [one for one in answers if isinstance(one, Exception)]
    assert all(isinstance(one, InProgress) for one in refused), refused
    assert len(refused) < 8
    assert (has(payer), asked(only().pk)) == (5_000, 1)
