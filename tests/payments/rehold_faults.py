"""Everything that could be wrong with what is held again, each with the checks of the auditor that see it."""

from collections.abc import Callable

from django.db.models import F

from payments.books import System, Transfer
from payments.models import Hold, Payment, Refund
from tests.payments.faults import post

ESCROW, FEES = System.ESCROW.value, System.FEE_REVENUE.value


def waiting() -> Payment:
    """The payment of which 3.00 wait in escrow again."""
    return Payment.objects.get(reheld_amount=300)


def ended() -> Payment:
    """The payment of which 4.00 were held again, 1.00 captured and 3.00 refunded."""
    return Payment.objects.get(refunded_amount=300, reheld_amount=0)


def moves(kind: Transfer.Kind, debit: int, credit: int, of: Payment, amount: int = 1) -> object:
    hold = Hold.objects.get(payment=of, again=True)
    return post(kind, debit, credit, amount, payment_id=of.pk, escrow_lane=hold.escrow_lane)


def give_to_the_shop() -> None:
    """Release to the shop: everything agrees, but the payer has nothing."""
    payment = waiting()
    moves(Transfer.Kind.RECAPTURE, ESCROW, payment.payee_id, payment, 300)
    Hold.objects.filter(payment=payment).update(status="resolved", released=300)
    Payment.objects.filter(pk=payment.pk).update(reheld_amount=0, refunded_amount=300)


REFUNDS = "refunds are what was given back"
ONCE = "what was held again is given out once"
HELD = "unresolved holds have their payment"

FAULTS: list[tuple[str, Callable[[], object], set[str]]] = [
    (
        "a payment that tells of another re-hold",
        lambda: Payment.objects.filter(pk=waiting().pk).update(reheld_amount=301),
        {HELD},
    ),
    (
        "a payment that forgot its re-hold",
        lambda: Payment.objects.filter(pk=waiting().pk).update(reheld_amount=0),
        {HELD, REFUNDS},
    ),
    (
        "a re-hold that became a first hold",
        lambda: Hold.objects.filter(payment=waiting()).update(again=False),
        {HELD, ONCE, "confirmed payments have their hold"},
    ),
    (
        "a re-hold that nobody unresolved",
        lambda: Hold.objects.filter(payment=waiting()).update(status="resolved", captured=300),
        {"escrow holds the unresolved holds", "confirmed payments have their hold", ONCE},
    ),
    ("a release to the shop", give_to_the_shop, {ONCE, REFUNDS}),
    (
        "a capture that says otherwise than it was posted",
        lambda: Hold.objects.filter(payment=ended()).update(captured=101, released=299),
        {ONCE},
    ),
    (
        "a fee that was not taken again",
        lambda: moves(Transfer.Kind.FEE_RETURN, FEES, ended().payee_id, ended()),
        {REFUNDS},
    ),
    (
        "a fee that was taken twice",
        lambda: moves(Transfer.Kind.FEE_AGAIN, ended().payee_id, FEES, ended()),
        {REFUNDS},
    ),
    (
        "a re-hold without its share of the fee",
        lambda: (
            moves(Transfer.Kind.FEE_AGAIN, waiting().payee_id, FEES, waiting(), 2),
            Payment.objects.filter(pk=waiting().pk).update(fee_returned=F("fee_returned") - 2),
        ),
        {REFUNDS},
    ),
    (
        "a refund that says another share than it had",
        lambda: Refund.objects.filter(payment=ended()).update(fee_returned=F("fee_returned") - 1),
        {REFUNDS},
    ),
    (
        "a re-hold out of somebody else's account",
        lambda: moves(Transfer.Kind.REHOLD, waiting().payer_id, FEES, waiting()),
        {"transfers have their cause", ONCE},
    ),
]
