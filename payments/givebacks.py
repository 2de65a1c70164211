"""What of a settled payment its payee gave up, by refunds or for a while by a re-hold, and the fee on that.

At every moment `fee_returned = half_up(fee * (refunded + reheld) / captured)`. Every verb that changes one of
the sums locks the payment, counts here, and posts by how much the fee given back changed.
"""

from uuid import UUID

from django.db import connection, transaction

from payments import money
from payments.errors import UnknownPayment
from payments.models import Payment


def locked(payment_id: UUID, payee_account_id: int) -> Payment:
    """Return a payment, locked until the transaction ends: a rival waits here and counts from what is left.

    Raises:
        UnknownPayment: there is none, or it is another payee's.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A payment is locked inside what changes it.")
    mine = Payment.objects.filter(pk=payment_id, payee_id=payee_account_id)
    found = mine.select_for_update(no_key=True).first()
    if found is None:
        raise UnknownPayment
    return found


def left_of(payment: Payment) -> int:
    """Return what the payee still has of a payment, in minor units: neither refunded nor held again."""
    return payment.captured_amount - payment.refunded_amount - payment.reheld_amount


def share_of_refund(payment: Payment, amount: int) -> int:
    """Return the fee's share that belongs to the next refund, as if nothing were held again.

    So the refunds of a payment always add up to the share of what was refunded. While something is held
    again, what is posted for a refund may be a minor unit more or less; the end of the re-hold evens it out.
    """
    return _returned(payment, payment.refunded_amount + amount) - _returned(payment, payment.refunded_amount)


def count(payment: Payment, *, refunds: int, reholds: int) -> int:
    """Add to what a locked payment says is refunded and held again; return by how much the fee returned grew.

    Args:
        refunds: minor units that went to the payer for good.
        reholds: minor units that went into escrow; below 0 for those that left it.
    """
    refunded, reheld = payment.refunded_amount + refunds, payment.reheld_amount + reholds
    returned = _returned(payment, refunded + reheld)
    as_seen = Payment.objects.filter(
        pk=payment.pk,
        status=Payment.Status.SETTLED,
        refunded_amount=payment.refunded_amount,
        reheld_amount=payment.reheld_amount,
    )
    if not as_seen.update(refunded_amount=refunded, reheld_amount=reheld, fee_returned=returned):
        raise AssertionError(f"payment {payment.pk} changed although it was locked")
    return returned - payment.fee_returned


def _returned(payment: Payment, given_up: int) -> int:
    return money.fee_returned(payment.fee, refunded=given_up, captured=payment.captured_amount)
