"""One payer's many connections against one cap: it is used exactly, and never above."""

from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from django.db.models import Max, Sum

from outbox.errors import Refusal
from outbox.ids import uuid7
from payments import caps
from payments.errors import LimitExceeded
from payments.models import CapCounter, CapRule, Code, IdempotentAnswer, Payment
from people.models import User
from tests.payments.hands import box_code, box_of, call, fill, has, pay, release, static_code, wallet
from tests.processes import in_processes, together
from tests.races.rounds import ROUNDS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_deadlock")]

PROCESSES, THREADS = 3, 4
AMOUNT, FITTING = 700, 5  # of the twelve who try


@pytest.fixture
def alice(alice: User) -> User:
    """Alice, with money for every round."""
    fill(alice, ROUNDS * 100 * AMOUNT)
    return alice


def everywhere(act: Callable[[int], object]) -> None:
    """Do something in four threads of each of three processes at once; refusals are part of the game."""
    in_processes(PROCESSES, partial(_in_threads, act))


def _in_threads(act: Callable[[int], object]) -> None:
    answers = together(THREADS, act)
    failures = [one for one in answers if isinstance(one, Exception) and not isinstance(one, Refusal)]
    assert not failures, failures


def cap_is(amount: int) -> None:
    CapRule.objects.filter(name=caps.PERSONAL_STATIC).update(cap=amount)


def key(number: int) -> str:
    return f"race-{number}-{uuid7()}"


def paid_in(number: int) -> list[int]:
    """Return how one round's calls were answered, sorted."""
    answers = IdempotentAnswer.objects.filter(key__startswith=f"race-{number}-")
    return sorted(answers.values_list("status", flat=True))


def used() -> int:
    return CapCounter.objects.aggregate(used=Sum("used"))["used"] or 0


def test_a_cap_is_used_to_the_last_unit_by_the_payments_of_a_new_day(alice: User, bob: User) -> None:
    code = static_code(bob)
    cap_is(FITTING * AMOUNT)
    for number in range(ROUNDS):
        everywhere(lambda _, number=number: pay(alice, code, AMOUNT, key=key(number)))  # type: ignore[misc]

        assert paid_in(number) == [201] * FITTING + [403] * (PROCESSES * THREADS - FITTING)
        assert used() == (number + 1) * FITTING * AMOUNT
        _was_paid(alice, days_ago=number + 1)  # next time everybody finds a day without a counter
    assert has(bob) == ROUNDS * FITTING * AMOUNT


def test_a_cap_that_does_not_divide_is_never_passed(alice: User, bob: User, charlie: User) -> None:
    codes = [static_code(bob), static_code(charlie)]
    for number in range(ROUNDS):
        cap_is(used() + FITTING * AMOUNT + AMOUNT - 1)
        everywhere(
            lambda thread, number=number: pay(alice, codes[thread % 2], AMOUNT, key=key(number))  # type: ignore[misc]
        )

        assert paid_in(number).count(201) == FITTING
        assert used() == (number + 1) * FITTING * AMOUNT


def test_room_that_is_given_back_meanwhile_is_taken_again_and_no_more(alice: User, bob: User) -> None:
    box_of(wallet(bob), price=AMOUNT)
    sticker = box_code(wallet(bob))
    cap_is(FITTING * AMOUNT)
    for number in range(ROUNDS):
        before = list(Payment.objects.filter(status="confirmed"))
        released = before or [pay(alice, sticker, key=key(number)) for _ in range(FITTING)]

        everywhere(partial(_give_back_or_pay, alice, sticker, [one.pk for one in released], number))

        outstanding = Payment.objects.filter(status="confirmed").count()
        assert used() == outstanding * AMOUNT <= FITTING * AMOUNT


def _give_back_or_pay(payer: User, sticker: Code, held: Collection[UUID], number: int, thread: int) -> None:
    if thread % 2:
        for payment in Payment.objects.filter(pk__in=held):
            release(payment)
    else:
        for _ in range(4):
            with suppress(LimitExceeded):
                pay(payer, sticker, key=key(number))


def test_room_comes_back_on_the_day_it_was_taken_while_the_next_day_is_used(alice: User, bob: User) -> None:
    box_of(wallet(bob), price=AMOUNT)
    sticker = box_code(wallet(bob))
    cap_is(FITTING * AMOUNT)
    for number in range(ROUNDS):
        held = [pay(alice, sticker, key=key(number)).pk for _ in range(FITTING)]
        _was_paid(alice, days_ago=1)

        everywhere(partial(_give_back_or_pay, alice, sticker, held, number))

        today, yesterday = sorted(CapCounter.objects.values_list("day", "used"), reverse=True)
        assert yesterday[1] == 0
        assert today[1] == FITTING * AMOUNT
        everywhere(partial(_release_all, list(Payment.objects.filter(status="confirmed"))))
        assert used() == 0
        CapCounter.objects.all().delete()


def _was_paid(payer: User, *, days_ago: int) -> None:
    """Make everything that was paid today another day's."""
    today = Payment.objects.aggregate(day=Max("cap_day"))["day"]
    then = today - timedelta(days=days_ago)
    CapCounter.objects.filter(payer=wallet(payer), day=today).update(day=then)
    Payment.objects.filter(payer=wallet(payer), cap_day=today).update(cap_day=then)


def _release_all(payments: list[Payment], _: int) -> None:
    for payment in payments:
        release(payment)


def test_a_cap_lowered_while_it_is_used_counts_from_then_on(alice: User, bob: User) -> None:
    code = static_code(bob)
    for number in range(ROUNDS):
        cap_is(used() + FITTING * AMOUNT)
        everywhere(partial(_pay_or_lower, alice, code, number))

        assert used() == Payment.objects.count() * AMOUNT
        with pytest.raises(Refusal, check=lambda refusal: refusal.code == "limit_exceeded"):
            pay(alice, code, AMOUNT, key=call(alice).key)


def _pay_or_lower(payer: User, code: Code, number: int, thread: int) -> None:
    if thread:
        pay(payer, code, AMOUNT, key=key(number))
    else:
        cap_is(0)
