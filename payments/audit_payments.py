"""What must be true of payments, holds and refunds. Each answer is a sentence about one breach."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from payments import shown
from payments.audit import check
from payments.books import System

OVERDUE_S = 600  # a hold so long past its deadline has been forgotten

_ESCROW = """
WITH waiting AS (
    SELECT escrow_lane AS no, sum(amount) AS amount
    FROM payments_hold WHERE status <> 'resolved' GROUP BY escrow_lane
)
SELECT no, coalesce(lane.amount, 0), coalesce(waiting.amount, 0)
FROM (SELECT no, amount FROM payments_lane WHERE account_id = %s) AS lane FULL JOIN waiting USING (no)
WHERE coalesce(lane.amount, 0) <> coalesce(waiting.amount, 0)
"""
# By the index of what is unresolved: the same however long the history is.
_PAYMENT_OF_HOLD = """
SELECT hold.id, payment.id, payment.status
FROM payments_hold AS hold LEFT JOIN payments_payment AS payment ON payment.id = hold.payment_id
WHERE hold.status <> 'resolved' AND (
    payment.status IS DISTINCT FROM CASE WHEN again THEN 'settled' ELSE 'confirmed' END
    OR hold.amount <> CASE WHEN again THEN payment.reheld_amount ELSE payment.amount END
    OR hold.payer_id <> payment.payer_id OR hold.payee_id <> payment.payee_id
)
"""
_TWO_HOLDS = """
SELECT payment_id, count(*) FROM payments_hold WHERE status <> 'resolved'
GROUP BY payment_id HAVING count(*) > 1
"""
_HOLD_OF_PAYMENT = """
SELECT id, status FROM payments_payment AS payment
WHERE (status = 'confirmed' OR reheld_amount > 0) AND NOT EXISTS (
    SELECT 1 FROM payments_hold
    WHERE payment_id = payment.id AND status <> 'resolved' AND again = (payment.status <> 'confirmed')
)
"""
# What was held again, and what became of it, as posted.
_REHOLDS = """
WITH posted AS (
    SELECT
        payment_id,
        sum(amount) FILTER (WHERE kind = 'rehold') AS held,
        sum(amount) FILTER (WHERE kind = 'recapture') AS captured,
        sum(amount) FILTER (WHERE kind = 'refund' AND debit_id = %s) AS released
    FROM payments_transfer WHERE kind IN ('rehold', 'recapture', 'refund') GROUP BY payment_id
)
SELECT coalesce(hold.payment_id, posted.payment_id), coalesce(hold.amount, 0), coalesce(hold.captured, 0),
    coalesce(hold.released, 0), coalesce(posted.held, 0), coalesce(posted.captured, 0),
    coalesce(posted.released, 0)
FROM (SELECT * FROM payments_hold WHERE again) AS hold FULL JOIN posted USING (payment_id)
WHERE (coalesce(hold.amount, 0), coalesce(hold.captured, 0), coalesce(hold.released, 0))
    <> (coalesce(posted.held, 0), coalesce(posted.captured, 0), coalesce(posted.released, 0))
"""
_OVERDUE = """
SELECT payment_id, deadline FROM payments_hold
WHERE status <> 'resolved' AND deadline < now() - make_interval(secs => %s)
"""
# What each payment's own transfers say that its parts should be.
_PARTS = """
WITH posted AS (
    SELECT
        payment_id,
        sum(leg.amount) FILTER (WHERE leg.kind IN ('payment', 'hold') AND debit_id = payer_id) AS taken,
        sum(leg.amount) FILTER (WHERE leg.kind IN ('payment', 'capture') AND credit_id = payee_id) AS got,
        sum(leg.amount) FILTER (WHERE leg.kind = 'release' AND credit_id = payer_id) AS released,
        sum(leg.amount) FILTER (WHERE leg.kind = 'fee' AND debit_id = payee_id) AS fee
    FROM payments_transfer AS leg JOIN payments_payment AS payment ON payment.id = leg.payment_id
    GROUP BY payment_id
)
SELECT payment.id, payment.amount, payment.captured_amount, payment.released_amount, payment.fee
FROM payments_payment AS payment LEFT JOIN posted ON posted.payment_id = payment.id
WHERE coalesce(posted.taken, 0) <> payment.amount
    OR coalesce(posted.got, 0) <> payment.captured_amount
    OR coalesce(posted.released, 0) <> payment.released_amount
    OR coalesce(posted.fee, 0) <> payment.fee
