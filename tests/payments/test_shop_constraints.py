"""What the database refuses about refunds and payer-shown codes, whoever asks."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F

from outbox import clock
from payments.models import Account, Hold, Payment, PaymentCode, Refund
from people.models import User
from tests.payments.hands import pay, wallet
from tests.payments.till import counter_code, refund, show

pytestmark = [pytest.mark.django_db, pytest.mark.unbalanced]


class World:
    """Rows to break."""

    def __init__(self, alice: User, shop: Account) -> None:
        self.alice = wallet(alice)
        self.paid = pay(alice, counter_code(shop), 10_000)
        refund(self.paid, 5_000)
        show(alice)

    def refund(self, **fields: Any) -> None:
        row = {"payment": self.paid, "amount": 10, "fee_returned": 1, "reason": "stained"}
        Refund.objects.create(**row | fields)

    def payment(self, **fields: Any) -> None:
        Payment.objects.filter(pk=self.paid.pk).update(**fields)

    def hold_twice(self) -> None:
        ends = {"status": "resolved", "captured": 10, "resolved_at": clock.now()}
        for _ in range(2):
            Hold.objects.create(
                payment=self.paid,
                payer_id=self.paid.payer_id,
                payee_id=self.paid.payee_id,
                again=True,
                amount=10,
                escrow_lane=0,
                deadline=clock.now(),
                **ends,
            )

    def shown(self, **fields: Any) -> None:
        PaymentCode.objects.update(**fields)

    def show(self, **fields: Any) -> None:
        row = {
            "payer": self.alice,
            "digits_hash": b"x" * 32,
            "expires_at": clock.now() + timedelta(hours=1),
            "status": "used",
        }
        PaymentCode.objects.create(**row | fields)

    def show_twice(self) -> None:
        for _ in range(2):
            self.show()


@pytest.fixture
def world(rich_alice: User, shop: Account) -> World:
    return World(rich_alice, shop)


SHARE = "refund_returns_a_share_of_the_fee"
CAPS = "payment_code_caps_at_an_amount"
RULES: list[tuple[str, Callable[[World], object]]] = [
    ("refund_moves_money", lambda w: w.refund(amount=0, fee_returned=0)),
    (SHARE, lambda w: w.refund(fee_returned=-1)),
    (SHARE, lambda w: w.refund(fee_returned=11)),
    ("refund_says_why", lambda w: w.refund(reason="")),
    ("payment_gives_back_what_was_captured", lambda w: w.payment(refunded_amount=10_001)),
    ("payment_gives_back_what_was_captured", lambda w: w.payment(refunded_amount=-1)),
    ("payment_gives_back_what_was_captured", lambda w: w.payment(reheld_amount=5_001)),
    ("payment_gives_back_what_was_captured", lambda w: w.payment(reheld_amount=-1)),
    ("a_payment_is_held_again_once", lambda w: w.hold_twice()),
    ("payment_returns_no_more_fee_than_it_took", lambda w: w.payment(fee_returned=81)),
    ("payment_returns_no_more_fee_than_it_took", lambda w: w.payment(fee_returned=-1)),
    ("payment_code_status_is_known", lambda w: w.shown(status="expired")),
    (CAPS, lambda w: w.shown(max_amount=0)),
    (CAPS, lambda w: w.shown(max_amount=10**12 + 1)),
    ("payment_code_expires_later", lambda w: w.shown(expires_at=F("created_at"))),
    ("a_payer_shows_one_code", lambda w: w.show(status="active")),
    ("payments_paymentcode_digits_hash_key", lambda w: w.show_twice()),
]


@pytest.mark.parametrize(
    ("rule", "broken"), RULES, ids=[f"{rule}-{number}" for number, (rule, _) in enumerate(RULES)]
)
def test_the_database_refuses(world: World, rule: str, broken: Callable[[World], object]) -> None:
    with pytest.raises(IntegrityError, match=f'"{rule}"'), transaction.atomic():
        broken(world)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payments_refund SET amount = amount - 1",
        "UPDATE payments_refund SET reason = reason",
        "DELETE FROM payments_refund",
        "TRUNCATE payments_refund",
    ],
)
def test_money_given_back_is_not_taken_again(world: World, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match="money given back is not taken again"), transaction.atomic():
            cursor.execute(statement)
