"""What may stand in the fields of every ISO 20022 message. Pure: each check returns the field's text."""

import re
import unicodedata
from datetime import UTC, datetime
from uuid import UUID

from payments import money
from payments.iso20022.errors import MessageError

LONGEST_ID = 35  # characters: Max35Text
LONGEST_TEXT = 140  # Max140Text: names, and one line of remittance
DIGITS = 18  # of amounts and sums

# The characters that every bank takes (the Latin set of SWIFT and SEPA); ids stay within it always.
_LATIN = re.compile(r"[A-Za-z0-9/\-?:().,'+ ]*")
_CURRENCY = re.compile(r"[A-Z]{3}")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")  # Cf, but scripts need them
_UNREADABLE = "\ufffd"


def reference(of: UUID) -> str:
    """Return an id as these messages carry it: 32 hexadecimal digits, for with dashes it would not fit."""
    return of.hex


def identifier(value: str, *, field: str, longest: int = LONGEST_ID) -> str:
    """Return an id unchanged.

    Raises:
        MessageError: empty, too long, outside the Latin set, or with slashes where banks forbid them.
    """
    if not 1 <= len(value) <= longest:
        raise MessageError(f"{field} has {len(value)} characters, not 1 to {longest}")
    if _LATIN.fullmatch(value) is None or value != value.strip():
        raise MessageError(f"{field} holds characters that banks do not take in an id")
    if value.startswith("/") or value.endswith("/") or "//" in value:
        raise MessageError(f"{field} has a slash at an end, or two together")
    return value


def text(value: str, *, field: str, latin_only: bool = False) -> str:
    """Return a name or a line of text without outer space; nothing is transliterated, nothing cut.

    Raises:
        MessageError: empty, longer than 140 characters, with control or hidden characters, or outside the
            Latin set where only that is allowed.
    """
    stripped = value.strip()
    if not 1 <= len(stripped) <= LONGEST_TEXT:
        raise MessageError(f"{field} has {len(stripped)} characters, not 1 to {LONGEST_TEXT}")
    if any(map(_is_hidden, stripped)):
        raise MessageError(f"{field} holds control or hidden characters")
    if latin_only and _LATIN.fullmatch(stripped) is None:
        raise MessageError(f"{field} holds characters outside the Latin set")
    return stripped


def readable(value: str) -> str:
    """Return text on one line; what cannot be shown becomes U+FFFD, for what is stored is not refused."""
    line = " ".join(value.split())
    if line.isprintable():  # nearly always, and much faster
        return line
    return "".join(_UNREADABLE if _is_hidden(char) else char for char in line)


def currency(value: str) -> str:
    """Return three capital letters unchanged.

    Raises:
        MessageError: anything else.
    """
    if _CURRENCY.fullmatch(value) is None:
        raise MessageError(f"{value[:8]!r} is no currency")
    return value


def amount(value: int, *, of: str, field: str) -> str:
    """Return minor units as decimal text with the currency's own digits behind the point.

    Raises:
        MessageError: no integer, below zero, or more than 18 digits.
    """
    if type(value) is not int or value < 0:
        raise MessageError(f"{field} is no integer of minor units, zero or more")
    if value >= 10**DIGITS:
        raise MessageError(f"{field} has more than {DIGITS} digits")
    return money.text(value, of)


def instant(value: datetime, *, field: str) -> str:
    """Return a time in UTC, whole seconds.

    Raises:
        MessageError: the time has no zone.
    """
    if value.tzinfo is None:
        raise MessageError(f"{field} has no time zone")
    return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def _is_hidden(char: str) -> bool:
    return unicodedata.category(char) in _HIDDEN and char not in _JOINERS