"""
# The fee function a second time, on purpose: half up, at least the minimum, at most the amount.
_FEES = """
SELECT id, captured_amount, fee_bp, fee_minimum, fee FROM payments_payment
WHERE fee <> least(captured_amount, greatest(fee_minimum, (2 * captured_amount * fee_bp + 10000) / 20000))
"""
# What refunds say, what was posted for them, and the share of the fee a second time: half up. What is held
# again gives its share back too, until it is captured or becomes a refund.
_REFUNDS = """
WITH refund AS (
    SELECT payment_id, sum(amount) AS amount, sum(fee_returned) AS fee
    FROM payments_refund GROUP BY payment_id
), posted AS (
    SELECT
        payment_id,
        sum(amount) FILTER (WHERE kind = 'refund') AS amount,
        coalesce(sum(amount) FILTER (WHERE kind = 'fee_return'), 0)
            - coalesce(sum(amount) FILTER (WHERE kind = 'fee_again'), 0) AS fee
    FROM payments_transfer WHERE kind IN ('refund', 'fee_return', 'fee_again') GROUP BY payment_id
)
SELECT payment.id, payment.captured_amount, payment.refunded_amount, coalesce(refund.amount, 0),
    coalesce(posted.amount, 0), payment.reheld_amount, payment.fee_returned, coalesce(refund.fee, 0),
    coalesce(posted.fee, 0)
FROM payments_payment AS payment
LEFT JOIN refund ON refund.payment_id = payment.id
LEFT JOIN posted ON posted.payment_id = payment.id
WHERE payment.refunded_amount + payment.reheld_amount > payment.captured_amount
    OR payment.refunded_amount <> coalesce(refund.amount, 0)
    OR payment.refunded_amount <> coalesce(posted.amount, 0)
    OR payment.fee_returned <> coalesce(posted.fee, 0)
    OR payment.captured_amount > 0 AND (payment.fee_returned, coalesce(refund.fee, 0)) <> (
        div(
            2 * payment.fee::numeric * (payment.refunded_amount + payment.reheld_amount)
                + payment.captured_amount,
            2 * payment.captured_amount
        ),
        div(
            2 * payment.fee::numeric * payment.refunded_amount + payment.captured_amount,
            2 * payment.captured_amount
        )
    )
