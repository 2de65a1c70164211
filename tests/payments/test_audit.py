"""The auditor finds what is wrong, names it, and is silent otherwise."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F

from payments import audit, tasks
from payments.books import System
from payments.models import Account, CapCounter, Code, Hold, Lane, Payment, Transfer
from people.models import User
from tests.payments.hands import capture, claim, fill, pay, release, wallet

pytestmark = [pytest.mark.django_db, pytest.mark.unbalanced]


@pytest.fixture(autouse=True)
def history(rich_alice: User, bob: User, bob_code: Code, sticker: Code) -> None:
    """A bit of everything that may happen."""
    fill(bob, 700)
    pay(rich_alice, bob_code, 1234)
    captured, _open, released = (pay(rich_alice, sticker) for _ in range(3))
    claim(captured)
    capture(captured, 400)
    release(released)


def found() -> set[str]:
    return {breach.check for breach in audit.audit()}


def test_the_books_are_right() -> None:
    assert audit.audit() == []


def break_rules(change: Callable[[], object]) -> None:
    """Do what the database itself would refuse."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("payments_payment", "payments_hold", "payments_lane", "payments_transfer"):
            cursor.execute(
                "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'", [table]
            )
            for (name,) in cursor.fetchall():
                cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        cursor.execute("ALTER TABLE payments_transfer DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE payments_lane DISABLE TRIGGER USER")
    change()


SETTLED = {"kind": "order", "status": "settled"}

FAULTS: list[tuple[str, Callable[[], object], set[str]]] = [
    (
        "a fen is made",
        lambda: Lane.objects.filter(account__kind="wallet").update(amount=F("amount") + 1),
        {
            "all accounts together hold nothing",
            "accounts hold what was moved",
            "statements lead from balance to balance",
        },
    ),
    (
        "a fen changes hands without a transfer",
        lambda: (
            Lane.objects.filter(account_id=System.BANK, no=0).update(amount=F("amount") - 1),
            Lane.objects.filter(account_id=System.FEE_REVENUE, no=0).update(amount=F("amount") + 1),
        ),
        {"accounts hold what was moved"},
    ),
    (
        "a transfer without its lanes",
        lambda: Transfer.objects.create(
            kind="fee", debit_id=System.BANK, credit_id=System.FEE_REVENUE, amount=1
        ),
        {"accounts hold what was moved"},
    ),
    (
        "a guard is off",
        lambda: Lane.objects.filter(account__kind="wallet").update(guarded=False),
        {"guarded lanes are not negative"},
    ),
    (
        "a lane is missing",
        lambda: Lane.objects.filter(account_id=System.FEE_REVENUE, no=7).delete(),
        {"accounts have their lanes"},
    ),
    (
        "half an account is frozen",
        lambda: Lane.objects.filter(account__kind="merchant", no__lt=9).update(open=False),
        {"accounts have their lanes"},
    ),
    (
        "a hold in another lane than its money",
        lambda: Hold.objects.filter(status="open").update(escrow_lane=(F("escrow_lane") + 1) % 64),
        {"escrow holds the unresolved holds"},
    ),
    (
        "a hold resolved without its payment",
        lambda: Hold.objects.filter(status="open").update(status="resolved"),
        {"escrow holds the unresolved holds", "confirmed payments have their hold"},
    ),
    (
        "a payment settled without its hold",
        lambda: Payment.objects.filter(status="confirmed").update(status="settled"),
        {"confirmed payments have their hold"},
    ),
    (
        "a hold for another payee",
        lambda: Hold.objects.filter(status="open").update(payee_id=System.BANK),
        {"confirmed payments have their hold"},
    ),
    (
        "a hold that nobody resolves",
        lambda: Hold.objects.filter(status="open").update(deadline=datetime.now(UTC) - timedelta(minutes=11)),
        {"no hold is forgotten"},
    ),
    (
        "a capture of more than was posted",
        lambda: Payment.objects.filter(**SETTLED).update(captured_amount=401, released_amount=599),
        {"payments are what their transfers say"},
    ),
    (
        "a fee rounded down",
        lambda: Payment.objects.filter(**SETTLED).update(fee_bp=61, fee=2, captured_amount=410),
        {"payments are what their transfers say", "fees follow the fee function"},
    ),
    (
        "a refund of more than was captured",
        lambda: Payment.objects.filter(**SETTLED).update(refunded_amount=401),
        {"refunds stay within what was captured"},
    ),
    (
        "a cap that forgot",
        lambda: CapCounter.objects.update(used=F("used") - 1),
        {"caps counted what was paid"},
    ),
    (
        "a line of a statement that says another balance",
        lambda: Transfer.objects.filter(kind="payment").update(debit_balance_after=1),
        {"statements lead from balance to balance"},
    ),
    (
        "a line that is left out",
        lambda: Transfer.objects.filter(kind="payment").update(debit_version=99),
        {"statements lead from balance to balance"},
    ),
]


