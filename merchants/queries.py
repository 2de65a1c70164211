"""Reads about shops."""

from dataclasses import dataclass
from uuid import UUID

from payments import queries, wire

# One round trip, because it stands on the path of every payment to a shop.
_TERMS = b"""
SELECT merchant.name, merchant.verified, plan.fee_bp, plan.fee_minimum, plan.withdrawal_fee_bp,
       plan.withdrawal_fee_minimum, coalesce(place.name, ''), merchant.name_ascii, merchant.city_ascii
FROM merchants_merchant merchant
JOIN LATERAL (
    SELECT plan_id FROM merchants_planperiod
    WHERE merchant_id = merchant.id AND starts_at <= statement_timestamp()
    ORDER BY starts_at DESC LIMIT 1
) AS period ON true
JOIN merchants_plan plan ON plan.slug = period.plan_id
LEFT JOIN merchants_place place ON place.id = $1
WHERE merchant.account_id = $2
"""


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a shop is paid: rates in basis points, minima in minor units."""

    name: str
    verified: bool
    fee_bp: int
    fee_minimum: int
    withdrawal_fee_bp: int
    withdrawal_fee_minimum: int
    place: str
    name_ascii: str
    city_ascii: str


def terms(account_id: int, place_id: UUID | None = None) -> Terms:
    """Return the terms of the shop that owns an account, with the name of one of its places.

    Raises:
        LookupError: the account is no shop's.
    """
    row = wire.row(_TERMS, [place_id, account_id])
    if row is None:
        raise LookupError(f"Account {account_id} belongs to no merchant.")
    name, verified, *rates, place, name_ascii, city_ascii = (text or "" for text in row)
    fee_bp, fee_minimum, out_bp, out_minimum = map(int, rates)
    return Terms(
        name, verified == "t", fee_bp, fee_minimum, out_bp, out_minimum, place, name_ascii, city_ascii
    )


def balance(account_id: int) -> dict[str, int]:
    """Return what a shop has, in minor units: available, in_escrow, withdrawing."""
    return {
        "available": queries.account_balance(account_id),
        "in_escrow": queries.in_escrow(account_id),
        "withdrawing": queries.withdrawing(account_id),
    }
