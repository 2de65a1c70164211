"""Money in escrow: who gets it is decided here, once.

Each verb takes part in its caller's transaction, because the caller's own state (the machine's run) must move
with the money. False means that somebody else decided before: nothing was changed, and the caller rolls its
own move back. Locks: the payment first, then its hold, then the cap counter, then lanes.
"""

from uuid import UUID

from django.db import connection, transaction
from django.db.models.functions import Now

from outbox import services as outbox
from payments import caps, ledger, money, reholds, states
from payments.books import System, Transfer
from payments.ledger import Leg
from payments.models import Hold, Payment


def claim(*, payment_id: UUID) -> bool:
    """Keep the money of a machine that started: it can be captured now and not released any more."""
    _require_transaction()
    hold = _locked(payment_id, Hold.Status.OPEN)
    return hold is not None and states.move(Hold, hold.id, source=hold.status, to=Hold.Status.CLAIMED)


def capture(*, payment_id: UUID, amount: int) -> bool:
    """Give the payee of a claimed hold what was earned, in minor units, and the payer the rest.

    Publishes `payments.payment.settled`, or `.released` when nothing was earned. For what was held again,
    `payments.refund.posted` when the payer gets something back.

    Raises:
        ValueError: more than the hold holds, or less than nothing.
    """
    return _resolve(payment_id, source=Hold.Status.CLAIMED, captured=amount, reason="nothing was earned")


def release(*, payment_id: UUID, reason: str) -> bool:
    """Give the payer of an open hold everything back.

    Args:
        reason: why, for those who hear of it.

    Publishes `payments.payment.released`; for what was held again, `payments.refund.posted`.
    """
    return _resolve(payment_id, source=Hold.Status.OPEN, captured=0, reason=reason)


def _resolve(payment_id: UUID, *, source: Hold.Status, captured: int, reason: str) -> bool:
    _require_transaction()
    hold = _locked(payment_id, source)
    if hold is None:
        return False
    released = hold.amount - captured
    if min(captured, released) < 0:
        raise ValueError(f"cannot capture {captured} of a hold of {hold.amount}")
    parts = {"captured": captured, "released": released, "resolved_at": Now()}
    if not states.move(Hold, hold.id, source=source, to=Hold.Status.RESOLVED, **parts):
        return False
    if hold.again:
        reholds.resolve(hold, captured=captured, released=released, reason=reason)
    else:
        _settle(hold, captured=captured, released=released, reason=reason)
    return True


def _settle(hold: Hold, *, captured: int, released: int, reason: str) -> None:
    payment = hold.payment
    fee = money.fee(captured, bp=payment.fee_bp, minimum=payment.fee_minimum)
    _move_payment(payment, captured=captured, released=released, fee=fee)
    caps.give_back(payment=payment, amount=released)
    ledger.post(
        _legs(hold, captured=captured, released=released, fee=fee),
        payment_id=payment.id,
        escrow_lane=hold.escrow_lane,
    )
    if captured:
        outbox.publish("payments.payment.settled", payment_id=str(payment.id))
    else:
        outbox.publish("payments.payment.released", payment_id=str(payment.id), reason=reason)


def _locked(payment_id: UUID, status: Hold.Status) -> Hold | None:
    """Return the hold in this state, its payment locked: a rival waits here and then finds none."""
    holds = Hold.objects.select_related("payment").select_for_update(of=("payment",), no_key=True)
    return holds.filter(payment_id=payment_id, status=status).first()


def _move_payment(payment: Payment, *, captured: int, released: int, fee: int) -> None:
    moved = states.move(
        Payment,
        payment.id,
        source=Payment.Status.CONFIRMED,
        to=Payment.Status.SETTLED if captured else Payment.Status.RELEASED,
        captured_amount=captured,
        released_amount=released,
        fee=fee,
        resolved_at=Now(),
    )
    if not moved:
        raise AssertionError(f"payment {payment.id} was resolved without its hold")


def _legs(hold: Hold, *, captured: int, released: int, fee: int) -> list[Leg]:
    legs = [
        Leg(Transfer.Kind.CAPTURE, System.ESCROW, hold.payee_id, captured),
        Leg(Transfer.Kind.FEE, hold.payee_id, System.FEE_REVENUE, fee),
        Leg(Transfer.Kind.RELEASE, System.ESCROW, hold.payer_id, released),
    ]
    return [leg for leg in legs if leg.amount > 0]


def _require_transaction() -> None:
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A hold moves inside the transaction of what moved it.")
