"""Everything that could be wrong with the books, each with the checks of the auditor that see it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import F

from payments import ledger, money
from payments.books import System
from payments.ledger import Leg
from payments.models import CapCounter, Code, Hold, Lane, Payment, Refund, Transfer


def give_back(payment: Payment, amount: int) -> None:
    """Refund by hand: everything agrees, whatever is refunded."""
    payment.refresh_from_db()
    refunded = payment.refunded_amount + amount
    owed = money.fee_returned(payment.fee, refunded=refunded, captured=payment.captured_amount)
    fee = owed - payment.fee_returned
    legs = [Leg(Transfer.Kind.REFUND, payment.payee_id, payment.payer_id, amount)]
    if fee:
        legs.append(Leg(Transfer.Kind.FEE_RETURN, System.FEE_REVENUE, payment.payee_id, fee))
    ledger.post(legs, payment_id=payment.pk)
    Refund.objects.create(payment=payment, amount=amount, fee_returned=fee, reason="broken")
    Payment.objects.filter(pk=payment.pk).update(refunded_amount=refunded, fee_returned=owed)


RULED = ("payment", "hold", "lane", "transfer", "refund")


def break_rules(change: Callable[[], object]) -> None:
    """Do what the database itself would refuse."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in (f"payments_{name}" for name in RULED):
            cursor.execute(
                "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'", [table]
            )
            for (name,) in cursor.fetchall():
                cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute("DROP INDEX a_payment_has_one_unresolved_hold")
    change()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for name in RULED:
            cursor.execute(f"ALTER TABLE payments_{name} ENABLE TRIGGER USER")


def post(kind: Transfer.Kind, debit: int, credit: int, amount: int = 1, **cause: object) -> object:
    """Move money through the ledger itself: lanes, folds and statements stay right."""
    return ledger.post([Leg(kind, debit, credit, amount)], **cause)  # type: ignore[arg-type]


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement)


def settled() -> Payment:
    return Payment.objects.get(**SETTLED)


def shop_of(payment: Payment) -> int:
    return payment.payee_id


def split_hold() -> None:
    """Make two unresolved holds of one; escrow holds as much as before."""
    Hold.objects.filter(status="open").update(amount=F("amount") - 400)
    half = Hold.objects.get(status="open")
    half.pk, half.amount = half.payment_id, 400
    half.save(force_insert=True)


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
        {"accounts hold what was moved", "transfers have their cause"},
    ),
    (
        "a trigger is gone",
        lambda: run("DROP TRIGGER transfers_are_never_truncated ON payments_transfer"),
        {"history is guarded"},
    ),
    (
        "a trigger is off",
        lambda: run("ALTER TABLE payments_account DISABLE TRIGGER an_account_keeps_its_kind_and_owner"),
        {"history is guarded"},
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
        "two unresolved holds of one payment",
        split_hold,
        {"a payment has at most one unresolved hold", "unresolved holds have their payment"},
    ),
    (
        "a payment settled without its hold",
        lambda: Payment.objects.filter(status="confirmed").update(status="settled"),
        {"unresolved holds have their payment"},
    ),
    (
        "a hold for another payee",
        lambda: Hold.objects.filter(status="open").update(payee_id=System.BANK),
        {"unresolved holds have their payment"},
    ),
    (
        "a hold that nobody resolves",
        lambda: Hold.objects.filter(status="open").update(deadline=datetime.now(UTC) - timedelta(minutes=11)),
        {"no hold is forgotten"},
    ),
    (
        "a capture of more than was posted",
        lambda: Payment.objects.filter(amount=5000).update(captured_amount=4999, released_amount=1),
        {"payments are what their transfers say"},
    ),
    (
        "a fee rounded down",
        lambda: Payment.objects.filter(amount=5000).update(fee_bp=61),  # 30.5, and it took 30
        {"fees follow the fee function"},
    ),
    (
        "a refund of more than was captured",
        lambda: give_back(settled(), 101),
        {"refunds are what was given back"},
    ),
    (
        "a payment that tells of another refund",
        lambda: Payment.objects.filter(**SETTLED).update(refunded_amount=F("refunded_amount") + 1),
        {"refunds are what was given back"},
    ),
    (
        "a refund that was not posted",
        lambda: Refund.objects.create(payment=settled(), amount=1, reason="never posted"),
        {"refunds are what was given back"},
    ),
    (
        "a refund that was posted and not written down",
        lambda: post(Transfer.Kind.REFUND, shop_of(settled()), settled().payer_id, payment_id=settled().pk),
        {"refunds are what was given back"},
    ),
    (
        "a refund's fee that was not posted",
        lambda: (
            Refund.objects.filter(amount=100).update(fee_returned=F("fee_returned") + 1),
            Payment.objects.filter(**SETTLED).update(fee_returned=F("fee_returned") + 1),
        ),
        {"refunds are what was given back"},
    ),
    (
        "a refund that returned more of the fee than its share",
        lambda: (
            Refund.objects.filter(amount=100).update(fee_returned=F("fee_returned") + 1),
            Payment.objects.filter(**SETTLED).update(fee_returned=F("fee_returned") + 1),
            post(Transfer.Kind.FEE_RETURN, System.FEE_REVENUE, shop_of(settled()), payment_id=settled().pk),
        ),
        {"refunds are what was given back"},
    ),
    (
        "a code for one payment that was paid twice",
        lambda: Payment.objects.filter(amount=1234).update(
            code_id=Payment.objects.values("code_id").get(amount=55)["code_id"]
        ),
        {"codes for one payment pay once"},
    ),
    (
        "a code for one payment that could be paid again",
        lambda: Code.objects.filter(kind="dynamic").update(status="active"),
        {"codes for one payment pay once"},
    ),
    (
        "a payer's code that was charged twice",
        lambda: Payment.objects.filter(amount=5000).update(code=None),
        {"codes that payers show are charged once"},
    ),
    (
        "a fee of no payment",
        lambda: post(Transfer.Kind.FEE, shop_of(settled()), System.FEE_REVENUE),
        {"transfers have their cause"},
    ),
    (
        "a payment's money given to somebody else",
        lambda: post(
            Transfer.Kind.PAYMENT,
            Payment.objects.get(amount=1234).payee_id,
            settled().payer_id,
            payment_id=settled().pk,
        ),
        {"transfers have their cause"},
    ),
    (
        "money from nowhere",
        lambda: post(Transfer.Kind.TOP_UP, System.BANK, settled().payer_id),
        {"transfers have their cause"},
    ),
    (
        "money paid out for no withdrawal",
        lambda: (
            post(Transfer.Kind.WITHDRAWAL, settled().payer_id, System.WITHDRAWAL_CLEARING),
            post(Transfer.Kind.PAYOUT, System.WITHDRAWAL_CLEARING, System.BANK),
        ),
        {"transfers have their cause"},
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
        lambda: Transfer.objects.filter(amount=1234).update(debit_version=99),
        {"statements lead from balance to balance"},
    ),
]
