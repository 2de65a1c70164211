"""Codes: random tokens that point at something payable, printed or shown as QR."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from outbox import clock
from outbox.errors import Refusal
from payments import answers, emv, money, payables, states, wire
from payments.errors import CodeExpired, CodeRevoked, CodeUsed, LimitExceeded, UnknownCode
from payments.models import Account, Code
from payments.payables import Quote

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U
_FOLD = str.maketrans("OIL", "011")
_TOKEN = re.compile("[0-7][0-9A-HJKMNP-TV-Z]{25}")  # 26 digits carry 130 bits; a token has 128
_URL = re.compile(
    r"(HTTPS?)://(\[[0-9A-F:.]+\]|[0-9A-Z.-]+)(?::([0-9]{1,5}))?((?:/[0-9A-Z._~-]+)*)/Q/([0-9A-Z]{26})"
)
_LOOPBACK = frozenset({"127.0.0.1", "LOCALHOST", "[::1]"})
_PORTS = {"HTTP": "80", "HTTPS": "443"}
LONGEST_PAYLOAD = 512  # what EMVCo allows; our URLs are shorter

DYNAMIC_LIFE_S = 300
MOST_OWN = 100  # more than anybody shows; without an end one could fill the table
_NO_CITY = "NA"  # EMVCo demands one

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
    *(int, str, "t".__eq__, _instant),
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


def new_token() -> str:
    """Return 128 random bits as 26 digits of Crockford's base32."""
    number = secrets.randbits(128)
    return "".join(_DIGITS[number >> shift & 31] for shift in range(125, -1, -5))


def payload_of(token: str) -> str:
    """Return what the QR code holds: no lower-case letter, so that the symbol is alphanumeric and small."""
    return f"{settings.PUBLIC_URL.upper()}/Q/{token}"


def emv_payload(code: Code, quote: Quote) -> str | None:
    """Return the code as an EMVCo payload; None when payee or currency cannot be spelt in it.

    Names are used as they are stored: a transliteration would be a guess.
    """
    name = quote.ascii_name or quote.payee_name
    if money.currency() not in emv.CURRENCIES or not name:
        return None
    number, country = emv.CURRENCIES[money.currency()]
    machine = str((quote.machine or {}).get("number", ""))
    try:
        return emv.build(
            guid=guid(),
            token=code.token,
            merchant=emv.Merchant(name, quote.ascii_city or _NO_CITY, country, number),
            amount=None if code.amount is None else money.text(code.amount, money.currency()),
            dynamic=code.kind == Code.Kind.DYNAMIC,
            machine=machine,
        )
    except emv.EmvError:
        return None


def guid() -> str:
    """Return the name under which our template stands in an EMVCo payload: our domain, reversed."""
    host = urlsplit(settings.PUBLIC_URL).hostname or ""
    reverse = ".".join(reversed(host.split(".")))
    return reverse if re.fullmatch("[a-z][a-z0-9.-]{0,31}", reverse) else "local.saoma"


def read(payload: str) -> str:
    """Return the token in what was scanned: our URL, our EMVCo text, or a typed token.

    Raises:
        UnknownCode: it is none of these, or somebody else's.
    """
    if len(payload) > LONGEST_PAYLOAD or not payload.isascii():
        raise UnknownCode
    if payload.startswith(emv.START):
        return fold(_token_in_emv(payload))
    if "/" not in payload:
        return fold(payload)
    match = _URL.fullmatch(payload.upper())
    if match is None or not _is_ours(*match.group(1, 2, 3, 4)):
        raise UnknownCode
    return fold(match.group(5))


def fold(token: str) -> str:
    """Return a token as it is stored, however it was typed.

    Raises:
        UnknownCode: no token can look like this.
    """
    folded = token.upper().translate(_FOLD)
    if not token.isascii() or _TOKEN.fullmatch(folded) is None:
        raise UnknownCode
    return folded


def find(*, token: str, payer_id: UUID) -> Found:
    """Return a code and its payer's wallet in one round trip, whatever state the code is in.

    Raises:
        UnknownCode: there is no such code.
    """
    token = fold(token)
    row = wire.row(_FIND, [token, payer_id])
    if row is None:
        raise UnknownCode
    values: list[Any] = [
        None if text is None else read(text) for read, text in zip(_READERS, row, strict=True)
    ]
    code = Code.from_db(None, _CODE, values[:10])
    code.account = Account.from_db(None, _ACCOUNT, values[10:14])
    return Found(token, code, *values[14:])


def scan(*, payload: str, payer_id: UUID) -> answers.Json:
    """Return the contract's payable: what a payer is shown before he pays. Reserves nothing.

    Raises:
        UnknownCode, CodeExpired, CodeUsed, CodeRevoked.
    """
    found = find(token=read(payload), payer_id=payer_id)
    refuse_inactive(found)
    quote = payables.get(found.code.payable).quote(code=found.code, option=None, args=None)
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
        "notices": list(quote.notices),
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
        token=new_token(),
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


def revoke(*, code_id: UUID) -> bool:
    """Withdraw an active code; False if it was used, expired or revoked before."""
    return states.move(Code, code_id, source=Code.Status.ACTIVE, to=Code.Status.REVOKED)


def expire_past() -> int:
    """Mark the active codes whose time is over; return how many. They pay nobody even before this ran."""
    return Code.objects.filter(status=Code.Status.ACTIVE, expires_at__lte=Now()).update(
        status=Code.Status.EXPIRED
    )


def _token_in_emv(payload: str) -> str:
    try:
        return emv.token_in(payload, guid=guid()) or ""
    except emv.EmvError as error:
        raise UnknownCode(_("This EMVCo payload %(fault)s.") % {"fault": error}) from error


def _is_ours(scheme: str, host: str, port: str | None, path: str) -> bool:
    own = _URL.fullmatch(payload_of("0" * 26))
    if own is None:
        return False
    if settings.LOCAL and host in _LOOPBACK:
        return path == own.group(4)
    mine = (own.group(1), own.group(2), own.group(3) or _PORTS[own.group(1)], own.group(4))
    return (scheme, host, port or _PORTS[scheme], path) == mine
