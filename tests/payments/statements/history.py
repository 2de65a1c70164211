"""A past, written by SQL: the service would need as long for it as it took."""

from datetime import datetime

from django.db import connection

from payments.books import System

# Odd lines come from the bank and bring 300, even ones go to Bob and take 100: each pair leaves 200.
_WALLET = """
INSERT INTO payments_transfer (
    id, kind, debit_id, credit_id, amount, posted_at,
    debit_version, debit_balance_after, credit_version, credit_balance_after
)
SELECT gen_random_uuid(),
    CASE WHEN n %% 2 = 1 THEN 'top_up' ELSE 'payment' END,
    CASE WHEN n %% 2 = 1 THEN %(bank)s ELSE %(account)s END,
    CASE WHEN n %% 2 = 1 THEN %(account)s ELSE %(other)s END,
    CASE WHEN n %% 2 = 1 THEN 300 ELSE 100 END,
    %(begins)s + (n - 1) * %(step)s::interval,
    CASE WHEN n %% 2 = 0 THEN n END, CASE WHEN n %% 2 = 0 THEN n * 100 END,
    CASE WHEN n %% 2 = 1 THEN n END, CASE WHEN n %% 2 = 1 THEN (n + 1) * 100 + 100 END
FROM generate_series(1, %(lines)s) AS n
"""
# The same for a shop: odd lines are payments of 300, even ones their fees of 100.
_SHOP = """
INSERT INTO payments_transfer (id, kind, debit_id, credit_id, amount, posted_at)
SELECT gen_random_uuid(),
    CASE WHEN n %% 2 = 1 THEN 'payment' ELSE 'fee' END,
    CASE WHEN n %% 2 = 1 THEN %(other)s ELSE %(account)s END,
    CASE WHEN n %% 2 = 1 THEN %(account)s ELSE %(fees)s END,
    CASE WHEN n %% 2 = 1 THEN 300 ELSE 100 END,
    %(begins)s + (n - 1) * %(step)s::interval
FROM generate_series(1, %(lines)s) AS n
"""
_LANE = "UPDATE payments_lane SET amount = %s, version = %s WHERE account_id = %s AND no = 0"


def live(*, account: int, other: int, lines: int, begins: datetime, step: str, shop: bool = False) -> None:
    """Give an account that never moved one line each `step`, an even number. Tests are `unbalanced` then."""
    where = {"account": account, "other": other, "bank": int(System.BANK), "fees": int(System.FEE_REVENUE)}
    with connection.cursor() as cursor:
        cursor.execute(_SHOP if shop else _WALLET, where | {"lines": lines, "begins": begins, "step": step})
        cursor.execute(_LANE, [lines * 100, lines, account])
        cursor.execute("ANALYZE payments_transfer")
