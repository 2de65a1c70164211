"""From REQUESTED to the end: whatever the bank answers, whenever it answers, whoever dies."""

import logging
from typing import Any

import pytest
from django.db import transaction
from pytest_django import Settings

from outbox import registry
from outbox.models import Delivery
from payments import accounts, queries, stops
from payments.bank import banks, demo, outcomes
from payments.books import System
from payments.models import DemoTransfer, Withdrawal
from people.models import User
from tests.payments.bank.hands import (
    after,
    ask,
    asked,
    legs,
    status,
    sweep,
    sweep_until_nothing_is_due,
    switch,
    the_bank_has_decided,
)
from tests.payments.bank.killing import killed
from tests.payments.hands import has, holds_money, wallet

pytestmark = pytest.mark.django_db
OUT = [("withdrawal", "it", "withdrawal_clearing", 10_500), ("withdrawal_fee", "it", "fee_revenue", 11)]
PAID = ("payout", "withdrawal_clearing", "bank", 10_500)
FEE_BACK = ("withdrawal_fee_return", "fee_revenue", "it", 11)


@pytest.fixture
def told() -> Any:
    """Facts that were published about withdrawals."""
    facts = [f"payments.withdrawal.{verb}" for verb in ("paid", "failed", "returned")]
    for fact in facts:
        registry.on(fact, queue="tests")(hear)
    yield lambda: [(row.fact, row.payload) for row in Delivery.objects.filter(queue="tests").order_by("id")]
    for fact in facts:
        registry._subscriptions.pop(fact)


def hear(**_: object) -> None:
    """Do nothing with a fact."""


def test_the_demo_bank_pays_at_once(rich_alice: User, withdrawal: Withdrawal, told: Any) -> None:
    sweep()

    assert status(withdrawal) == "paid"
    assert legs(withdrawal) == [*OUT, PAID]
    assert queries.balance(rich_alice.pk) == queries.Balance(100_000 - 10_511, 0)
    assert told() == [("payments.withdrawal.paid", {"withdrawal_id": str(withdrawal.pk)})]


def test_a_refused_one_gives_amount_and_fee_back(rich_alice: User, withdrawal: Withdrawal, told: Any) -> None:
    switch(fails=True)

    sweep()

    assert status(withdrawal) == "failed"
    assert withdrawal.bank_said == "The bank refused it."
    assert legs(withdrawal) == [*OUT, ("withdrawal_return", "withdrawal_clearing", "it", 10_500), FEE_BACK]
    assert has(rich_alice) == 100_000
    assert holds_money(System.FEE_REVENUE) == 0
    assert told() == [("payments.withdrawal.failed", {"withdrawal_id": str(withdrawal.pk)})]


def test_one_that_comes_back_gives_amount_and_fee_back(
    rich_alice: User, withdrawal: Withdrawal, told: Any
) -> None:
    switch(returns=True)
    sweep()
    assert status(withdrawal) == "paid"

    sweep(1.9)

    assert status(withdrawal) == "returned"
    assert legs(withdrawal) == [*OUT, PAID, ("withdrawal_return", "bank", "it", 10_500), FEE_BACK]
    assert has(rich_alice) == 100_000
    assert [fact for fact, _ in told()] == ["payments.withdrawal.paid", "payments.withdrawal.returned"]


@pytest.mark.parametrize("looks", range(5))
def test_a_return_is_seen_whenever_it_comes_within_a_day(withdrawal: Withdrawal, looks: int) -> None:
    sweep()
    instants = [2, 11, 61, 3_601, 86_401]
    for seconds in instants[:looks]:
        sweep(seconds)
    assert status(withdrawal) == "paid"
    DemoTransfer.objects.update(verdict="returned")

    sweep(instants[looks])

    assert status(withdrawal) == "returned"


def test_after_a_day_nobody_asks_any_more(withdrawal: Withdrawal) -> None:
    sweep_until_nothing_is_due()

    assert status(withdrawal) == "paid"
    assert withdrawal.due_at is None


def test_a_slow_bank_is_waited_for_and_asked_once(rich_alice: User, withdrawal: Withdrawal) -> None:
    switch(delay_s=3600)
    for seconds in (0, 1, 5, 30, 600):
        sweep(seconds)
    assert status(withdrawal) == "submitted"
    assert queries.balance(rich_alice.pk).held == 10_500

    the_bank_has_decided()
    sweep(3600)

    assert status(withdrawal) == "paid"
    assert asked(withdrawal.pk) == 1


def test_a_slow_return_is_paid_first_and_then_given_back(rich_alice: User, withdrawal: Withdrawal) -> None:
    switch(delay_s=60, returns=True)
    sweep()
    the_bank_has_decided()

    sweep(600)

    assert status(withdrawal) == "returned"
    assert has(rich_alice) == 100_000


def test_a_lost_answer_is_looked_up_and_nothing_is_sent_twice(withdrawal: Withdrawal) -> None:
    switch(loses_answers=True)
    sweep()
    assert status(withdrawal) == "submitted"

    sweep(600)

    assert status(withdrawal) == "paid"
    assert asked(withdrawal.pk) == 1


