"""A wallet's statement, page by page: a page costs the same at the beginning and after a million lines."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from payments import accounts
from payments.statements.parties import Other, counterparty


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a wallet's statement. Amounts in minor units."""

    id: UUID
    version: int  # counts the wallet's lines; pages by it
    kind: str
    amount: int  # signed
    balance_after: int
    counterparty: str
    payment_id: UUID | None
    withdrawal_id: UUID | None
    top_up_id: UUID | None
    created_at: datetime


# 1. The two halves, each read backwards from its own index, as many lines as a page at most.
# 2. The newest of both make the page.
# 3. Only these are given names.
_PAGE = """
WITH page AS MATERIALIZED (
    (SELECT id, debit_version AS version, kind, -amount AS amount, debit_balance_after AS balance_after,
        credit_id AS other_id, payment_id, withdrawal_id, top_up_id, posted_at
    FROM payments_transfer
    WHERE debit_id = %(account)s AND debit_version < %(before)s
    ORDER BY debit_version DESC LIMIT %(limit)s)
    UNION ALL
    (SELECT id, credit_version, kind, amount, credit_balance_after, debit_id, payment_id, withdrawal_id,
        top_up_id, posted_at
    FROM payments_transfer
    WHERE credit_id = %(account)s AND credit_version < %(before)s
    ORDER BY credit_version DESC LIMIT %(limit)s)
    ORDER BY version DESC LIMIT %(limit)s
)
SELECT page.id, page.version, page.kind, page.amount, page.balance_after,
    page.payment_id, page.withdrawal_id, page.top_up_id, page.posted_at,
    other.kind, other.name, payment.payer_id = %(account)s, payment.payee_name, payer.name
FROM page
JOIN payments_account AS other ON other.id = page.other_id
LEFT JOIN payments_payment AS payment ON payment.id = page.payment_id
LEFT JOIN payments_account AS payer ON payer.id = payment.payer_id
ORDER BY page.version DESC
"""
_NEWEST = 2**63 - 1


def statement(*, user_id: UUID, before: int | None = None, limit: int = 20) -> list[Entry]:
    """Return the newest lines of a person's wallet, or those before a line's version.

    Raises:
        Account.DoesNotExist: staff may have no wallet.
    """
    wallet = accounts.wallet_of(user_id)
    with connection.cursor() as cursor:
        cursor.execute(
            _PAGE, {"account": wallet.id, "before": _NEWEST if before is None else before, "limit": limit}
        )
        return [_entry(row) for row in cursor.fetchall()]


def _entry(row: tuple[Any, ...]) -> Entry:
    transfer_id, version, kind, amount, balance_after, payment_id, withdrawal_id, top_up_id, posted_at = row[
        :9
    ]
    return Entry(
        id=transfer_id,
        version=version,
        kind=kind,
        amount=amount,
        balance_after=balance_after,
        counterparty=counterparty(Other(*row[9:])),
        payment_id=payment_id,
        withdrawal_id=withdrawal_id,
        top_up_id=top_up_id,
        created_at=posted_at,
    )
