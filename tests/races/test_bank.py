"""The bank's border, fought over by several processes: nothing leaves twice, nothing is spent twice."""

from typing import Any
from uuid import UUID

import pytest

from outbox import clock
from payments import codes, refunds, top_ups
from payments.bank import driving, outcomes
from payments.books import System
from payments.models import Account, Code, Payment, TopUp, Withdrawal
from people.models import User
from tests.payments.bank.hands import ask, asked, switch
from tests.payments.hands import call, fill, has, holds_money, pay
from tests.races.contest import contest
from tests.races.rounds import ROUNDS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_deadlock")]


def test_a_withdrawal_against_a_payment_of_the_same_money(alice: User, bob: User, bob_code: Code) -> None:
    def prepare(number: int) -> int:
        fill(alice, 110)
        return number

    def withdraw(number: int) -> str:
        return str(ask(alice, 100, key=f"out-{number}").status)

    def spend(number: int) -> str:
        return str(pay(alice, bob_code, 110, key=f"pay-{number}").status)

    def check(_: int, came: list[Any]) -> None:
        assert came in (["requested", "insufficient_funds"], ["insufficient_funds", "settled"])
        assert has(alice) == 0

    contest(prepare, [withdraw, spend], check, rounds=ROUNDS)
    out = Withdrawal.objects.count()
    assert holds_money(System.WITHDRAWAL_CLEARING) == out * 100
    assert has(bob) == (ROUNDS - out) * 110


@pytest.mark.parametrize("lost", [False, True], ids=["requested", "submitted and lost"])
def test_sweepers_at_once_take_it_to_the_bank_once(alice: User, lost: bool) -> None:
    fill(alice, 10**9)
    switch(loses_answers=True)

    def prepare(number: int) -> UUID:
        row = ask(alice, 100 + number)
        assert not lost or outcomes.submit(withdrawal_id=row.pk)
        return row.pk

    def sweeper(withdrawal_id: UUID) -> str:
        driving.attend(withdrawal_id=withdrawal_id, at=clock.now())
        return "ok"

    def check(withdrawal_id: UUID, came: list[Any]) -> None:
        assert came == ["ok"] * 4
        assert asked(withdrawal_id) == 1
        assert Withdrawal.objects.get(pk=withdrawal_id).status == "submitted"

    contest(prepare, [sweeper] * 4, check, rounds=ROUNDS)


def test_verdicts_at_once_post_one_of_them(alice: User) -> None:
    fill(alice, 10**9)

    def prepare(number: int) -> UUID:
        row = ask(alice, 100 + number)
        assert outcomes.submit(withdrawal_id=row.pk)
        return row.pk

    def pays(withdrawal_id: UUID) -> bool:
        return outcomes.pay(withdrawal_id=withdrawal_id)

    def fails(withdrawal_id: UUID) -> bool:
        return outcomes.fail(withdrawal_id=withdrawal_id, said="late")

    def check(withdrawal_id: UUID, came: list[Any]) -> None:
        assert sorted(came) == [False, False, False, True]
        assert Withdrawal.objects.get(pk=withdrawal_id).status == ("paid" if True in came[::2] else "failed")

    contest(prepare, [pays, fails, pays, fails], check, rounds=ROUNDS)


def test_a_cancel_against_the_submission(alice: User) -> None:
    fill(alice, 10**9)

    def check(withdrawal_id: UUID, came: list[Any]) -> None:
        end = Withdrawal.objects.get(pk=withdrawal_id).status
        assert (came[0], end, asked(withdrawal_id)) in {(True, "failed", 0), (False, "paid", 1)}

    contest(
        lambda n: ask(alice, 100 + n).pk,
        [
            lambda row: outcomes.cancel(withdrawal_id=row, reason="wrong account"),
            lambda row: driving.attend(withdrawal_id=row, at=clock.now()),
        ],
        check,
        rounds=ROUNDS,
    )


def test_a_refund_against_a_withdrawal_of_the_same_takings(mei: User, shop: Account, alice: User) -> None:
    fill(alice, 10**9)
    counter = codes.create(account_id=shop.pk, payable="merchant")

    def prepare(number: int) -> tuple[UUID, int]:
        return pay(alice, counter, 2_000).pk, number

    def withdraw(subject: tuple[UUID, int]) -> str:
        return str(ask(mei, 1_984, source="merchant", key=f"out-{subject[1]}").status)  # 0.8 % are gone

    def refund(subject: tuple[UUID, int]) -> int:
        return refunds.refund(
            call=call(mei, f"back-{subject[1]}"),
            payment_id=subject[0],
            payee_account_id=shop.pk,
            amount=None,
            reason="race",
        ).status

    def check(subject: tuple[UUID, int], came: list[Any]) -> None:
        refunded = Payment.objects.get(pk=subject[0]).refunded_amount
        expected = (["insufficient_funds", 201], 2_000), (["requested", "merchant_funds_short"], 0)
        assert (came, refunded) in expected
        assert holds_money(shop.pk) == 0

    contest(prepare, [withdraw, refund], check, rounds=ROUNDS)


def test_top_ups_of_one_key_in_many_processes_bring_it_once(alice: User) -> None:
    def bring(number: int) -> str:
        return str(top_ups.top_up(call=call(alice, f"race-{number}"), amount=700).body["id"])

    def check(number: int, came: list[Any]) -> None:
        row = TopUp.objects.get(key=f"race-{number}")
        assert set(came) <= {str(row.pk), "idempotency_in_progress"} and str(row.pk) in came
        assert (row.status, asked(row.pk)) == ("paid", 1)

    contest(lambda n: n, [bring] * 4, check, rounds=ROUNDS)
    assert has(alice) == 700 * ROUNDS