def test_a_lost_request_is_sent_again_under_the_same_reference(withdrawal: Withdrawal) -> None:
    switch(loses_requests=True)
    sweep()
    sweep(600)
    assert (status(withdrawal), asked(withdrawal.pk)) == ("submitted", 0)
    switch()

    sweep(3600)

    assert status(withdrawal) == "paid"
    assert (asked(withdrawal.pk), DemoTransfer.objects.filter(incoming=False).count()) == (1, 1)


def test_silence_is_never_taken_for_a_no(rich_alice: User, withdrawal: Withdrawal) -> None:
    switch(loses_requests=True)

    for day in range(40):
        sweep(day * 24 * 3600)

    assert status(withdrawal) == "submitted"
    assert holds_money(System.WITHDRAWAL_CLEARING) == 10_500
    assert withdrawal.tries == 40


def test_while_one_worker_is_at_it_no_other_is(withdrawal: Withdrawal) -> None:
    switch(loses_requests=True)
    with killed(demo.Demo, "pay_out", "before"):
        sweep()
    switch()

    sweep(29)  # its lease holds
    assert asked(withdrawal.pk) == 0

    sweep(31)
    assert asked(withdrawal.pk) == 1


def test_the_bank_is_never_asked_inside_a_transaction() -> None:
    with pytest.raises(transaction.TransactionManagementError, match="outside"), transaction.atomic():
        banks.ask(lambda: pytest.fail("it was asked"))


def test_one_bad_row_does_not_keep_the_others(
    rich_alice: User, withdrawal: Withdrawal, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, real = ask(rich_alice, 1_000), demo.Demo.pay_out

    def pay_out(self: demo.Demo, order: Any) -> Any:
        if order.reference == withdrawal.pk:
            raise RuntimeError("broken")
        return real(self, order)

    monkeypatch.setattr(demo.Demo, "pay_out", pay_out)
    sweep()

    assert (status(withdrawal), status(other)) == ("submitted", "paid")


def test_what_waits_stays_here_while_withdrawals_are_stopped(alice: User, withdrawal: Withdrawal) -> None:
    stops.stop(reason="the books are wrong")
    sweep()
    assert (status(withdrawal), asked(withdrawal.pk)) == ("requested", 0)

    stops.resume(user_id=alice.pk, reason="they are right")
    sweep(600)

    assert status(withdrawal) == "paid"


def test_what_the_bank_may_have_is_followed_while_withdrawals_are_stopped(withdrawal: Withdrawal) -> None:
    switch(loses_answers=True)
    sweep()
    stops.stop(reason="the books are wrong")

    sweep(600)

    assert status(withdrawal) == "paid"


def test_a_freeze_keeps_nothing_from_coming_back(rich_alice: User, withdrawal: Withdrawal) -> None:
    accounts.freeze(account_id=wallet(rich_alice).pk, reason="stolen phone")
    switch(fails=True)

    sweep()

    assert has(rich_alice) == 100_000


def test_before_the_bank_hears_of_it_it_can_be_cancelled(rich_alice: User, withdrawal: Withdrawal) -> None:
    assert outcomes.cancel(withdrawal_id=withdrawal.pk, reason="wrong account")

    sweep_until_nothing_is_due()

    assert (status(withdrawal), withdrawal.bank_said) == ("failed", "wrong account")
    assert (has(rich_alice), asked(withdrawal.pk)) == (100_000, 0)


def test_once_the_bank_may_have_it_nobody_cancels(rich_alice: User, withdrawal: Withdrawal) -> None:
    switch(loses_requests=True)
    sweep()

    assert not outcomes.cancel(withdrawal_id=withdrawal.pk, reason="wrong account")
    assert not outcomes.submit(withdrawal_id=withdrawal.pk)
    assert status(withdrawal) == "submitted"


def test_what_is_decided_is_decided_once(rich_alice: User, withdrawal: Withdrawal) -> None:
    sweep()

    assert not outcomes.pay(withdrawal_id=withdrawal.pk)
    assert not outcomes.fail(withdrawal_id=withdrawal.pk, said="late")
    assert outcomes.give_back(withdrawal_id=withdrawal.pk, said="back")
    assert not outcomes.give_back(withdrawal_id=withdrawal.pk, said="back again")
    assert has(rich_alice) == 100_000


def test_a_bank_that_contradicts_itself_moves_nothing_and_is_heard_of(
    withdrawal: Withdrawal, caplog: pytest.LogCaptureFixture
) -> None:
    sweep()
    DemoTransfer.objects.update(verdict="failed")

    sweep(2)

    assert status(withdrawal) == "paid"
    assert [record.levelno for record in caplog.records] == [logging.CRITICAL]


def test_with_files_no_worker_touches_what_waits(withdrawal: Withdrawal, settings: Settings) -> None:
    settings.BANK = "files"

    sweep(3600)

    assert (status(withdrawal), withdrawal.tries) == ("requested", 0)
    assert withdrawal.due_at is not None and withdrawal.due_at <= after(0)
