"""The only writer of lanes and transfers."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection

from outbox.errors import Refusal
from outbox.ids import uuid7
from payments.books import Transfer
from payments.errors import InsufficientFunds, PayeeFrozen, PayerFrozen

# What the SQL functions raise; the DETAIL names the account.
TOO_LITTLE = "SM001"
FROZEN = "SM002"

_POST = """
SELECT ledger_post(
    %s::uuid[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s, %s::bigint[], %s, %s, %s
)
"""


@dataclass(frozen=True, slots=True)
class Leg:
    """One transfer to post: minor units from one account to another."""

    kind: Transfer.Kind
    debit: int
    credit: int
    amount: int


def post(
    legs: Sequence[Leg],
    *,
    payment_id: UUID | None = None,
    must_be_open: Collection[int] = (),
    escrow_lane: int | None = None,
    withdrawal_id: UUID | None = None,
    top_up_id: UUID | None = None,
) -> list[UUID]:
    """Move money, all legs or none, in one round trip of the caller's transaction; return the transfers' ids.

    Args:
        legs: at least one; the debit of the first is the payer.
        payment_id, withdrawal_id, top_up_id: what stands behind it; at most one.
        must_be_open: accounts that may not be frozen.
        escrow_lane: the lane a hold names; needed when a leg touches escrow.

    Raises:
        InsufficientFunds, PayerFrozen, PayeeFrozen: the transaction, or the savepoint around this call, is
            broken then.
    """
    ids = [uuid7() for _ in legs]
    rest = [payment_id, list(must_be_open), escrow_lane, withdrawal_id, top_up_id]
    try:
        with connection.cursor() as cursor:
            cursor.execute(_POST, [ids, *_columns(legs), *rest])
    except DatabaseError as error:
        refusal = _refusal_in(error, payer=legs[0].debit)
        if refusal is None:
            raise
        raise refusal from error
    return ids


def lane_of_this_connection(account_id: int) -> int:
    """Return the lane in which this connection credits an account of several lanes: a new hold names it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_lane(%s)", [int(account_id)])
        (lane,) = cursor.fetchone()
    return int(lane)


def _columns(legs: Sequence[Leg]) -> list[list[Any]]:
    """Return the legs as the arrays that the database function takes."""
    return [
        [leg.kind.value for leg in legs],
        [int(leg.debit) for leg in legs],
        [int(leg.credit) for leg in legs],
        [leg.amount for leg in legs],
    ]


def refusal(sqlstate: str, *, account: str, payer: int) -> Refusal | None:
    """Return what a refusing SQL function means for the payer, None for any other error."""
    if sqlstate == TOO_LITTLE:
        return InsufficientFunds()
    if sqlstate == FROZEN:
        return PayerFrozen() if account == str(payer) else PayeeFrozen()
    return None


def _refusal_in(error: DatabaseError, *, payer: int) -> Refusal | None:
    cause = error.__cause__
    sqlstate = getattr(cause, "sqlstate", None) or ""
    account = getattr(getattr(cause, "diag", None), "message_detail", None) or ""
    return refusal(sqlstate, account=account, payer=payer)
