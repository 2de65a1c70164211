"""What the database refuses about the bank, whoever asks: every rule, tried by going around the services."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from payments.models import (
    BankAccount,
    DemoBank,
    PayoutFile,
    TopUp,
    Withdrawal,
    WithdrawalTerms,
)
from people.models import User
from tests.payments.bank.hands import ask, bank_account, sweep
from tests.payments.hands import wallet
from tests.payments.test_constraints import refused

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, tzinfo=UTC)


class World:
    """Rows to break: a top-up that came, a withdrawal that waits and one that was paid."""

    def __init__(self, alice: User, rich: User) -> None:
        self.alice = wallet(rich)
        bank_account(self.alice)
        self.paid = ask(rich, 1_000)
        sweep()
        self.requested = ask(rich, 1_000)
        self.top_up_row = TopUp.objects.get()

    def terms(self, **fields: Any) -> None:
        WithdrawalTerms.objects.update(**fields)

    def account(self, **fields: Any) -> None:
        BankAccount.objects.update(**fields)

    def file(self, **fields: Any) -> None:
        row = {"message_id": "m", "content": b"x", "transfers": 1, "total": 1} | fields
        PayoutFile.objects.create(**row)

    def waiting(self, **fields: Any) -> None:
        Withdrawal.objects.filter(pk=self.requested.pk).update(**fields)

    def arrived(self, **fields: Any) -> None:
        Withdrawal.objects.filter(pk=self.paid.pk).update(**fields)

    def withdrawal(self, **fields: Any) -> None:
        row = {"account": self.alice, "amount": 1, "fee": 0, "fee_bp": 0, "fee_minimum": 0} | fields
        Withdrawal.objects.create(**row)

    def top_up(self, **fields: Any) -> None:
        TopUp.objects.update(**fields)


@pytest.fixture
def world(alice: User, rich_alice: User) -> World:
    return World(alice, rich_alice)


TERMS = "withdrawal_terms_take_at_most_the_whole"
NUMBER = "bank_account_number_is_plain"
BIC = "bank_is_named_by_its_bic"
MOVES = "withdrawal_moves_money"
STATUS = "withdrawal_status_says_what_happened"
ARRIVED = "withdrawal_that_arrived_was_submitted"
TOP_UP = "top_up_status_says_what_happened"

RULES: list[tuple[str, Callable[[World], object]]] = [
    (TERMS, lambda w: w.terms(fee_bp=10_001)),
    (TERMS, lambda w: w.terms(fee_minimum=-1)),
    ("bank_account_has_a_holder", lambda w: w.account(holder="")),
    (NUMBER, lambda w: w.account(number="1234")),
    (NUMBER, lambda w: w.account(number="DE89 3704 0044 0532 0130 00")),
    (NUMBER, lambda w: w.account(number="de89370400440532013000")),
    (NUMBER, lambda w: w.account(number="１２３４５６")),
    (BIC, lambda w: w.account(bank="COBADEF")),
    (BIC, lambda w: w.account(bank="cobadeff")),
    ("payout_file_pays_something", lambda w: w.file(transfers=0)),
    ("payout_file_pays_something", lambda w: w.file(total=0)),
    (MOVES, lambda w: w.withdrawal(amount=0)),
    (MOVES, lambda w: w.withdrawal(amount=10**12 + 1)),
    (MOVES, lambda w: w.withdrawal(fee=-1)),
    (STATUS, lambda w: w.waiting(status="submitted")),
    (STATUS, lambda w: w.waiting(submitted_at=NOW)),
    (STATUS, lambda w: w.waiting(status="failed")),
    (STATUS, lambda w: w.waiting(status="lost")),
    (STATUS, lambda w: w.arrived(status="submitted")),
    (STATUS, lambda w: w.arrived(returned_at=NOW)),
    (STATUS, lambda w: w.arrived(resolved_at=None)),
    (ARRIVED, lambda w: w.waiting(status="paid", resolved_at=NOW)),
    (ARRIVED, lambda w: w.arrived(submitted_at=None)),
    (ARRIVED, lambda w: w.arrived(status="returned", resolved_at=None, returned_at=NOW)),
    ("top_up_moves_money", lambda w: w.top_up(amount=0)),
    (TOP_UP, lambda w: w.top_up(resolved_at=None)),
    (TOP_UP, lambda w: w.top_up(status="requested")),
    (TOP_UP, lambda w: w.top_up(status="lost")),
    (
        "a_key_tops_up_once",
        lambda w: TopUp.objects.create(account=w.alice, key=w.top_up_row.key, body_hash=b"", amount=1),
    ),
    ("there_is_one_demo_bank", lambda w: DemoBank.objects.create(id=2)),
]


@pytest.mark.parametrize(("rule", "breaking"), RULES)
def test_a_rule_of_the_database(world: World, rule: str, breaking: Callable[[World], object]) -> None:
    refused(lambda: breaking(world), by=rule)


FORBIDDEN = [
    "UPDATE payments_withdrawal SET amount = 999",
    "UPDATE payments_withdrawal SET fee = 0",
    "UPDATE payments_withdrawal SET number = '1'",
    "UPDATE payments_withdrawal SET account_id = 7",
    "DELETE FROM payments_withdrawal",
    "UPDATE payments_payoutfile SET content = ''",
    "DELETE FROM payments_payoutfile",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_what_was_told_to_the_bank_stays(world: World, statement: str) -> None:
    world.file()

    with (
        pytest.raises(DatabaseError, match="is refused"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
