"""The EMVCo merchant-presented payload: a code's token in the shape that other wallets expect. Pure."""

import re
from binascii import crc_hqx
from collections.abc import Mapping
from dataclasses import dataclass

START = "000201"  # every payload begins with format indicator 01
LONGEST = 512  # characters
_OBJECT = re.compile(r"([0-9]{2})([0-9]{2})")
_TEMPLATES = frozenset([*(f"{number:02}" for number in range(26, 52)), "62"])
_OURS = "26"
_REQUIRED = ("00", "52", "53", "58", "59", "60", "63")
_CRC = re.compile(r"[0-9A-F]{4}")

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


class EmvError(ValueError):
    """The payload is malformed; the message says where."""


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
    """Return the payload.

    Args:
        guid: reverse domain of the service, 1-32 characters.
        amount: decimal text in major units, None when the payer types it.
        reference: at most 25 characters; empty: left out.
        machine: the machine's number, likewise.

    Raises:
        EmvError: a text does not fit its field.
    """
    additional = _field("05", reference, 25) + _field("07", machine, 25)
    body = "".join(
        [
            START,
            _field("01", "12" if dynamic else "11", 2),
            _field(_OURS, _field("00", guid, 32) + _field("01", token, 26), 99),
            _field("52", NO_CATEGORY, 4),
            _field("53", merchant.currency, 3),
            _field("54", amount or "", 13),
            _field("58", merchant.country, 2),
            _field("59", merchant.name, 25),
            _field("60", merchant.city, 15),
            _field("62", additional, 99),
            "6304",
        ]
    )
    return body + checksum(body)


def checksum(text: str) -> str:
    """Return CRC-16/CCITT-FALSE over everything up to and including `6304`."""
    return f"{crc_hqx(text.encode(), 0xFFFF):04X}"


def token_in(payload: str, *, guid: str) -> str | None:
    """Return the token of our own template, None in somebody else's payload.

    Raises:
        EmvError: the payload is malformed.
    """
    for objects in parse(payload).values():
        if isinstance(objects, Mapping) and objects.get("00") == guid:
            return objects.get("01")
    return None


def parse(payload: str) -> dict[str, str | dict[str, str]]:
    """Return the objects of a payload, templates 26-51 and 62 opened.

    Raises:
        EmvError: anything that a second reader could understand otherwise: a repeated or missing object, a
            wrong length or checksum, an order that EMVCo does not allow.
    """
    if len(payload) > LONGEST:
        raise EmvError("longer than 512 characters")
    if not payload.isascii() or not payload.isprintable():
        raise EmvError("holds characters other than printable ASCII")
    objects = _objects(payload)
    _check_frame(payload, objects)
    return {number: _objects(value) if number in _TEMPLATES else value for number, value in objects.items()}


def _check_frame(payload: str, objects: Mapping[str, str]) -> None:
    numbers = list(objects)
    if numbers[:1] != ["00"] or objects["00"] != "01":
        raise EmvError("does not start with format indicator 01")
    if numbers[-1] != "63" or _CRC.fullmatch(objects["63"]) is None:
        raise EmvError("does not end with a checksum")
    if checksum(payload[:-4]) != objects["63"]:
        raise EmvError("has a wrong checksum")
    missing = [number for number in _REQUIRED if number not in objects]
    if missing:
        raise EmvError(f"lacks object {missing[0]}")
    if not any("02" <= number <= "51" for number in numbers):
        raise EmvError("names no account")


def _objects(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    position = 0
    while position < len(text):
        head = _OBJECT.match(text, position)
        if head is None:
            raise EmvError(f"has no object at character {position}")
        number, length = head.group(1), int(head.group(2))
        value = text[head.end() : head.end() + length]
        if length == 0 or len(value) != length:
            raise EmvError(f"object {number} has a wrong length")
        if number in found:
            raise EmvError(f"object {number} stands there twice")
        found[number] = value
        position = head.end() + length
    return found


def _field(number: str, value: str, longest: int) -> str:
    if not value:
        return ""
    if len(value) > longest or not value.isascii() or not value.isprintable():
        raise EmvError(f"object {number} cannot hold this text")
    return f"{number}{len(value):02}{value}"
