"""History stays as it is, whoever goes around the services: raw SQL under the service's own database role.

The role owns its tables, because migrations run under it. So it may change what no trigger guards, and it may
switch a trigger off; it may not go past all of them at once, and the auditor sees what it did.
"""

from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from outbox.ids import uuid7
from payments import audit
from payments.models import Account, Payment, PayoutFile, Refund, TopUp, Transfer, Withdrawal
from people.models import User
from tests.payments.hands import fill, pay, static_code, wallet

pytestmark = [pytest.mark.django_db, pytest.mark.unbalanced]


@pytest.fixture(autouse=True)
def payment(rich_alice: User, bob: User, charlie: User) -> Payment:
    """Money that moved, and a row of everything that is kept as it is."""
    fill(charlie, 100)
    made = pay(rich_alice, static_code(bob), 500)
    Refund.objects.create(payment=made, amount=10, fee_returned=1, reason="broken")
    terms = {"amount": 100, "fee": 1, "fee_bp": 10, "fee_minimum": 1}
    Withdrawal.objects.create(account=wallet(bob), **terms)
    PayoutFile.objects.create(message_id="M1", content=b"<x/>", transfers=1, total=100)
    run("SET CONSTRAINTS ALL IMMEDIATE")
    return made


def run(statement: str, *values: Any) -> int:
    """Return how many rows were touched."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


CORRECTION = "a correction is a new row"
LANE, LANE_FIELDS = "a lane holds money or has held it", "only amount, version and open may change"
ACCOUNT_FIELDS, CURRENCY = "only the name may change", "amounts are stored without a currency"
KEY, REFUND = "a key is answered once", "money given back is not taken again"
TERMS, BANK = "its status alone may change", "the bank may have it"

REFUSED = [
    ("UPDATE payments_transfer SET amount = 1", CORRECTION),
    ("UPDATE payments_transfer SET kind = 'fee'", CORRECTION),
    ("UPDATE payments_transfer SET debit_id = credit_id, credit_id = debit_id", CORRECTION),
    ("UPDATE payments_transfer SET payment_id = NULL", CORRECTION),
    ("UPDATE payments_transfer SET posted_at = now()", CORRECTION),
    ("UPDATE payments_transfer SET debit_balance_after = 0", CORRECTION),
    ("DELETE FROM payments_transfer", CORRECTION),
    ("TRUNCATE payments_transfer", CORRECTION),
    ("TRUNCATE payments_account CASCADE", "is refused"),
    ("TRUNCATE payments_payment CASCADE", "is refused"),
    ("UPDATE payments_lane SET guarded = NOT guarded", LANE_FIELDS),
    ("UPDATE payments_lane SET no = no + 100", LANE_FIELDS),
    ("UPDATE payments_lane SET account_id = account_id + 1", LANE_FIELDS),
    ("DELETE FROM payments_lane", LANE),
    ("TRUNCATE payments_lane", LANE),
    ("UPDATE payments_account SET kind = 'bank'", ACCOUNT_FIELDS),
    ("UPDATE payments_account SET owner_id = NULL WHERE kind = 'wallet'", ACCOUNT_FIELDS),
    ("UPDATE payments_account SET id = id + 1", ACCOUNT_FIELDS),
    ("UPDATE payments_deployment SET currency = 'JPY'", CURRENCY),
    ("DELETE FROM payments_deployment", CURRENCY),
    ("UPDATE payments_idempotentanswer SET status = 500", KEY),
    ("DELETE FROM payments_idempotentanswer", KEY),
    ("TRUNCATE payments_idempotentanswer", KEY),
    ("UPDATE payments_refund SET amount = 1", REFUND),
    ("UPDATE payments_refund SET reason = 'x'", REFUND),
    ("DELETE FROM payments_refund", REFUND),
    ("TRUNCATE payments_refund", REFUND),
    ("UPDATE payments_withdrawal SET amount = 1", TERMS),
    ("UPDATE payments_withdrawal SET fee = 0", TERMS),
    ("UPDATE payments_withdrawal SET fee_bp = 0, fee_minimum = 0", TERMS),
    ("UPDATE payments_withdrawal SET holder = 'Thief'", TERMS),
    ("UPDATE payments_withdrawal SET number = 'DE00'", TERMS),
    ("UPDATE payments_withdrawal SET bank = 'THIEFDEF'", TERMS),
    ("UPDATE payments_withdrawal SET account_id = account_id + 1", TERMS),
    ("DELETE FROM payments_withdrawal", BANK),
    ("TRUNCATE payments_withdrawal CASCADE", "is refused"),
    ("UPDATE payments_payoutfile SET content = ''", BANK),
    ("UPDATE payments_payoutfile SET total = 1", BANK),
    ("DELETE FROM payments_payoutfile", BANK),
    ("TRUNCATE payments_payoutfile CASCADE", "is refused"),
]


@pytest.mark.parametrize(("statement", "why"), REFUSED, ids=[statement for statement, _ in REFUSED])
def test_the_database_refuses(statement: str, why: str) -> None:
    with pytest.raises(DatabaseError, match=why):
        run(statement)


@pytest.mark.parametrize("kind", ["wallet", "merchant", "escrow", "withdrawal_clearing"])
def test_no_guarded_lane_goes_below_zero(shop: Account, kind: str) -> None:
    with pytest.raises(IntegrityError, match="guarded_lane_never_negative"):
        run(
            "UPDATE payments_lane SET amount = -1 FROM payments_account AS account "
            "WHERE account.id = account_id AND kind = %s",
            kind,
        )


POST = """
SELECT ledger_post(%s::uuid[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], NULL, '{}', NULL)
"""


def post(kind: str, debit: int, credit: int, amount: int) -> int:
    return run(POST, [uuid7()], [kind], [debit], [credit], [amount])


class TestPosting:
    """The posting function, called by hand: no way through it makes or loses money."""

    @pytest.mark.parametrize("amount", [0, -1, -500])
    def test_a_negative_amount_moves_nothing_the_other_way(
        self, rich_alice: User, bob: User, amount: int
    ) -> None:
        with pytest.raises(IntegrityError, match="transfer_moves_money"):
            post("payment", wallet(rich_alice).pk, wallet(bob).pk, amount)

    def test_nobody_pays_himself(self, rich_alice: User) -> None:
        with pytest.raises(IntegrityError, match="transfer_between_two"):
            post("payment", wallet(rich_alice).pk, wallet(rich_alice).pk, 1)

    def test_a_kind_must_be_known(self, rich_alice: User, bob: User) -> None:
        with pytest.raises(IntegrityError, match="transfer_kind_is_known"):
            post("gift", wallet(rich_alice).pk, wallet(bob).pk, 1)

    @pytest.mark.parametrize("missing", [0, 1, 2, 3])
    def test_half_a_leg_is_refused(self, rich_alice: User, bob: User, missing: int) -> None:
        leg: list[list[object]] = [[uuid7()], ["payment"], [wallet(rich_alice).pk], [wallet(bob).pk], [5]]
        leg[missing] = []
        with pytest.raises(DatabaseError):
            run(POST, *leg)

    def test_an_account_must_exist(self, rich_alice: User) -> None:
        with pytest.raises(DatabaseError):
            post("payment", wallet(rich_alice).pk, 999_999, 1)


def insert_transfer(**fields: Any) -> Transfer:
    with transaction.atomic():
        return Transfer.objects.create(**fields)


def test_a_transfer_of_two_causes_is_refused(payment: Payment, rich_alice: User, bob: User) -> None:
    """`transfer_has_one_cause`, for every two of the three."""
    causes = {
        "payment": payment,
        "withdrawal": Withdrawal.objects.get(),
        "top_up": TopUp.objects.create(account=wallet(bob), amount=1),
    }
    sides = {"kind": "payment", "debit": wallet(rich_alice), "credit": wallet(bob), "amount": 1}
    for left_out in causes:
        two = {name: cause for name, cause in causes.items() if name != left_out}
        with pytest.raises(IntegrityError, match='"transfer_has_one_cause"'):
            insert_transfer(**sides, **two)


def checks() -> set[str]:
    return {breach.check for breach in audit.audit()}


# Between the bank and the fees, both unguarded (payments.books.System).
SAME_SUM = """
UPDATE payments_lane SET amount = amount + CASE account_id WHEN 2000000000003 THEN 1 ELSE -1 END
WHERE no = 0 AND account_id IN (2000000000003, 2000000000004)
"""
# What the role may do, because no rule of one row can refuse it, and who sees it.
SEEN = [
    ("UPDATE payments_lane SET amount = amount + 1 WHERE no = 0", "all accounts together hold nothing"),
    (SAME_SUM, "accounts hold what was moved"),
    (
        "UPDATE payments_lane SET open = false WHERE no = 0 AND account_id > 1000000000000",
        "accounts have their lanes",
    ),
    (
        "UPDATE payments_payment SET amount = 4, captured_amount = 4",
        "payments are what their transfers say",
    ),
    ("UPDATE payments_payment SET payee_id = payer_id, payer_id = payee_id", "transfers have their cause"),
    ("UPDATE payments_payment SET refunded_amount = 1", "refunds are what was given back"),
    ("UPDATE payments_capcounter SET used = 0", "caps counted what was paid"),
    ("TRUNCATE payments_capcounter", "caps counted what was paid"),
]


@pytest.mark.parametrize(("statement", "check"), SEEN, ids=[statement for statement, _ in SEEN])
def test_what_is_not_refused_is_seen_by_the_auditor(statement: str, check: str) -> None:
    # The row of a refund above was written by hand: it is a breach of its own from the beginning.
    Payment.objects.update(refunded_amount=0)
    before = checks()
    assert run(statement)
    assert check in checks() - (before - {"refunds are what was given back"})


def test_a_transfer_that_moved_nothing_is_seen_by_the_auditor(rich_alice: User, bob: User) -> None:
    sides = {"debit": wallet(rich_alice), "credit": wallet(bob), "amount": 1}
    insert_transfer(kind="payment", **sides)
    assert {"accounts hold what was moved", "transfers have their cause"} <= checks()


class TestTriggers:
    """How far the role can go when it wants to."""

    def test_it_cannot_go_past_all_triggers_at_once(self) -> None:
        with pytest.raises(DatabaseError, match="permission denied"):
            run("SET LOCAL session_replication_role = replica")

    def test_it_is_no_superuser_and_may_not_become_one(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT rolsuper, rolcreaterole, rolreplication FROM pg_roles WHERE rolname = current_user"
            )
            assert cursor.fetchone() == (False, False, False)
        with pytest.raises(DatabaseError, match="permission denied"):
            run("ALTER ROLE CURRENT_USER SUPERUSER")

    def test_it_owns_its_tables_and_may_switch_a_trigger_off(self) -> None:
        """A fact, not a wish: docs/security.md says who must hold the role's password, and what sees it."""
        with transaction.atomic():
            run("ALTER TABLE payments_transfer DISABLE TRIGGER transfers_are_never_changed")
            run("UPDATE payments_transfer SET amount = amount + 1 WHERE kind = 'payment'")
            assert {"accounts hold what was moved", "payments are what their transfers say"} <= checks()
            transaction.set_rollback(True)

    def test_the_auditor_sees_that_one_is_off(self) -> None:
        assert "history is guarded" not in checks()
        run("ALTER TABLE payments_lane DISABLE TRIGGER lanes_are_never_deleted")
        assert "history is guarded" in checks()
