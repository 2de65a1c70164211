"""Processes that are really gone at the worst moment, and workers that were never woken."""

import os
from collections.abc import Callable
from typing import Any

import pytest

from outbox.clock import now
from payments import ledger, top_ups
from payments.bank import demo, driving
from payments.models import TopUp, Withdrawal
from people.models import User
from tests.payments.bank.hands import ask, asked, status, sweep
from tests.payments.hands import call, fill, has
from tests.processes import fork
from tests.rig.service import Service
from tests.rig.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)
GONE = 9
SEAMS: list[tuple[Any, str, str]] = [
    (demo.Demo, "pay_out", "before"),
    (demo.Demo, "pay_out", "after"),
    (ledger, "post", "before"),
    (ledger, "post", "after"),
]


@pytest.fixture
def withdrawal(alice: User) -> Withdrawal:
    fill(alice, 10_000)
    return ask(alice, 5_000)


def gone_at(work: Callable[[], object], seam: tuple[Any, str, str]) -> None:
    """Do it in a process that is gone in the middle, with its connections and what they had not committed."""
    at, name, when = seam
    real = getattr(at, name)

    def leave(*args: Any, **options: Any) -> None:
        if when == "after":
            real(*args, **options)
        os._exit(GONE)

    def die() -> None:
        setattr(at, name, leave)  # in the child alone
        work()

    child = fork(die)
    child.join(60)
    assert child.exitcode == GONE


@pytest.mark.parametrize("seam", SEAMS, ids=lambda seam: f"{seam[2]}-{seam[1]}")
def test_a_worker_that_is_gone_in_the_middle_of_a_withdrawal(
    alice: User, withdrawal: Withdrawal, seam: tuple[Any, str, str]
) -> None:
    gone_at(lambda: driving.attend(withdrawal_id=withdrawal.pk, at=now()), seam)
    assert status(withdrawal) == "submitted"

    sweep(31)

    assert (status(withdrawal), asked(withdrawal.pk), has(alice)) == ("paid", 1, 4_990)


@pytest.mark.parametrize(
    "seam",
    [(demo.Demo, "collect", when) for when in ("before", "after")] + SEAMS[2:],
    ids=lambda seam: seam[1:],
)
def test_a_web_process_that_is_gone_in_the_middle_of_a_top_up(
    alice: User, seam: tuple[Any, str, str]
) -> None:
    one = call(alice, "k")
    gone_at(lambda: top_ups.top_up(call=one, amount=700), seam)
    assert has(alice) == 0

    sweep(31)
    answer = top_ups.top_up(call=one, amount=700)

    assert (answer.status, answer.body["status"]) == (201, "posted")
    assert (has(alice), asked(TopUp.objects.get().pk)) == (700, 1)


def test_a_worker_is_woken_and_takes_it_to_the_bank(alice: User, service: Service) -> None:
    fill(alice, 10_000)
    service.start("default")

    withdrawal = ask(alice, 5_000)

    eventually(lambda: status(withdrawal) == "paid", within_s=30, what="the withdrawal is paid")


def test_who_was_never_woken_is_found_by_the_sweep(withdrawal: Withdrawal, service: Service) -> None:
    service.start("default", "beat")

    eventually(lambda: status(withdrawal) == "paid", within_s=30, what="the withdrawal is paid")
