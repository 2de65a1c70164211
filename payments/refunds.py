"""Giving back what a merchant was paid, whole or in parts, with its share of the fee."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Sum

from outbox import services as outbox
from outbox.errors import Refusal
from payments import answers, idempotency, ledger
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

# The room and the fee are decided by the write itself: whoever waited for the row counts from what the other
# refund left. Numeric, because a fee times an amount is larger than a bigint; div() cuts off as // does.
# payments.money.fee_returned says the same in Python.
_TAKE_ROOM = """
UPDATE payments_payment SET
    refunded_amount = refunded_amount + coalesce(%(amount)s, captured_amount - refunded_amount),
    fee_returned = div(
        2 * fee::numeric * (refunded_amount + coalesce(%(amount)s, captured_amount - refunded_amount))
            + captured_amount,
        2 * captured_amount::numeric
    )
WHERE id = %(payment)s AND payee_id = %(payee)s AND payee_id >= %(first_merchant)s AND status = 'settled'
    AND refunded_amount < captured_amount
    AND refunded_amount + coalesce(%(amount)s, captured_amount - refunded_amount) <= captured_amount
RETURNING payer_id, refunded_amount, fee_returned
"""


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

    Neither a freeze of the merchant nor one of the payer stops it. It gives no room back in a day's cap.

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
        payer_id, part = _take_room(payment_id, payee_account_id, amount)
        part.reason, part.staff_id, part.created_at = reason, staff_id, now
        part.save(force_insert=True)
        _post(part, payer_id=payer_id, payee_id=payee_account_id)
        outbox.publish("payments.refund.posted", refund_id=str(part.pk), payment_id=str(payment_id))
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


def _take_room(payment_id: UUID, payee_account_id: int, amount: int | None) -> tuple[int, Refund]:
    """Count a refund in its payment; return the payer's account and the refund, not stored yet.

    The new refund is what the payment says beyond the refunds stored so far; its row is locked by then.
    """
    values: dict[str, UUID | int | None] = {
        "payment": payment_id,
        "payee": payee_account_id,
        "amount": amount,
        "first_merchant": FIRST_MERCHANT,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_ROOM, values)
        row = cursor.fetchone()
    if row is None:
        raise _no_room(payment_id, payee_account_id, amount)
    payer_id, refunded, returned = row
    stored = Refund.objects.filter(payment_id=payment_id).aggregate(
        amount=Sum("amount", default=0), fee=Sum("fee_returned", default=0)
    )
    part = refunded - stored["amount"]
    if amount not in {None, part}:
        raise AssertionError(f"The refunds of payment {payment_id} are not what it says was refunded.")
    return payer_id, Refund(payment_id=payment_id, amount=part, fee_returned=returned - stored["fee"])


def _no_room(payment_id: UUID, payee_account_id: int, amount: int | None) -> Refusal:
    payment = Payment.objects.filter(pk=payment_id, payee_id=payee_account_id).first()
    if payment is None:
        return UnknownPayment()
    if payment.payee_id < FIRST_MERCHANT or payment.status == Payment.Status.RELEASED:
        return PaymentNotRefundable()
    left = payment.captured_amount - payment.refunded_amount
    if payment.status == Payment.Status.SETTLED and (left == 0 or (amount or 0) > left):
        return RefundExceedsPayment()
    return PaymentInEscrow()  # or it was, a moment ago


def _post(part: Refund, *, payer_id: int, payee_id: int) -> None:
    legs = [Leg(Transfer.Kind.REFUND, payee_id, payer_id, part.amount)]
    if part.fee_returned:
        legs.append(Leg(Transfer.Kind.FEE_RETURN, System.FEE_REVENUE, payee_id, part.fee_returned))
    try:
        ledger.post(legs, payment_id=part.payment_id)
    except InsufficientFunds as error:
        raise MerchantFundsShort from error
