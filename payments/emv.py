"""The EMVCo merchant-presented payload: a code's token in the shape that other wallets expect. Pure."""

import re
import unicodedata
from binascii import crc_hqx
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from django.utils.translation import gettext_noop

from payments.emv_formats import ACCOUNTS, REQUIRED, ROOT, SCHEME, TIPS, EmvError, Format, Template, decimals

__all__ = [
    "CURRENCIES",
    "START",
    "EmvError",
    "Merchant",
    "build",
    "checksum",
    "compose",
    "parse",
    "read",
    "token_in",
]

Objects: TypeAlias = dict[str, "str | Objects"]

START = "000201"  # every payload begins with format indicator 01
LONGEST = 512  # characters
LONGEST_VALUE = 99  # characters: the length has two digits
_HEAD = re.compile(r"([0-9]{2})([0-9]{2})")
_CHECKSUM = "63"
_OURS = "26"
_ASTRAL = 0x10000  # from here on some readers count one character as two

NO_CATEGORY = "0000"
# ISO 4217 numbers, and the country in which a currency's payee stands by default (58 is mandatory).
CURRENCIES = {
    "CNY": ("156", "CN"),
    "JPY": ("392", "JP"),
    "USD": ("840", "US"),
    "EUR": ("978", "DE"),
    "HKD": ("344", "HK"),
    "SGD": ("702", "SG"),
    "THB": ("764", "TH"),
    "VND": ("704", "VN"),
    "KWD": ("414", "KW"),
    "BRL": ("986", "BR"),
    "IDR": ("360", "ID"),
}


@dataclass(frozen=True, slots=True)
class Merchant:
    """What a payload says about a payee. All text is printable ASCII."""

    name: str  # 1-25 characters
    city: str  # 1-15 characters
    country: str
    currency: str  # ISO 4217 number


def build(
    *,
    guid: str,
    token: str,
    merchant: Merchant,
    amount: str | None,
    dynamic: bool,
    reference: str = "",
    machine: str = "",
) -> str:
    """Return the payload of a code.

    Args:
        guid: reverse domain of the service, 1-32 characters.
        amount: decimal text in major units, None when the payer types it.
        reference: at most 25 characters; empty: left out.
        machine: the machine's number, likewise.

    Raises:
        EmvError: a text does not fit its object, or a mandatory one is empty.
    """
    objects: Objects = {
        "00": "01",
        "01": "12" if dynamic else "11",
        _OURS: {SCHEME: guid, "01": token},
        "52": NO_CATEGORY,
        "53": merchant.currency,
        "54": amount or "",
        "58": merchant.country,
        "59": merchant.name,
        "60": merchant.city,
        "62": _filled({"05": reference, "07": machine}),
    }
    payload = compose(_filled(objects))
    parse(payload)
    return payload


def compose(objects: Mapping[str, "str | Objects"]) -> str:
    """Return the payload of any objects, in their order; the checksum is added.

    Raises:
        EmvError: it would not be read back.
    """
    body = f"{_written(objects)}{_CHECKSUM}04"
    payload = body + checksum(body)
    read(payload)
    return payload


def checksum(text: str) -> str:
    """Return CRC-16/CCITT-FALSE over everything up to and including `6304`, as UTF-8."""
    return f"{crc_hqx(text.encode(errors='surrogatepass'), 0xFFFF):04X}"


def token_in(payload: str, *, guid: str) -> str | None:
    """Return the token of our own template, None in somebody else's payload.

    Raises:
        EmvError: the payload is malformed, or ours and without an object that EMVCo demands.
    """
    objects = read(payload)
    for number, value in objects.items():
        if number in ACCOUNTS and isinstance(value, dict) and value[SCHEME] == guid:
            _refuse_incomplete(objects)
            token = value.get("01")
            return token if isinstance(token, str) else None
    return None


def parse(payload: str) -> Objects:
    """Return the objects of a payload by their numbers, templates opened.

    Raises:
        EmvError: it is malformed, or lacks an object that EMVCo demands; never anything else.
    """
    objects = read(payload)
    _refuse_incomplete(objects)
    return objects


def read(payload: str) -> Objects:
    """Return the objects of a well-formed payload, complete or not: national schemes leave some out.

    Well-formed means that two readers cannot understand it differently: each object once, each length exact
    (in characters; one that some readers count twice is refused), each value of its form, nothing reserved,
    nothing hidden, a checksum at the end.

    Raises:
        EmvError: it is malformed.
    """
    if len(payload) > LONGEST:
        raise EmvError(gettext_noop("it is longer than %(longest)d characters"), longest=LONGEST)
    _refuse_hidden(payload)
    if not payload.startswith(START):
        raise EmvError(gettext_noop("it does not start with format indicator 01"))
    spans = _spans(payload, 0, len(payload))
    _check_end(payload, spans)
    objects = _opened(payload, spans, ROOT)
    if not ACCOUNTS & objects.keys():
        raise EmvError(gettext_noop("it names no account"))
    _check_tip(objects)
    _check_decimals(objects)
    return objects


