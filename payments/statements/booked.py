"""Everything that moved an account in a period, with the balances around it, as the books were at one moment.

It works for wallets and for the many-laned accounts of shops, whose transfers carry no running balance: the
balance at a moment is the balance now minus everything later.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper

from payments.books import Account
from payments.statements.parties import Other, counterparty
from payments.statements.periods import Period

_ROWS_AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class Line:
    """One transfer, as one of its accounts sees it. Amounts in minor units."""

    transfer_id: UUID
    kind: str
    amount: int  # signed
    balance: int  # after it
    counterparty: str
    memo: str
    booked_at: datetime
    payment_id: UUID | None
    withdrawal_id: UUID | None
    top_up_id: UUID | None


@dataclass(frozen=True, slots=True)
class Booked:
    """An account's period. `lines` is read once, oldest first, while the database hands it out in pieces.

    Close it, read or not: until then the database keeps the lines.
    """

    account: Account
    period: Period
    opening: int
    closing: int
    lines: Iterator[Line]
    close: Callable[[], None]


# One statement, so that balances and lines are of one moment:
# 1. what moved since the period began, from each side by its own index;
# 2. the balances at both ends, from the balance now and what came later;
# 3. the lines of the period in the order of the books, each beside the balances; without any, one empty row.
_PERIOD = """
WITH later AS MATERIALIZED (
    SELECT id, debit_version AS version, kind, -amount AS amount, credit_id AS other_id,
        payment_id, withdrawal_id, top_up_id, posted_at
    FROM payments_transfer
    WHERE debit_id = %(account)s AND debit_version IS {of_wallet} NULL AND posted_at >= %(begins_at)s
    UNION ALL
    SELECT id, credit_version, kind, amount, debit_id, payment_id, withdrawal_id, top_up_id, posted_at
    FROM payments_transfer
    WHERE credit_id = %(account)s AND credit_version IS {of_wallet} NULL AND posted_at >= %(begins_at)s
), balance AS (
    SELECT held.now - coalesce(sum(later.amount), 0) AS opening,
        held.now - coalesce(sum(later.amount) FILTER (WHERE posted_at >= %(ends_at)s), 0) AS closing
    FROM (SELECT sum(amount) AS now FROM payments_lane WHERE account_id = %(account)s) AS held
    LEFT JOIN later ON true
    GROUP BY held.now
)
SELECT balance.opening::bigint, balance.closing::bigint,
    line.id, line.kind, line.amount, coalesce(payment.memo, ''), line.posted_at,
    line.payment_id, line.withdrawal_id, line.top_up_id,
    other.kind, other.name, payment.payer_id = %(account)s, payment.payee_name, payer.name
FROM balance
LEFT JOIN later AS line ON line.posted_at < %(ends_at)s
LEFT JOIN payments_account AS other ON other.id = line.other_id
LEFT JOIN payments_payment AS payment ON payment.id = line.payment_id
LEFT JOIN payments_account AS payer ON payer.id = payment.payer_id
ORDER BY line.version, line.posted_at, line.id
"""
# Spelled out, because the partial indexes are found by it.
_PERIOD_OF_WALLET, _PERIOD_OF_OTHERS = _PERIOD.format(of_wallet="NOT"), _PERIOD.format(of_wallet="")


def read(*, account: Account, period: Period) -> Booked:
    """Return an account's period, balances first.

    The database keeps the result until it is read or dropped; no transaction stays open for a slow reader.
    """
    cursor: CursorWrapper = connection.chunked_cursor()
    try:
        is_wallet = account.kind == Account.Kind.WALLET
        cursor.execute(
            _PERIOD_OF_WALLET if is_wallet else _PERIOD_OF_OTHERS,
            {"account": account.pk, "begins_at": period.begins_at, "ends_at": period.ends_at},
        )
        first = cursor.fetchone()
    except BaseException:
        cursor.close()
        raise
    opening, ends_with = first[:2]
    return Booked(account, period, opening, ends_with, _lines(cursor, first, opening), cursor.close)


def _lines(cursor: CursorWrapper, first: tuple[Any, ...], opening: int) -> Iterator[Line]:
    balance = opening
    for row in chain([first], _rest(cursor)):
        transfer_id, kind, amount, memo, booked_at, *causes = row[2:10]
        if transfer_id is None:  # nothing moved
            return
        balance += amount
        other = counterparty(Other(*row[10:]))
        yield Line(transfer_id, kind, amount, balance, other, memo, booked_at, *causes)


def _rest(cursor: CursorWrapper) -> Iterator[tuple[Any, ...]]:
    while rows := cursor.fetchmany(_ROWS_AT_A_TIME):
        yield from rows
