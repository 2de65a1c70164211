"""What must be true of the books at every moment. Each answer is a sentence about one breach."""

from collections.abc import Iterable
from typing import Any

from payments.audit import check
from payments.books import System

OVERDUE_S = 600  # a hold so long past its deadline has been forgotten

_SUM = "SELECT sum(amount) FROM payments_lane"
_FOLD = """
WITH moved AS (
    SELECT account_id, sum(amount) AS amount
    FROM (
        SELECT debit_id AS account_id, -amount AS amount FROM payments_transfer
        UNION ALL
        SELECT credit_id, amount FROM payments_transfer
    ) AS side
    GROUP BY account_id
), kept AS (
    SELECT account_id, sum(amount) AS amount FROM payments_lane GROUP BY account_id
)
SELECT account_id, coalesce(kept.amount, 0), coalesce(moved.amount, 0)
FROM kept FULL JOIN moved USING (account_id)
WHERE coalesce(kept.amount, 0) <> coalesce(moved.amount, 0)
"""
_GUARDS = """
SELECT lane.account_id, lane.no, lane.amount, lane.guarded
FROM payments_lane AS lane JOIN payments_account AS account ON account.id = lane.account_id
WHERE lane.guarded <> (account.kind NOT IN ('bank', 'fee_revenue')) OR (lane.guarded AND lane.amount < 0)
"""
_LANES = """
SELECT account.id, account.kind, count(lane.no), count(DISTINCT lane.open), max(lane.no)
FROM payments_account AS account LEFT JOIN payments_lane AS lane ON lane.account_id = account.id
GROUP BY account.id
HAVING count(lane.no) = 0 OR count(lane.no) <> max(lane.no) + 1 OR count(DISTINCT lane.open) <> 1
    OR (account.kind = 'wallet' AND count(lane.no) <> 1)
"""
_ESCROW = """
WITH waiting AS (
    SELECT escrow_lane AS no, sum(amount) AS amount
    FROM payments_hold WHERE status <> 'resolved' GROUP BY escrow_lane
)
SELECT no, coalesce(lane.amount, 0), coalesce(waiting.amount, 0)
FROM (SELECT no, amount FROM payments_lane WHERE account_id = %s) AS lane FULL JOIN waiting USING (no)
WHERE coalesce(lane.amount, 0) <> coalesce(waiting.amount, 0)
"""
_HOLD_OF_PAYMENT = """
SELECT payment.id, payment.status, hold.status
FROM payments_payment AS payment
FULL JOIN (SELECT * FROM payments_hold WHERE status <> 'resolved') AS hold ON hold.payment_id = payment.id
WHERE (payment.status = 'confirmed') IS DISTINCT FROM (hold.id IS NOT NULL)
    OR (hold.id IS NOT NULL AND (hold.amount <> payment.amount OR hold.payer_id <> payment.payer_id
        OR hold.payee_id <> payment.payee_id))
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
_REFUNDS = """
SELECT id, refunded_amount, captured_amount FROM payments_payment WHERE refunded_amount > captured_amount
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
# A wallet's lines, in the order of their versions, must lead from balance to balance and end at the lane.
_STATEMENTS = """
WITH line AS (
    SELECT debit_id AS account_id, debit_version AS version, -amount AS amount, debit_balance_after AS balance
    FROM payments_transfer WHERE debit_version IS NOT NULL
    UNION ALL
    SELECT credit_id, credit_version, amount, credit_balance_after
    FROM payments_transfer WHERE credit_version IS NOT NULL
), stepped AS (
    SELECT account_id, version, balance, amount,
        lag(version, 1, 0::bigint) OVER lines AS version_before,
        lag(balance, 1, 0::bigint) OVER lines AS balance_before
    FROM line WINDOW lines AS (PARTITION BY account_id ORDER BY version)
)
SELECT account_id, version FROM stepped
WHERE version <> version_before + 1 OR balance <> balance_before + amount
UNION ALL
SELECT lane.account_id, lane.version
FROM payments_lane AS lane JOIN payments_account AS account ON account.id = lane.account_id
LEFT JOIN LATERAL (
    SELECT version, balance FROM line WHERE line.account_id = lane.account_id ORDER BY version DESC LIMIT 1
) AS last ON true
WHERE account.kind = 'wallet'
    AND (coalesce(last.version, 0) <> lane.version OR coalesce(last.balance, 0) <> lane.amount)
"""


@check("all accounts together hold nothing")
def nothing_is_made_or_lost(cursor: Any) -> Iterable[str]:
    """Yield the sum over all lanes, unless it is zero."""
    cursor.execute(_SUM)
    (total,) = cursor.fetchone()
    if total:
        yield f"All lanes together hold {total} instead of 0."


@check("accounts hold what was moved", full=True)
def lanes_are_the_fold_of_transfers(cursor: Any) -> Iterable[str]:
    """Yield accounts whose lanes differ from the sum of their transfers."""
    cursor.execute(_FOLD)
    for account, kept, moved in cursor.fetchall():
        yield f"Account {account} holds {kept}, but its transfers come to {moved}."


@check("guarded lanes are not negative")
def guards_hold(cursor: Any) -> Iterable[str]:
    """Yield lanes below zero, and lanes that lost or got a guard."""
    cursor.execute(_GUARDS)
    for account, no, amount, guarded in cursor.fetchall():
        yield f"Lane {no} of account {account} holds {amount}, guarded: {guarded}."


@check("accounts have their lanes")
def accounts_have_their_lanes(cursor: Any) -> Iterable[str]:
    """Yield accounts with no lanes, gaps between them, or some open and some frozen."""
    cursor.execute(_LANES)
    for account, kind, lanes, _, last in cursor.fetchall():
        yield f"Account {account} ({kind}): {lanes} lanes, the last is {last}; or not all of them are open."


@check("escrow holds the unresolved holds")
def escrow_is_the_sum_of_holds(cursor: Any) -> Iterable[str]:
    """Yield escrow lanes that hold other than their holds."""
    cursor.execute(_ESCROW, [System.ESCROW])
    for no, kept, waiting in cursor.fetchall():
        yield f"Lane {no} of escrow holds {kept}, but its unresolved holds come to {waiting}."


@check("confirmed payments have their hold")
def holds_match_payments(cursor: Any) -> Iterable[str]:
    """Yield payments and unresolved holds that contradict each other."""
    cursor.execute(_HOLD_OF_PAYMENT)
    for payment, status, hold in cursor.fetchall():
        yield f"Payment {payment} is {status}, but its unresolved hold is {hold or 'missing'} or another's."


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


@check("refunds stay within what was captured", full=True)
def refunds_are_covered(cursor: Any) -> Iterable[str]:
    """Yield payments that gave back more than they took."""
    cursor.execute(_REFUNDS)
    for payment, refunded, captured in cursor.fetchall():
        yield f"Payment {payment} refunded {refunded} of {captured}."


@check("caps counted what was paid", full=True)
def caps_are_exact(cursor: Any) -> Iterable[str]:
    """Yield counters that differ from the payments they count."""
    cursor.execute(_CAPS)
    for payer, rule, day, used, counted in cursor.fetchall():
        yield f"Payer {payer} used {used} of {rule} on {day}, but paid {counted}."


@check("statements lead from balance to balance", full=True)
def statements_are_unbroken(cursor: Any) -> Iterable[str]:
    """Yield wallets whose lines do not follow one another."""
    cursor.execute(_STATEMENTS)
    for account, version in cursor.fetchall():
        yield f"The statement of wallet {account} breaks at line {version}."