@pytest.mark.parametrize(("change", "checks"), [fault[1:] for fault in FAULTS], ids=[f[0] for f in FAULTS])
def test_each_fault_is_found_and_only_that(change: Callable[[], object], checks: set[str]) -> None:
    break_rules(change)
    assert found() == checks


def test_a_breach_names_what_is_wrong(alice: User) -> None:
    Lane.objects.filter(account=wallet(alice)).update(amount=F("amount") + 1)
    assert f"accounts hold what was moved: Account {wallet(alice).pk} holds" in "\n".join(
        str(breach) for breach in audit.audit()
    )
    with pytest.raises(AssertionError, match="All lanes together hold 1 instead of 0"):
        audit.assert_conserved()


def test_the_quick_pass_reads_no_history(alice: User) -> None:
    Transfer.objects.create(kind="fee", debit_id=System.BANK, credit_id=System.FEE_REVENUE, amount=1)
    assert audit.audit(full=False) == []
    assert found() == {"accounts hold what was moved"}


def test_a_breach_counts_when_a_second_look_confirms_it(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter([[audit.Breach("a", "gone"), audit.Breach("a", "stays")], [audit.Breach("a", "stays")]])
    monkeypatch.setattr(audit, "audit", lambda *, full: next(looks))
    assert audit.confirmed_breaches() == [audit.Breach("a", "stays")]


class TestCommand:
    """`manage.py audit_ledger`."""

    def test_right_books(self) -> None:
        said = StringIO()
        call_command("audit_ledger", stdout=said)
        call_command("audit_ledger", "--quick", stdout=said)
        assert said.getvalue().count("The books are right") == 2

    def test_wrong_books_end_with_1_and_the_reason(self) -> None:
        Lane.objects.filter(account_id=System.BANK, no=0).update(amount=F("amount") + 1)
        said = StringIO()
        with pytest.raises(CommandError, match="The books are wrong") as ended:
            call_command("audit_ledger", stderr=said)
        assert ended.value.returncode == 1
        assert "BREACH all accounts together hold nothing: All lanes together hold 1" in said.getvalue()


def test_the_task_alarms(caplog: pytest.LogCaptureFixture) -> None:
    tasks.audit_ledger(full=True, sent_by_a_newer_caller=True)
    assert not caplog.records
    Lane.objects.filter(account_id=System.BANK, no=0).update(amount=F("amount") + 1)
    tasks.audit_ledger()
    assert [record.levelname for record in caplog.records] == ["CRITICAL"]


@pytest.mark.django_db(transaction=True)
def test_the_auditor_may_not_write(shop: Account) -> None:
    def meddle(cursor: object) -> list[str]:
        Account.objects.filter(pk=shop.pk).update(name="Mine")
        return []

    audit.check("meddling")(meddle)
    try:
        with pytest.raises(Exception, match="read-only transaction"):
            audit.audit()
    finally:
        del audit._checks["meddling"]
