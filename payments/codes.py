"""Codes: random tokens that point at something payable, printed or shown as QR."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from outbox import clock
from outbox.errors import Refusal
from payments import answers, money, notices, payables, payloads, states, wire
from payments.errors import CodeExpired, CodeRevoked, CodeUsed, LimitExceeded, UnknownCode
from payments.models import Account, Code

DYNAMIC_LIFE_S = 300
MOST_OWN = 100  # more than anybody shows; without an end one could fill the table

_FIND = b"SELECT * FROM code_for_payment($1, $2)"
_CODE = [
    "id",
    "kind",
    "status",
    "account_id",
    "payable",
    "target",
    "place_id",
    "amount",
    "memo",
    "expires_at",
]
_ACCOUNT = ["id", "kind", "owner_id", "name"]
_instant = datetime.fromisoformat
# One for each column of code_for_payment.
_READERS: list[Callable[[str], object]] = [
    *(UUID, str, str, int, str, UUID, UUID, int, str, _instant),
    *(int, str, UUID, str),
    *(int, str, "t".__eq__, _instant, str),
]


@dataclass(frozen=True, slots=True)
class Found:
    """A code as a payer meets it, and the wallet he would pay from."""

    token: str
    code: Code  # with its account loaded; label and created_at are read on demand
    wallet_id: int | None
    wallet_name: str | None
    is_past: bool
    read_at: datetime  # by the database clock
    cap_rule: str | None  # counts payments through such a code; None: no limit


def find(*, token: str, payer_id: UUID) -> Found:
    """Return a code and its payer's wallet in one round trip, whatever state the code is in.

    Raises:
        UnknownCode: there is no such code.
    """
    token = payloads.fold(token)
    row = wire.row(_FIND, [token, payer_id])
    if row is None:
        raise UnknownCode
    values: list[Any] = [
        None if text is None else read(text) for read, text in zip(_READERS, row, strict=True)
    ]
    code = Code.from_db(None, _CODE, values[:10])
    code.account = Account.from_db(None, _ACCOUNT, values[10:14])
    return Found(token, code, *values[14:])


def scan(
    *, payload: str, payer_id: UUID, option: str | None = None, args: Mapping[str, object] | None = None
) -> answers.Json:
    """Return the contract's payable: what a payer is shown before he pays. Reserves nothing.

    Args:
        option: what the payer chose; with it, and `args`, `amount` is the price of exactly that.

    Raises:
        UnknownCode, CodeExpired, CodeUsed, CodeRevoked.
        Refusal: with an option, whatever would refuse to sell it.
    """
    found = find(token=payloads.read(payload), payer_id=payer_id)
    refuse_inactive(found)
    quote = payables.get(found.code.payable).quote(
        code=found.code, option=option, args=args, payer_id=payer_id
    )
    told = notices.of(
        code=found.code, payer_id=found.wallet_id, payee_id=quote.payee_account_id, now=found.read_at
    )
    return {
        "code": found.token,
        "kind": found.code.payable,
        "version": quote.version,
        "payee": answers.payee(
            name=quote.payee_name, tier=quote.tier, verified=quote.verified, place=quote.place
        ),
        "amount": quote.amount,
        "currency": money.currency(),
        "memo": found.code.memo,
        "machine": quote.machine,
        "notices": [*quote.notices, *told],
        "expires_at": answers.instant(quote.expires_at),
    }


def refuse_inactive(found: Found) -> None:
    """Let only a living code pass.

    Raises:
        CodeExpired, CodeUsed, CodeRevoked: what ended it.
    """
    if found.code.status != Code.Status.ACTIVE:
        raise ended(found.code.status)
    if found.is_past:
        raise CodeExpired


def ended(status: str) -> Refusal:
    """Return the refusal for a code that is not active any more."""
    refusals: dict[str, type[Refusal]] = {
        Code.Status.USED: CodeUsed,
        Code.Status.REVOKED: CodeRevoked,
    }
    return refusals.get(status, CodeExpired)()


def create(
    *,
    account_id: int,
    kind: str = Code.Kind.STATIC,
    payable: str = "person",
    target: UUID | None = None,
    place_id: UUID | None = None,
    amount: int | None = None,
    label: str = "",
    memo: str = "",
    expires_in_s: int | None = None,
) -> Code:
    """Store a new code; a dynamic one lives `expires_in_s` seconds (300 by default), a static one on."""
    expires_at = None
    if kind == Code.Kind.DYNAMIC:
        expires_at = clock.now() + timedelta(seconds=expires_in_s or DYNAMIC_LIFE_S)
    return Code.objects.create(
        token=payloads.new_token(),
        kind=kind,
        status=Code.Status.ACTIVE,
        account_id=account_id,
        payable=payable,
        target=target,
        place_id=place_id,
        amount=amount,
        label=label,
        memo=memo,
        expires_at=expires_at,
    )


def create_own(
    *, account_id: int, kind: str, amount: int | None = None, memo: str = "", expires_in_s: int | None = None
) -> Code:
    """Store a code that a person asks for, see `create`. He has at most 100 that still pay.

    Raises:
        LimitExceeded: he has as many; nothing was stored.
    """
    with transaction.atomic():
        Account.objects.select_for_update(no_key=True).get(pk=account_id)  # counted one after the other
        paying = Code.objects.filter(account_id=account_id, payable="person", status=Code.Status.ACTIVE)
        if paying.exclude(expires_at__lte=Now()).count() >= MOST_OWN:
            detail = _("You have at most %(most)d codes at a time. Revoke one first.")
            raise LimitExceeded(detail % {"most": MOST_OWN})
        return create(account_id=account_id, kind=kind, amount=amount, memo=memo, expires_in_s=expires_in_s)


def relabel(*, code_id: UUID, label: str | None = None, memo: str | None = None) -> None:
    """Give an active code another label (for its owner) or memo (for its payers); None leaves it as it is.

    The printed symbol stays right: it holds the token alone.

    Raises:
        CodeExpired, CodeUsed, CodeRevoked: it pays nobody any more; nothing was changed.
    """
    wanted = {name: text for name, text in (("label", label), ("memo", memo)) if text is not None}
    active = Code.objects.filter(pk=code_id, status=Code.Status.ACTIVE).exclude(expires_at__lte=Now())
    if not (active.update(**wanted) if wanted else active.exists()):
        raise ended(Code.objects.values_list("status", flat=True).get(pk=code_id))


def revoke(*, code_id: UUID) -> bool:
    """Withdraw an active code; False if it was used, expired or revoked before."""
    return states.move(Code, code_id, source=Code.Status.ACTIVE, to=Code.Status.REVOKED)


def expire_past() -> int:
    """Mark the active codes whose time is over; return how many. They pay nobody even before this ran."""
    return Code.objects.filter(status=Code.Status.ACTIVE, expires_at__lte=Now()).update(
        status=Code.Status.EXPIRED
    )
