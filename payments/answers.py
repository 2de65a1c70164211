"""Payments and codes as the contract writes them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from payments import money
from payments.models import Account, Payment

Json = dict[str, object]


class Shown(Protocol):
    """What a payment's answer is made of: a stored payment, or one about to be confirmed."""

    @property
    def id(self) -> UUID: ...
    @property
    def kind(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def amount(self) -> int: ...
    @property
    def captured_amount(self) -> int: ...
    @property
    def released_amount(self) -> int: ...
    @property
    def refunded_amount(self) -> int: ...
    @property
    def fee(self) -> int: ...
    @property
    def fee_returned(self) -> int: ...
    @property
    def payee_name(self) -> str: ...
    @property
    def payee_verified(self) -> bool: ...
    @property
    def place(self) -> str: ...
    @property
    def memo(self) -> str: ...
    @property
    def option(self) -> str: ...
    @property
    def confirmed_at(self) -> datetime: ...
    @property
    def resolved_at(self) -> datetime | None: ...


def instant(at: datetime | None) -> str | None:
    """Return an instant as RFC 3339 in UTC."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def payee(*, name: str, tier: str, verified: bool, place: str) -> Json:
    """Return whom a code pays."""
    return {"name": name, "tier": tier, "verified": verified, "place": place}


def tier_of(account_kind: str) -> str:
    """Return the tier of an account's owner."""
    return "merchant" if account_kind == Account.Kind.MERCHANT else "personal"


def payment(
    of: Shown, *, payer_name: str, tier: str, described: Mapping[str, object], with_fee: bool = False
) -> Json:
    """Return a payment.

    Args:
        of: the payment.
        payer_name: the payer as his payees see him.
        tier: the payee's.
        described: what its payable knows: `run`, `release_by`.
        with_fee: for the payee's eyes only.
    """
    confirmed_at, resolved_at = instant(of.confirmed_at), instant(of.resolved_at)
    release_by = described.get("release_by")
    body: Json = {
        "id": str(of.id),
        "status": of.status,
        "kind": of.kind,
        "amount": of.amount,
        "captured_amount": of.captured_amount,
        "released_amount": of.released_amount,
        "refunded_amount": of.refunded_amount,
        "currency": money.currency(),
        "payer": {"name": payer_name},
        "payee": payee(name=of.payee_name, tier=tier, verified=of.payee_verified, place=of.place),
        "memo": of.memo,
        "option": of.option or None,
        "run": described.get("run"),
        "created_at": confirmed_at,
        "confirmed_at": confirmed_at,
        "settled_at": resolved_at if of.status == Payment.Status.SETTLED else None,
        "released_at": resolved_at if of.status == Payment.Status.RELEASED else None,
        "release_by": instant(release_by) if isinstance(release_by, datetime) else release_by,
    }
    if with_fee:
        body |= {"fee": of.fee, "fee_returned": of.fee_returned}
    return body
