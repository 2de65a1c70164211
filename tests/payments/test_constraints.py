"""What the database refuses, whoever asks: every rule, tried by going around the services."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from outbox.ids import uuid7
from payments import accounts
from payments.books import FIRST_MERCHANT
from payments.models import (
    Account,
    CapCounter,
    Code,
    Deployment,
    Hold,
    IdempotentAnswer,
    Lane,
    Payment,
    Transfer,
)
from people.models import User
from tests.payments.hands import dynamic_code, fill, pay, static_code, wallet

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, tzinfo=UTC)


class World:
    """Rows to break."""

    def __init__(self, alice: User, bob: User, shop: Account, sticker: Code) -> None:
        fill(alice, 5000)
        self.alice, self.bob, self.shop = wallet(alice), wallet(bob), shop
        self.static, self.dynamic = static_code(bob), dynamic_code(bob)
        self.settled = pay(alice, self.static, 100)
        self.confirmed = pay(alice, sticker)
        self.hold = Hold.objects.get(payment=self.confirmed)

    def account(self, **fields: Any) -> None:
        Account.objects.create(**fields)

    def transfer(self, **fields: Any) -> None:
        row = {"kind": "payment", "debit": self.alice, "credit": self.bob, "amount": 1} | fields
        Transfer.objects.create(**row)

    def code(self, **fields: Any) -> None:
        Code.objects.filter(pk=self.static.pk).update(**fields)

    def payment(self, **fields: Any) -> None:
        Payment.objects.filter(pk=self.settled.pk).update(**fields)

    def held(self, **fields: Any) -> None:
        Payment.objects.filter(pk=self.confirmed.pk).update(**fields)

    def escrow(self, **fields: Any) -> None:
        Hold.objects.filter(pk=self.hold.pk).update(**fields)


@pytest.fixture
def world(alice: User, bob: User, shop: Account, sticker: Code) -> World:
    return World(alice, bob, shop, sticker)


def refused(broken: Callable[[], object], *, by: str) -> None:
    with pytest.raises(IntegrityError, match=f'"{by}"'), transaction.atomic():
        broken()


OWN = "account_id_follows_its_kind"
GIVEN = "payment_is_given_out_whole_or_not_at_all"
STATUS = "payment_status_says_who_got_it"
HOLD_OUT = "hold_gives_out_no_more_than_it_holds"
HOLD_WHOLE = "hold_is_resolved_whole_or_not_at_all"

RULES: list[tuple[str, Callable[[World], object]]] = [
    ("there_is_one_deployment", lambda w: Deployment.objects.create(id=2, currency="JPY")),
    (OWN, lambda w: w.account(kind="wallet")),
    (OWN, lambda w: w.account(kind="purse", owner=w.alice.owner)),
    (OWN, lambda w: w.account(kind="escrow")),
    (OWN, lambda w: w.account(kind="merchant", owner=w.alice.owner)),
    (OWN, lambda w: w.account(kind="wallet", owner=w.alice.owner, id=FIRST_MERCHANT)),
    ("a_person_has_one_wallet", lambda w: w.account(kind="wallet", owner=w.alice.owner)),
    ("guarded_lane_never_negative", lambda w: Lane.objects.filter(account=w.alice).update(amount=-1)),
    ("guarded_lane_never_negative", lambda w: Lane.objects.filter(account=w.shop, no=5).update(amount=-1)),
    ("transfer_moves_money", lambda w: w.transfer(amount=0)),
    ("transfer_moves_money", lambda w: w.transfer(amount=-5)),
    ("transfer_between_two", lambda w: w.transfer(credit=w.alice)),
    ("transfer_kind_is_known", lambda w: w.transfer(kind="gift")),
    ("transfer_tells_the_debited_wallets_balance", lambda w: w.transfer(debit_version=9)),
    ("transfer_tells_the_credited_wallets_balance", lambda w: w.transfer(credit_version=9)),
    ("a_wallet_debit_version_is_used_once", lambda w: w.transfer(debit_version=2, debit_balance_after=1)),
    ("a_wallet_credit_version_is_used_once", lambda w: w.transfer(credit_version=1, credit_balance_after=1)),
    ("code_token_is_crockford_base32", lambda w: w.code(token="U" * 26)),
    ("code_token_is_crockford_base32", lambda w: w.code(token="0" * 25)),
    ("code_kind_is_known", lambda w: w.code(kind="moving")),
    ("code_status_is_known", lambda w: w.code(status="lost")),
    ("code_amount_is_an_amount", lambda w: w.code(amount=0)),
    ("code_amount_is_an_amount", lambda w: w.code(amount=10**12 + 1)),
    ("dynamic_code_expires", lambda w: Code.objects.filter(pk=w.dynamic.pk).update(expires_at=None)),
    ("static_code_is_never_used_up", lambda w: w.code(status="used")),
    ("payment_moves_money", lambda w: w.payment(amount=0, captured_amount=0, status="confirmed")),
    ("payment_between_two", lambda w: w.payment(payee=w.alice)),
    (GIVEN, lambda w: w.payment(captured_amount=99)),
    (GIVEN, lambda w: w.payment(released_amount=1)),
    (GIVEN, lambda w: w.payment(captured_amount=101, released_amount=-1)),
    (STATUS, lambda w: w.payment(status="released")),
    (STATUS, lambda w: w.held(status="settled", resolved_at=NOW)),
    (STATUS, lambda w: w.payment(status="lost")),
    ("resolved_payment_says_when", lambda w: w.payment(resolved_at=None)),
    ("payment_gives_back_what_was_captured", lambda w: w.payment(refunded_amount=101)),
    ("payment_gives_back_what_was_captured", lambda w: w.held(refunded_amount=1)),
    ("payment_fee_within_captured", lambda w: w.payment(fee=101)),
    ("payment_fee_within_captured", lambda w: w.payment(fee=-1)),
    ("payment_counts_in_a_cap_on_a_day", lambda w: w.payment(cap_day=None)),
    ("hold_holds_money", lambda w: w.escrow(amount=0)),
    (HOLD_OUT, lambda w: w.escrow(captured=600, released=401)),
    (HOLD_WHOLE, lambda w: w.escrow(captured=600)),
    (HOLD_WHOLE, lambda w: w.escrow(status="resolved", captured=600, resolved_at=NOW)),
    (HOLD_WHOLE, lambda w: w.escrow(status="resolved", captured=1000)),
    (HOLD_WHOLE, lambda w: w.escrow(status="lost")),
    (
        "a_payment_has_one_unresolved_hold",
        lambda w: Hold.objects.create(
            payment=w.confirmed, payer=w.alice, payee=w.shop, amount=1, escrow_lane=0, deadline=NOW
        ),
    ),
    ("cap_use_is_not_negative", lambda w: CapCounter.objects.filter(payer=w.alice).update(used=-1)),
    (
        "payments_idempotentanswer_pkey",  # a key is answered once
        lambda w: IdempotentAnswer.objects.bulk_create(
            [
                IdempotentAnswer(caller=w.settled.pk, key="k", body_hash=b"", status=201, body="{}")
                for _ in range(2)
            ]
        ),
    ),
    (
        "payments_lane_pkey",
        lambda w: Lane.objects.bulk_create([Lane(account=w.alice, no=0, guarded=True)]),
    ),
]


@pytest.mark.parametrize(("rule", "broken"), RULES, ids=[f"{n}-{rule}" for n, (rule, _) in enumerate(RULES)])
def test_the_database_refuses(world: World, rule: str, broken: Callable[[World], object]) -> None:
    refused(lambda: broken(world), by=rule)


def test_the_same_code_twice(world: World) -> None:
    refused(lambda: world.code(token=world.dynamic.token), by="payments_code_token_key")


def run(statement: str, *values: object) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("UPDATE payments_transfer SET amount = amount + 1", "a correction is a new row"),
        ("UPDATE payments_transfer SET kind = kind", "a correction is a new row"),
        ("DELETE FROM payments_transfer", "a correction is a new row"),
        ("TRUNCATE payments_transfer", "a correction is a new row"),
        ("TRUNCATE payments_payment CASCADE", "a correction is a new row"),
        ("DELETE FROM payments_lane", "a lane holds money or has held it"),
        ("TRUNCATE payments_lane", "a lane holds money or has held it"),
        ("UPDATE payments_idempotentanswer SET body = '{}'", "a key is answered once"),
        ("DELETE FROM payments_idempotentanswer", "a key is answered once"),
        ("TRUNCATE payments_idempotentanswer", "a key is answered once"),
    ],
)
def test_history_is_never_changed(world: World, statement: str, why: str) -> None:
    run("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(DatabaseError, match=why):
        run(statement)


def test_a_transfer_is_of_a_payment_that_exists(world: World) -> None:
    run("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError, match="foreign key"), transaction.atomic():
        world.transfer(payment_id=uuid7())


def test_nobody_takes_a_guard_away(world: World) -> None:
    for field in ("guarded = false", "no = 99", f"account_id = {world.bob.pk}"):
        with pytest.raises(DatabaseError, match="only amount, version and open may change"):
            run(f"UPDATE payments_lane SET {field} WHERE account_id = %s", world.alice.pk)  # noqa: S608


def test_an_account_keeps_kind_and_owner(world: World) -> None:
    for field, value in (("owner_id", world.bob.owner_id), ("kind", "merchant"), ("id", 77)):
        with pytest.raises(DatabaseError, match="only the name may change"):
            run(f"UPDATE payments_account SET {field} = %s WHERE id = %s", value, world.alice.pk)  # noqa: S608
    accounts.rename(account_id=world.alice.pk, name="Alicia")


@pytest.mark.parametrize("table", ["payments_account", "payments_payment", "payments_code"])
def test_what_has_history_is_never_deleted(world: World, table: str) -> None:
    run("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError, match="foreign key"):
        run(f"DELETE FROM {table}")  # noqa: S608


def test_the_currency_is_decided_once(world: World) -> None:
    for statement in ("UPDATE payments_deployment SET currency = 'JPY'", "DELETE FROM payments_deployment"):
        with pytest.raises(DatabaseError, match="amounts are stored without a currency"):
            run(statement)
