"""What a code can sell. Other apps register theirs here; the money part knows only their quotes."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Protocol, Self
from uuid import UUID

from payments.errors import PayableChanged
from payments.models import Code


@dataclass(frozen=True, slots=True)
class Quote:
    """What the payer is shown, and on what terms the payee would be paid. Amounts in minor units."""

    payee_account_id: int
    payee_name: str
    tier: str  # "personal" or "merchant"
    verified: bool
    place: str
    amount: int | None  # None: the payer types it
    fee_bp: int
    fee_minimum: int
    hold_s: (
        int | None
    )  # None: settles at once; else into escrow, under a hold whose deadline is so many seconds away
    version: str  # opaque; changes when payee, tier, amount, options or machine change
    expires_at: datetime | None = None
    machine: dict[str, object] | None = None  # the contract's payable.machine
    notices: tuple[str, ...] = ()
    ascii_name: str = ""  # the payee's and his city's, as stored for EMVCo; empty: there is none
    ascii_city: str = ""
    needs_option: bool = False  # several things are sold and none was chosen: nothing can be paid yet
    keeps_args: bool = True  # False: what the payer filled in is a secret that nobody stores
    claim_data: object = None  # not None: claim() is called with it, inside a savepoint
    former: Self | None = None  # what was true 120 s ago, if that is another price: it holds so long

    def shown_as(self, version: str | None) -> "Quote":
        """Return the terms that a payer was shown, known by their version; None: these.

        Raises:
            PayableChanged: what he was shown is not true any more.
        """
        if version is None or version == self.version:
            return self
        if self.former is not None and version == self.former.version:
            return self.former
        raise PayableChanged


@dataclass(frozen=True, slots=True)
class PaymentDraft:
    """A payment that is about to be confirmed, for whoever must claim something with it."""

    id: UUID
    payer_id: UUID  # the user
    payee_account_id: int
    amount: int
    code_id: UUID
    option: str | None
    args: Mapping[str, object] | None
    now: datetime  # the transaction's time, by the database clock


class Payable(Protocol):
    """One kind of thing that codes point at."""

    def quote(
        self,
        *,
        code: Code,
        option: str | None,
        args: Mapping[str, object] | None,
        payer_id: UUID | None = None,
    ) -> Quote:
        """Return the terms. Without an option it is for showing and refuses nothing; with one it may refuse.

        Args:
            code: with its `account` loaded.
            payer_id: the user who asks, where guesses are counted; None: nobody in particular.
        """
        ...

    def claim(self, *, payment: PaymentDraft, quote: Quote) -> None:
        """Take what is sold (the machine's slot, the order), in the money transaction, before its locks.

        Called only when the quote carries `claim_data`. A refusal undoes what it wrote.
        """
        ...

    def describe(
        self, *, payment_ids: Collection[UUID], reader_id: UUID | None = None
    ) -> dict[UUID, dict[str, object]]:
        """Return the parts of a payment's answer that only the owner knows: `run`, `release_by`.

        Args:
            reader_id: the user who will read it; what only the payer may know is left out for others.
        """
        ...


_registered: dict[str, Payable] = {}
_triggered: set[str] = set()


def register(kind: str, payable: Payable, *, triggered: bool = False) -> None:
    """Let codes of this kind sell something.

    Args:
        triggered: payees start it with payments of other kinds, and those are held again for it.
    """
    _registered[kind] = payable
    if triggered:
        _triggered.add(kind)


def get(kind: str) -> Payable:
    """Return what is registered for a code's kind.

    Raises:
        LookupError: nothing is: the app that made the code is gone.
    """
    try:
        return _registered[kind]
    except KeyError:
        raise LookupError(f"Nothing is registered for codes of kind {kind!r}.") from None


def kinds_of(kind: str, *, again: bool) -> set[str]:
    """Return the kinds that know something about a payment; `again`: a part of it was held again."""
    return {kind} | (_triggered if again else set())


def describe(
    payments: Collection[tuple[UUID, str]], *, reader_id: UUID | None = None
) -> dict[UUID, dict[str, object]]:
    """Return what the owners know about payments, given as (id, kind); some may be missing."""
    known: dict[UUID, dict[str, object]] = {}
    for kind in {kind for _, kind in payments}:
        known |= get(kind).describe(
            payment_ids=[payment_id for payment_id, of_kind in payments if of_kind == kind],
            reader_id=reader_id,
        )
    return known


def version_of(*shown: object) -> str:
    """Return an opaque version over everything that was shown: JSON values only."""
    digest = sha256(json.dumps(shown, sort_keys=True, separators=(",", ":")).encode()).digest()
    return urlsafe_b64encode(digest[:12]).decode()
