"""What a code's symbol holds: our address with its token, or the same pointer as EMVCo text."""

import re
import secrets
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from payments import emv, money
from payments.errors import UnknownCode
from payments.models import Code
from payments.payables import Quote

PAYABLE = "Q"  # the letter in the address of everything that is paid
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U
_FOLD = str.maketrans("OIL", "011")
_TOKEN = re.compile("[0-7][0-9A-HJKMNP-TV-Z]{25}")  # 26 digits carry 130 bits; a token has 128
_URL = re.compile(
    r"(HTTPS?)://(\[[0-9A-F:.]+\]|[0-9A-Z.-]+)(?::([0-9]{1,5}))?((?:/[0-9A-Z._~-]+)*)/([A-Z])/([0-9A-Z]{26})"
)
_LOOPBACK = frozenset({"127.0.0.1", "LOCALHOST", "[::1]"})
_PORTS = {"HTTP": "80", "HTTPS": "443"}
LONGEST_URL = 512  # ours are shorter
_NO_CITY = "NA"  # EMVCo demands one


def new_token() -> str:
    """Return 128 random bits as 26 digits of Crockford's base32."""
    number = secrets.randbits(128)
    return "".join(_DIGITS[number >> shift & 31] for shift in range(125, -1, -5))


def payload_of(token: str, *, kind: str = PAYABLE) -> str:
    """Return what the QR code holds: no lower-case letter, so that the symbol is alphanumeric and small.

    Args:
        kind: the letter before the token: what opens there.
    """
    return f"{settings.PUBLIC_URL.upper()}/{kind}/{token}"


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
        UnknownCode: it is none of these, or somebody else's; of a malformed EMVCo text it says why.
    """
    if payload.startswith(emv.START):
        return fold(_token_in_emv(payload))
    if len(payload) <= LONGEST_URL and payload.isascii() and "/" not in payload:
        return fold(payload)
    return token_at(payload)


def token_at(payload: str, *, kind: str = PAYABLE) -> str:
    """Return the token in an address of ours.

    Raises:
        UnknownCode: it is no address, somebody else's, or one of another kind.
    """
    if len(payload) > LONGEST_URL or not payload.isascii():
        raise UnknownCode
    match = _URL.fullmatch(payload.upper())
    if match is None or match.group(5) != kind or not _is_ours(*match.group(1, 2, 3, 4)):
        raise UnknownCode
    return fold(match.group(6))


def fold(token: str) -> str:
    """Return a token as it is stored, however it was typed.

    Raises:
        UnknownCode: no token can look like this.
    """
    folded = token.upper().translate(_FOLD)
    if not token.isascii() or _TOKEN.fullmatch(folded) is None:
        raise UnknownCode
    return folded


def _token_in_emv(payload: str) -> str:
    try:
        return emv.token_in(payload, guid=guid()) or ""
    except emv.EmvError as error:
        fault = _(error.reason) % error.values
        raise UnknownCode(_("This EMVCo text is malformed: %(fault)s.") % {"fault": fault}) from error


def _is_ours(scheme: str, host: str, port: str | None, path: str) -> bool:
    own = _URL.fullmatch(payload_of("0" * 26))
    if own is None:
        return False
    if settings.LOCAL and host in _LOOPBACK:
        return path == own.group(4)
    mine = (own.group(1), own.group(2), own.group(3) or _PORTS[own.group(1)], own.group(4))
    return (scheme, host, port or _PORTS[scheme], path) == mine
