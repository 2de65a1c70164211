"""What must be true of the books at every moment. Each answer is a sentence about one breach."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from payments import audit_payments
from payments.audit import check
from payments.bank import audit_checks as audit_bank
from payments.books import System

__all__ = ["audit_bank", "audit_payments"]  # their checks are registered with these

_SQL = Path(__file__).resolve().parent / "sql"
_TRIGGER = re.compile(r"^CREATE TRIGGER (\w+)", re.MULTILINE)
_TRIGGERS = [name for file in sorted(_SQL.glob("guards*.sql")) for name in _TRIGGER.findall(file.read_text())]

# The service's role owns its tables: it can switch a trigger off, and be forgetful.
_GUARDS_OFF = """
SELECT name FROM unnest(%s::text[]) AS name
WHERE NOT EXISTS (SELECT 1 FROM pg_trigger WHERE tgname = name AND tgenabled IN ('O', 'A'))
"""

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
# An id tells its account's kind: read beside every account, a million wallets took a second each minute.
_GUARDS = """
SELECT account_id, no, amount, guarded FROM payments_lane
WHERE guarded <> (account_id NOT IN (%(bank)s, %(fees)s)) OR (guarded AND amount < 0)
"""
_LANES = """
SELECT account.id, account.kind, count(lane.no), count(DISTINCT lane.open), max(lane.no)
FROM payments_account AS account LEFT JOIN payments_lane AS lane ON lane.account_id = account.id
GROUP BY account.id
HAVING count(lane.no) = 0 OR count(lane.no) <> max(lane.no) + 1 OR count(DISTINCT lane.open) <> 1
    OR (account.kind = 'wallet' AND count(lane.no) <> 1)
"""
# Between which accounts each kind moves money, and what stands behind it. The oldest top-ups have no row.
_CAUSES = """
SELECT leg.id, leg.kind, leg.debit_id, leg.credit_id
FROM payments_transfer AS leg
LEFT JOIN payments_payment AS payment ON payment.id = leg.payment_id
LEFT JOIN payments_withdrawal AS withdrawal ON withdrawal.id = leg.withdrawal_id
LEFT JOIN payments_topup AS top_up ON top_up.id = leg.top_up_id
WHERE CASE leg.kind
    WHEN 'payment' THEN (debit_id, credit_id) = (payment.payer_id, payment.payee_id)
    WHEN 'hold' THEN (debit_id, credit_id) = (payment.payer_id, %(escrow)s)
    WHEN 'capture' THEN (debit_id, credit_id) = (%(escrow)s, payment.payee_id)
    WHEN 'release' THEN (debit_id, credit_id) = (%(escrow)s, payment.payer_id)
    WHEN 'fee' THEN (debit_id, credit_id) = (payment.payee_id, %(fees)s)
    WHEN 'refund' THEN debit_id IN (payment.payee_id, %(escrow)s) AND credit_id = payment.payer_id
    WHEN 'rehold' THEN (debit_id, credit_id) = (payment.payee_id, %(escrow)s)
    WHEN 'recapture' THEN (debit_id, credit_id) = (%(escrow)s, payment.payee_id)
    WHEN 'fee_again' THEN (debit_id, credit_id) = (payment.payee_id, %(fees)s)
    WHEN 'fee_return' THEN (debit_id, credit_id) = (%(fees)s, payment.payee_id)
    WHEN 'withdrawal' THEN (debit_id, credit_id) = (withdrawal.account_id, %(clearing)s)
    WHEN 'withdrawal_fee' THEN (debit_id, credit_id) = (withdrawal.account_id, %(fees)s)
    WHEN 'payout' THEN (debit_id, credit_id) = (%(clearing)s, %(bank)s) AND withdrawal.id IS NOT NULL
    WHEN 'withdrawal_return' THEN debit_id IN (%(clearing)s, %(bank)s) AND credit_id = withdrawal.account_id
    WHEN 'withdrawal_fee_return' THEN (debit_id, credit_id) = (%(fees)s, withdrawal.account_id)
    WHEN 'top_up' THEN debit_id = %(bank)s AND (
        credit_id = top_up.account_id OR leg.top_up_id IS NULL AND posted_at < (
            SELECT applied FROM django_migrations WHERE app = 'payments' AND name = '0003_money_complete'
        )
    )
END IS NOT TRUE
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
    cursor.execute(_GUARDS, {"bank": System.BANK, "fees": System.FEE_REVENUE})
    for account, no, amount, guarded in cursor.fetchall():
        yield f"Lane {no} of account {account} holds {amount}, guarded: {guarded}."


@check("history is guarded")
def history_is_guarded(cursor: Any) -> Iterable[str]:
    """Yield the triggers against changing history that are gone or switched off."""
    cursor.execute(_GUARDS_OFF, [_TRIGGERS])
    for (name,) in cursor.fetchall():
        yield f"The trigger {name} is switched off, or gone."


@check("accounts have their lanes", full=True)
def accounts_have_their_lanes(cursor: Any) -> Iterable[str]:
    """Yield accounts with no lanes, gaps between them, or some open and some frozen."""
    cursor.execute(_LANES)
    for account, kind, lanes, _, last in cursor.fetchall():
        yield f"Account {account} ({kind}): {lanes} lanes, the last is {last}; or not all of them are open."


@check("transfers have their cause", full=True)
def transfers_have_their_cause(cursor: Any) -> Iterable[str]:
    """Yield transfers of no payment, withdrawal or top-up, or between others than its parties."""
    system = {"escrow": System.ESCROW, "fees": System.FEE_REVENUE}
    cursor.execute(_CAUSES, system | {"bank": System.BANK, "clearing": System.WITHDRAWAL_CLEARING})
    for transfer, kind, debit, credit in cursor.fetchall():
        yield f"Transfer {transfer} ({kind}) from {debit} to {credit} has no cause that says so."


@check("statements lead from balance to balance", full=True)
def statements_are_unbroken(cursor: Any) -> Iterable[str]:
    """Yield wallets whose lines do not follow one another."""
    cursor.execute(_STATEMENTS)
    for account, version in cursor.fetchall():
        yield f"The statement of wallet {account} breaks at line {version}."
