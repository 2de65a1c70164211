"""Holding a part of a settled payment again, for a machine that its payee starts with it.

Both verbs take part in their caller's transaction. Locks: the payment, then its hold, then lanes.
docs/money.md tells the whole way of the money.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from outbox import services as outbox
from payments import givebacks, ledger
from payments.books import FIRST_MERCHANT, System, Transfer
from payments.errors import (
    InsufficientFunds,
    PaymentNotSettled,
    PaymentUsed,
    PriceNotCovered,
    ShopFundsShort,
    UnknownPayment,
)
from payments.ledger import Leg
from payments.models import Hold, Payment, Refund


def rehold(*, payment_id: UUID, payee_account_id: int, amount: int, hold_s: int, now: datetime) -> None:
    """Move a part of a settled payment from its payee back into escrow, under a hold of its own.

    The payee has the part's share of the fee back meanwhile. What is held again is resolved as any hold is:
    claimed and captured, or released to the payer.

    Args:
        payee_account_id: whose payment it must be.
        amount: minor units.
        hold_s: so many seconds from `now` the hold must be resolved at the latest.

    Raises:
        UnknownPayment: there is none, it is another payee's, or it was paid to a person.
        PaymentNotSettled: it waits in escrow, or its payer has it back.
        PaymentUsed: a part of it was held again before.
        PriceNotCovered: less than the amount is left of it.
        ShopFundsShort: the payee's account holds too little.
        PayerFrozen: the payee's account is frozen.
    """
    payment = givebacks.locked(payment_id, payee_account_id)
    _refuse_unless_free(payment, amount)
    hold = Hold.objects.create(
        payment=payment,
        payer_id=payment.payer_id,
        payee_id=payment.payee_id,
        again=True,
        amount=amount,
        escrow_lane=ledger.lane_of_this_connection(System.ESCROW),
        deadline=now + timedelta(seconds=hold_s),
    )
    share = givebacks.count(payment, refunds=0, reholds=amount)
    _take(hold, share)


def resolve(hold: Hold, *, captured: int, released: int, reason: str) -> None:
    """Give out a RESOLVED hold: the earned part to the payee, the rest to the payer as a refund.

    The payment stays SETTLED, and its fee is what it was: the earned part's share is taken again.

    Args:
        hold: its payment is loaded and locked.
        captured, released: minor units; together the hold's amount.
        reason: why the payer gets something back.

    Publishes `payments.refund.posted` when he does.
    """
    payment = hold.payment
    part = Refund(payment=payment, amount=released, reason=_told(reason, ran=captured > 0))
    part.fee_returned = givebacks.share_of_refund(payment, released)
    share = givebacks.count(payment, refunds=released, reholds=-hold.amount)
    if released:
        part.save(force_insert=True)
    _give_out(hold, captured=captured, released=released, fee=-share)
    if released:
        outbox.publish("payments.refund.posted", refund_id=str(part.pk), payment_id=str(payment.pk))


def _refuse_unless_free(payment: Payment, amount: int) -> None:
    if payment.payee_id < FIRST_MERCHANT:
        raise UnknownPayment
    if payment.status != Payment.Status.SETTLED:
        raise PaymentNotSettled
    if Hold.objects.filter(payment=payment, again=True).exists():
        raise PaymentUsed
    if amount > givebacks.left_of(payment):
        raise PriceNotCovered


def _take(hold: Hold, share: int) -> None:
    legs = [
        Leg(Transfer.Kind.REHOLD, hold.payee_id, System.ESCROW, hold.amount),
        Leg(Transfer.Kind.FEE_RETURN, System.FEE_REVENUE, hold.payee_id, share),
    ]
    try:
        ledger.post(
            [leg for leg in legs if leg.amount > 0],
            payment_id=hold.payment_id,
            must_be_open=[hold.payee_id],
            escrow_lane=hold.escrow_lane,
        )
    except InsufficientFunds as error:
        raise ShopFundsShort from error


def _told(reason: str, *, ran: bool) -> str:
    """Return what a refund that nobody asked for says of itself."""
    if ran:
        return _("The machine ended early.")
    return _("The machine did not run: %(reason)s.") % {"reason": reason}


def _give_out(hold: Hold, *, captured: int, released: int, fee: int) -> None:
    legs = [
        Leg(Transfer.Kind.RECAPTURE, System.ESCROW, hold.payee_id, captured),
        Leg(Transfer.Kind.FEE_AGAIN, hold.payee_id, System.FEE_REVENUE, fee),
        Leg(Transfer.Kind.REFUND, System.ESCROW, hold.payer_id, released),
    ]
    ledger.post(
        [leg for leg in legs if leg.amount > 0],
        payment_id=hold.payment_id,
        escrow_lane=hold.escrow_lane,
    )