"""
_SINGLE_USE = """
SELECT code.id, code.status, count(payment.id)
FROM payments_code AS code JOIN payments_payment AS payment ON payment.code_id = code.id
WHERE code.kind = 'dynamic'
GROUP BY code.id HAVING count(payment.id) > CASE code.status WHEN 'used' THEN 1 ELSE 0 END
"""
# A payment through no code is a charge of what its payer showed. A code that was burnt may have paid nothing.
# Of the time whose codes are certainly kept: a code ends after its charge.
_CHARGES = """
WITH charged AS (
    SELECT payer_id, count(*) AS payments FROM payments_payment
    WHERE code_id IS NULL AND kind = 'merchant' AND confirmed_at >= now() - %(kept)s GROUP BY payer_id
), burnt AS (
    SELECT payer_id, count(*) AS codes FROM payments_paymentcode
    WHERE status = 'used' AND expires_at > now() - %(kept)s GROUP BY payer_id
)
SELECT payer_id, charged.payments, coalesce(burnt.codes, 0)
FROM charged LEFT JOIN burnt USING (payer_id) WHERE charged.payments > coalesce(burnt.codes, 0)
"""
_CAPS = """
WITH counted AS (
    SELECT payer_id, cap_rule AS rule_id, cap_day AS day, sum(amount - released_amount) AS used
    FROM payments_payment WHERE cap_rule <> '' GROUP BY payer_id, cap_rule, cap_day
)
SELECT payer_id, rule_id, day, coalesce(counter.used, 0), coalesce(counted.used, 0)
FROM payments_capcounter AS counter FULL JOIN counted USING (payer_id, rule_id, day)
WHERE coalesce(counter.used, 0) <> coalesce(counted.used, 0)
"""


@check("escrow holds the unresolved holds")
def escrow_is_the_sum_of_holds(cursor: Any) -> Iterable[str]:
    """Yield escrow lanes that hold other than their holds."""
    cursor.execute(_ESCROW, [System.ESCROW])
    for no, kept, waiting in cursor.fetchall():
        yield f"Lane {no} of escrow holds {kept}, but its unresolved holds come to {waiting}."


@check("unresolved holds have their payment")
def holds_have_their_payment(cursor: Any) -> Iterable[str]:
    """Yield unresolved holds whose payment is over, or of another amount, payer or payee."""
    cursor.execute(_PAYMENT_OF_HOLD)
    for hold, payment, status in cursor.fetchall():
        yield f"Hold {hold} is unresolved, but its payment {payment} is {status} or another's."


@check("a payment has at most one unresolved hold")
def holds_are_single(cursor: Any) -> Iterable[str]:
    """Yield payments with two unresolved holds: both could be captured."""
    cursor.execute(_TWO_HOLDS)
    for payment, holds in cursor.fetchall():
        yield f"Payment {payment} has {holds} unresolved holds."


@check("confirmed payments have their hold", full=True)
def confirmed_payments_have_their_hold(cursor: Any) -> Iterable[str]:
    """Yield payments that wait in escrow without a hold: nobody will ever decide about them."""
    cursor.execute(_HOLD_OF_PAYMENT)
    for payment, status in cursor.fetchall():
        yield f"Payment {payment} ({status}) waits in escrow, but no such hold of it is unresolved."


@check("no hold is forgotten")
def no_hold_is_overdue(cursor: Any) -> Iterable[str]:
    """Yield holds long past their deadline: somebody does not do his work."""
    cursor.execute(_OVERDUE, [OVERDUE_S])
    for payment, deadline in cursor.fetchall():
        yield f"The hold of payment {payment} was due at {deadline}."


@check("payments are what their transfers say", full=True)
def payments_match_transfers(cursor: Any) -> Iterable[str]:
    """Yield payments whose parts differ from what was posted for them."""
    cursor.execute(_PARTS)
    for payment, amount, captured, released, fee in cursor.fetchall():
        parts = f"captured {captured}, released {released}, fee {fee}"
        yield f"Payment {payment} of {amount} ({parts}) was posted otherwise."


@check("fees follow the fee function", full=True)
def fees_are_right(cursor: Any) -> Iterable[str]:
    """Yield payments with another fee than their terms say."""
    cursor.execute(_FEES)
    for payment, captured, bp, minimum, fee in cursor.fetchall():
        yield f"Payment {payment} captured {captured} at {bp} bp, at least {minimum}, but its fee is {fee}."


@check("refunds are what was given back", full=True)
def refunds_are_exact(cursor: Any) -> Iterable[str]:
    """Yield payments whose sums differ from their refunds or transfers, or exceed what was captured."""
    cursor.execute(_REFUNDS)
    for payment, captured, says, refunds, posted, reheld, fee_says, *fees in cursor.fetchall():
        yield (
            f"Payment {payment} captured {captured}, refunded {says} (by its refunds {refunds}, "
            f"posted {posted}), holds {reheld} again and returned {fee_says} of its fee "
            f"(by its refunds {fees[0]}, posted {fees[1]})."
        )


@check("what was held again is given out once", full=True)
def reholds_are_exact(cursor: Any) -> Iterable[str]:
    """Yield payments of which other sums were held again, captured or released than their hold says."""
    cursor.execute(_REHOLDS, [System.ESCROW])
    for payment, *sums in cursor.fetchall():
        said, posted = "/".join(map(str, sums[:3])), "/".join(map(str, sums[3:]))
        yield f"Payment {payment} held again, captured, released {said}, but {posted} was posted."


@check("codes for one payment pay once", full=True)
def single_use_codes_pay_once(cursor: Any) -> Iterable[str]:
    """Yield dynamic codes that were paid twice, or paid and not used up."""
    cursor.execute(_SINGLE_USE)
    for code, status, payments in cursor.fetchall():
        yield f"Code {code} is {status}, but {payments} payments went through it."


@check("codes that payers show are charged once", full=True)
def charges_burnt_a_code_each(cursor: Any) -> Iterable[str]:
    """Yield payers who were charged more often than they showed a code."""
    cursor.execute(_CHARGES, {"kept": shown.KEPT - timedelta(hours=1)})
    for payer, payments, burnt in cursor.fetchall():
        yield f"Payer {payer} was charged {payments} times, but only {burnt} of his codes were used."


@check("caps counted what was paid", full=True)
def caps_are_exact(cursor: Any) -> Iterable[str]:
    """Yield counters that differ from the payments they count."""
    cursor.execute(_CAPS)
    for payer, rule, day, used, counted in cursor.fetchall():
        yield f"Payer {payer} used {used} of {rule} on {day}, but paid {counted}."