def _refuse_hidden(payload: str) -> None:
    """Refuse what does not look like what it is, and what some readers count as two characters."""
    for at, char in enumerate(payload, start=1):
        kind = unicodedata.category(char)
        if kind[0] == "C" or kind in {"Zl", "Zp"} or ord(char) >= _ASTRAL:
            raise EmvError(gettext_noop("it holds a character at %(at)d that readers disagree about"), at=at)


def _spans(payload: str, start: int, end: int, path: str = "") -> dict[str, tuple[int, int]]:
    """Return where the values of the objects between two places begin and end."""
    spans: dict[str, tuple[int, int]] = {}
    while start < end:
        head = _HEAD.match(payload, start, end)
        if head is None:
            raise EmvError(gettext_noop("no object begins at character %(at)d"), at=start + 1)
        number, stop = head.group(1), head.end() + int(head.group(2))
        _check_place(path + number, head.end(), stop, end)
        if number in spans:
            raise EmvError(gettext_noop("object %(object)s stands there twice"), object=path + number)
        spans[number] = head.end(), stop
        start = stop
    return spans


def _check_place(name: str, start: int, stop: int, end: int) -> None:
    if stop == start:
        raise EmvError(gettext_noop("object %(object)s is empty"), object=name)
    if stop > end:
        raise EmvError(gettext_noop("object %(object)s is longer than what is left"), object=name)
    if name == _CHECKSUM and stop < end:
        raise EmvError(gettext_noop("it goes on after its checksum"))


def _check_end(payload: str, spans: Mapping[str, tuple[int, int]]) -> None:
    if _CHECKSUM not in spans:
        raise EmvError(gettext_noop("it does not end with a checksum"))
    start, stop = spans[_CHECKSUM]
    _checked(payload[start:stop], ROOT, _CHECKSUM)
    if checksum(payload[:start]) != payload[start:stop]:
        raise EmvError(gettext_noop("its checksum is wrong"))


def _opened(
    payload: str, spans: Mapping[str, tuple[int, int]], template: Template, path: str = ""
) -> Objects:
    """Return the values of a template's objects, each checked; templates inside it are opened."""
    _check_members(spans, template, path)
    scheme = payload[slice(*spans[SCHEME])] if template.of_scheme else ""
    objects: Objects = {}
    for number, (start, stop) in spans.items():
        inner = template.inside(scheme, number)
        if inner is None:
            objects[number] = _checked(payload[start:stop], template, number, path)
        else:
            below = f"{path}{number}."
            objects[number] = _opened(payload, _spans(payload, start, stop, below), inner, below)
    return objects


def _check_members(spans: Mapping[str, tuple[int, int]], template: Template, path: str) -> None:
    if template.of_scheme and next(iter(spans)) != SCHEME:
        reason = gettext_noop("object %(object)s does not begin with the name of its scheme")
        raise EmvError(reason, object=path.rstrip("."))
    for number in template.required:
        if number not in spans:
            raise EmvError(gettext_noop("it lacks object %(object)s"), object=path + number)


def _checked(value: str, template: Template, number: str, path: str = "") -> str:
    form = template.objects.get(number)
    if not isinstance(form, Format):
        raise EmvError(gettext_noop("object %(object)s is reserved"), object=path + number)
    form.check(path + number, value)
    return value


def _check_tip(objects: Objects) -> None:
    """Object 55 says which of 56 and 57 there must be; the other would be a second answer."""
    asked = TIPS.get(str(objects.get("55")))
    for number in TIPS.values():
        if (number in objects) != (number == asked):
            raise EmvError(gettext_noop("objects 55 and %(object)s contradict each other"), object=number)


def _check_decimals(objects: Objects) -> None:
    currency = objects.get("53")
    most = decimals(None if currency is None else str(currency))
    for number in ("54", "56"):
        if len(str(objects.get(number, "")).partition(".")[2]) > most:
            reason = gettext_noop("object %(object)s has more decimals than its currency")
            raise EmvError(reason, object=number)


def _refuse_incomplete(objects: Objects) -> None:
    for number in REQUIRED:
        if number not in objects:
            raise EmvError(gettext_noop("it lacks object %(object)s"), object=number)


def _filled(objects: Objects) -> Objects:
    return {number: value for number, value in objects.items() if value}


def _written(objects: Mapping[str, "str | Objects"], path: str = "") -> str:
    parts = []
    for number, inner in objects.items():
        value = inner if isinstance(inner, str) else _written(inner, f"{path}{number}.")
        if len(value) > LONGEST_VALUE:
            reason = gettext_noop("object %(object)s is longer than %(longest)d characters")
            raise EmvError(reason, object=path + number, longest=LONGEST_VALUE)
        parts.append(f"{number}{len(value):02}{value}")
    return "".join(parts)
