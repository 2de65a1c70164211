"""The auditor sees every way in which money at the bank's border could be wrong."""

from collections.abc import Callable

import pytest
from django.db import connection

from payments import audit, ledger
from payments.books import System, Transfer
from payments.ledger import Leg
from payments.models import TopUp, Withdrawal
from people.models import User
from tests.payments.bank.hands import ask, sweep, switch
from tests.payments.hands import wallet

pytestmark = [pytest.mark.django_db, pytest.mark.unbalanced]
CLEARING = "clearing holds the open withdrawals"
TRANSFERS = "withdrawals are what their transfers say"
TOP_UPS = "top-ups are what their transfers say"
FEES = "withdrawal fees follow the fee function"
Kind = Transfer.Kind


@pytest.fixture
def withdrawal(rich_alice: User) -> Withdrawal:
    return ask(rich_alice, 10_000)


def breaches() -> set[str]:
    return {breach.check for breach in audit.audit()}


def change(row: Withdrawal, **fields: object) -> None:
    Withdrawal.objects.filter(pk=row.pk).update(**fields)


def post(row: Withdrawal, kind: Transfer.Kind, debit: int, credit: int, amount: int) -> None:
    ledger.post([Leg(kind, debit, credit, amount)], withdrawal_id=row.pk)


@pytest.mark.parametrize("behaviour", [{}, {"fails": True}, {"returns": True}, {"loses_answers": True}])
def test_it_is_silent_at_every_step_of_every_way(
    rich_alice: User, withdrawal: Withdrawal, behaviour: dict[str, bool]
) -> None:
    switch(**behaviour)
    for seconds in (0, 2, 60, 600):
        assert breaches() == set()
        sweep(seconds)
    assert breaches() == set()


WRONG: list[tuple[set[str], Callable[[Withdrawal], object]]] = [
    (
        {CLEARING, TRANSFERS},
        lambda w: change(w, status="paid", submitted_at=w.created_at, resolved_at=w.created_at),
    ),
    ({CLEARING, TRANSFERS}, lambda w: change(w, status="failed", resolved_at=w.created_at)),
    ({CLEARING, TRANSFERS}, lambda w: post(w, Kind.PAYOUT, System.WITHDRAWAL_CLEARING, System.BANK, 10_000)),
    (
        {CLEARING, TRANSFERS},
        lambda w: post(w, Kind.WITHDRAWAL_RETURN, System.WITHDRAWAL_CLEARING, w.account_id, 1),
    ),
    ({TRANSFERS}, lambda w: post(w, Kind.WITHDRAWAL_FEE_RETURN, System.FEE_REVENUE, w.account_id, 10)),
    ({TRANSFERS}, lambda w: post(w, Kind.WITHDRAWAL_FEE, w.account_id, System.FEE_REVENUE, 10)),
    ({TRANSFERS}, lambda w: post(w, Kind.TOP_UP, System.BANK, w.account_id, 1)),
]


@pytest.mark.parametrize(("found", "break_it"), WRONG)
def test_it_finds_a_withdrawal_whose_money_moved_otherwise(
    withdrawal: Withdrawal, found: set[str], break_it: Callable[[Withdrawal], object]
) -> None:
    break_it(withdrawal)

    assert found <= breaches()


def test_it_finds_a_payout_that_was_posted_twice(withdrawal: Withdrawal) -> None:
    sweep()
    post(withdrawal, Kind.PAYOUT, System.BANK, System.FEE_REVENUE, 1)

    assert {TRANSFERS} <= breaches()


def test_it_finds_a_withdrawal_that_nothing_was_taken_for(rich_alice: User) -> None:
    Withdrawal.objects.create(account=wallet(rich_alice), amount=500, fee=0, fee_bp=0, fee_minimum=0)

    assert {CLEARING, TRANSFERS} <= breaches()


def test_it_finds_another_fee_than_the_terms_say(rich_alice: User) -> None:
    row = Withdrawal.objects.create(account=wallet(rich_alice), amount=500, fee=7, fee_bp=100, fee_minimum=6)
    post(row, Kind.WITHDRAWAL, row.account_id, System.WITHDRAWAL_CLEARING, 500)
    post(row, Kind.WITHDRAWAL_FEE, row.account_id, System.FEE_REVENUE, 7)

    assert {FEES} <= breaches()


def test_it_finds_a_top_up_that_was_posted_without_the_banks_word(rich_alice: User) -> None:
    TopUp.objects.update(status="requested", resolved_at=None)

    assert {TOP_UPS} <= breaches()


def test_it_finds_a_top_up_that_was_posted_twice(rich_alice: User) -> None:
    legs = [Leg(Kind.TOP_UP, System.BANK, wallet(rich_alice).pk, 100_000)]
    ledger.post(legs, top_up_id=TopUp.objects.get().pk)

    assert {TOP_UPS} <= breaches()


def test_it_finds_a_top_up_that_came_to_nobody(rich_alice: User) -> None:
    TopUp.objects.create(
        account=wallet(rich_alice),
        key="lost",
        body_hash=b"",
        amount=9,
        status="paid",
        resolved_at="2026-11-20T00:00Z",
    )

    assert {TOP_UPS} <= breaches()


def test_it_finds_a_top_up_in_anothers_wallet(rich_alice: User, bob: User) -> None:
    row = TopUp.objects.create(
        account=wallet(rich_alice),
        key="lost",
        body_hash=b"",
        amount=9,
        status="paid",
        resolved_at="2026-11-20T00:00Z",
    )
    ledger.post([Leg(Kind.TOP_UP, System.BANK, wallet(bob).pk, 9)], top_up_id=row.pk)

    assert {TOP_UPS} <= breaches()


def test_clearing_is_checked_by_the_frequent_pass(withdrawal: Withdrawal) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE payments_lane SET amount = amount + 1 WHERE account_id = %s", [System.WITHDRAWAL_CLEARING]
        )

    assert CLEARING in {breach.check for breach in audit.audit(full=False)}
