"""What must be true of money on its way to and from the bank. Each answer is a sentence about one breach."""

from collections.abc import Iterable
from typing import Any

from payments.audit import check
from payments.books import System

_CLEARING = """
SELECT
    (SELECT coalesce(sum(amount), 0) FROM payments_lane WHERE account_id = %s),
    (SELECT coalesce(sum(amount), 0) FROM payments_withdrawal WHERE status IN ('requested', 'submitted'))
"""
# What was posted for each withdrawal, leg by leg.
_WITHDRAWALS = """
WITH leg AS (
    SELECT withdrawal.id, withdrawal.status, withdrawal.amount, withdrawal.fee, transfer.amount AS moved,
        CASE
            WHEN kind = 'withdrawal' AND debit_id = account_id AND credit_id = %(clearing)s THEN 'out'
            WHEN kind = 'withdrawal_fee' AND debit_id = account_id AND credit_id = %(fees)s THEN 'fee'
            WHEN kind = 'payout' AND debit_id = %(clearing)s AND credit_id = %(bank)s THEN 'paid'
            WHEN kind = 'withdrawal_return' AND debit_id = %(clearing)s AND credit_id = account_id
            THEN 'failed'
            WHEN kind = 'withdrawal_return' AND debit_id = %(bank)s AND credit_id = account_id
            THEN 'returned'
            WHEN kind = 'withdrawal_fee_return' AND debit_id = %(fees)s AND credit_id = account_id
            THEN 'fee back'
            WHEN transfer.id IS NOT NULL THEN 'strange'
        END AS part
    FROM payments_withdrawal AS withdrawal
    LEFT JOIN payments_transfer AS transfer ON transfer.withdrawal_id = withdrawal.id
)
SELECT id, status, amount, fee
FROM leg
GROUP BY id, status, amount, fee
HAVING coalesce(array_agg(moved ORDER BY moved) FILTER (WHERE part = 'out'), '{}') <> ARRAY[amount]
    OR coalesce(array_agg(moved) FILTER (WHERE part = 'fee'), '{}') <> array_remove(ARRAY[fee], 0)
    OR coalesce(array_agg(moved) FILTER (WHERE part = 'paid'), '{}')
        <> CASE WHEN status IN ('paid', 'returned') THEN ARRAY[amount] ELSE '{}' END
    OR coalesce(array_agg(moved) FILTER (WHERE part = 'failed'), '{}')
        <> CASE WHEN status = 'failed' THEN ARRAY[amount] ELSE '{}' END
    OR coalesce(array_agg(moved) FILTER (WHERE part = 'returned'), '{}')
        <> CASE WHEN status = 'returned' THEN ARRAY[amount] ELSE '{}' END
    OR coalesce(array_agg(moved) FILTER (WHERE part = 'fee back'), '{}')
        <> CASE WHEN status IN ('failed', 'returned') THEN array_remove(ARRAY[fee], 0) ELSE '{}' END
    OR count(*) FILTER (WHERE part = 'strange') > 0
"""
_TOP_UPS = """
SELECT top_up.id, top_up.status, top_up.amount
FROM payments_topup AS top_up LEFT JOIN payments_transfer AS transfer ON transfer.top_up_id = top_up.id
GROUP BY top_up.id
HAVING coalesce(array_agg(transfer.amount) FILTER (WHERE transfer.id IS NOT NULL), '{}')
        <> CASE WHEN top_up.status = 'paid' THEN ARRAY[top_up.amount] ELSE '{}' END
    OR count(*) FILTER (WHERE transfer.kind <> 'top_up' OR transfer.debit_id <> %s
        OR transfer.credit_id <> top_up.account_id) > 0
"""
# The fee function once more, on purpose: half up, at least the minimum, at most the amount.
_FEES = """
SELECT id, amount, fee_bp, fee_minimum, fee FROM payments_withdrawal
WHERE fee <> least(amount, greatest(fee_minimum, (2 * amount * fee_bp + 10000) / 20000))
"""


@check("clearing holds the open withdrawals")
def clearing_is_the_sum_of_withdrawals(cursor: Any) -> Iterable[str]:
    """Yield the difference between what is on its way to the bank and what says so."""
    cursor.execute(_CLEARING, [System.WITHDRAWAL_CLEARING])
    held, on_the_way = cursor.fetchone()
    if held != on_the_way:
        yield f"Withdrawal clearing holds {held}, but withdrawals on their way come to {on_the_way}."


@check("withdrawals are what their transfers say", full=True)
def withdrawals_match_transfers(cursor: Any) -> Iterable[str]:
    """Yield withdrawals for which other money moved than their state says."""
    system = {"clearing": System.WITHDRAWAL_CLEARING, "bank": System.BANK, "fees": System.FEE_REVENUE}
    cursor.execute(_WITHDRAWALS, system)
    for withdrawal, status, amount, fee in cursor.fetchall():
        yield f"Withdrawal {withdrawal} of {amount} and {fee} is {status}, but was posted otherwise."


@check("top-ups are what their transfers say", full=True)
def top_ups_match_transfers(cursor: Any) -> Iterable[str]:
    """Yield top-ups that were posted without the bank's word, or twice, or not at all."""
    cursor.execute(_TOP_UPS, [System.BANK])
    for top_up, status, amount in cursor.fetchall():
        yield f"Top-up {top_up} of {amount} is {status}, but was posted otherwise."


@check("withdrawal fees follow the fee function", full=True)
def withdrawal_fees_are_right(cursor: Any) -> Iterable[str]:
    """Yield withdrawals with another fee than their terms say."""
    cursor.execute(_FEES)
    for withdrawal, amount, bp, minimum, fee in cursor.fetchall():
        yield f"Withdrawal {withdrawal} of {amount} at {bp} bp, at least {minimum}, cost {fee}."
