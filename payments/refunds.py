"""Giving back what a merchant was paid, whole or in parts, with its share of the fee."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from outbox import services as outbox
from payments import answers, givebacks, idempotency, ledger
from payments.answers import Json
from payments.books import FIRST_MERCHANT, System, Transfer
from payments.errors import (
    InsufficientFunds,
    MerchantFundsShort,
    PaymentInEscrow,
    PaymentNotRefundable,
    RefundExceedsPayment,
    UnknownPayment,
)
from payments.idempotency import Answer, Call
from payments.ledger import Leg
from payments.models import Payment, Refund


def refund(
    *,
    call: Call,
    payment_id: UUID,
    payee_account_id: int,
    amount: int | None,
    reason: str,
    staff_id: UUID | None = None,
) -> Answer:
    """Give a settled payment back to its payer, or get the answer of the same call again.

    No freeze stops it. It gives no room back in a day's cap.

    Args:
        call: its caller is the merchant's id, or the user of the staff who does it.
        payee_account_id: whose payment it must be.
        amount: minor units to the payer; None is whatever is left.
        staff_id: who of the staff did it; None: the merchant's own server.

    Returns:
        201 and the contract's refund.

    Raises:
        UnknownPayment: there is none, or it is another payee's.
        PaymentInEscrow, PaymentNotRefundable, RefundExceedsPayment: there is nothing to give back, or less.
        MerchantFundsShort: the merchant's account holds too little.
        Refusal: as `idempotency.run`.

    Publishes `payments.refund.posted`.
    """

    def work(now: datetime) -> Answer:
        payment = givebacks.locked(payment_id, payee_account_id)
        part = Refund(payment=payment, amount=_part_of(payment, amount), reason=reason, created_at=now)
        part.staff_id = staff_id
        _give_back(part)
        return Answer(201, described(part))

    return idempotency.run(call, work)


def of_payment(
    *, payment_id: UUID, payee_account_id: int, before: UUID | None = None, limit: int = 20
) -> Sequence[Refund]:
    """Return a payment's refunds to its payee, newest first, or those before one of them.

    Raises:
        UnknownPayment: there is no such payment, or it is another payee's.
    """
    if not Payment.objects.filter(pk=payment_id, payee_id=payee_account_id).exists():
        raise UnknownPayment
    found = Refund.objects.filter(payment_id=payment_id)
    if before is not None:
        found = found.filter(pk__lt=before)
    return list(found.order_by("-pk")[:limit])


def described(refund: Refund) -> Json:
    """Return a refund as the contract writes it."""
    return {
        "id": str(refund.pk),
        "payment": str(refund.payment_id),
        "amount": refund.amount,
        "fee_returned": refund.fee_returned,
        "reason": refund.reason,
        "status": "posted",
        "created_at": answers.instant(refund.created_at),
    }


def _part_of(payment: Payment, amount: int | None) -> int:
    """Return how much of a locked payment is given back."""
    if payment.payee_id < FIRST_MERCHANT or payment.status == Payment.Status.RELEASED:
        raise PaymentNotRefundable
    if payment.status == Payment.Status.CONFIRMED:
        raise PaymentInEscrow
    left = givebacks.left_of(payment)
    part = left if amount is None else amount
    if 0 < part <= left:
        return part
    # What a machine is being started with may yet come back to the payer, or be refundable again.
    if payment.reheld_amount and part <= left + payment.reheld_amount:
        raise PaymentInEscrow
    raise RefundExceedsPayment


def _give_back(part: Refund) -> None:
    """Store a refund of a locked payment, count it there, move the money and tell it."""
    payment = part.payment
    part.fee_returned = givebacks.share_of_refund(payment, part.amount)
    part.save(force_insert=True)
    _post(payment, part.amount, fee=givebacks.count(payment, refunds=part.amount, reholds=0))
    outbox.publish("payments.refund.posted", refund_id=str(part.pk), payment_id=str(payment.pk))


def _post(payment: Payment, amount: int, *, fee: int) -> None:
    legs = [Leg(Transfer.Kind.REFUND, payment.payee_id, payment.payer_id, amount)]
    if fee:
        legs.append(Leg(Transfer.Kind.FEE_RETURN, System.FEE_REVENUE, payment.payee_id, fee))
    try:
        ledger.post(legs, payment_id=payment.pk)
    except InsufficientFunds as error:
        raise MerchantFundsShort from error
