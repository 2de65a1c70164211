"""What each object of an EMVCo merchant-presented payload may hold. Pure; docs/money.md names the sources."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext_noop

SCHEME = "00"  # in a template: whose it is, as a reverse domain, an AID or a UUID
_DECIMALS = {  # by ISO 4217 number, where they are not two
    **dict.fromkeys(["108", "152", "174", "262", "324", "352", "392", "410", "548", "600", "646"], 0),
    **dict.fromkeys(["704", "800", "940", "950", "952", "953"], 0),
    **dict.fromkeys(["048", "368", "400", "414", "434", "512", "788"], 3),
    **dict.fromkeys(["927", "990"], 4),
}
_MOST_DECIMALS = 4


class EmvError(ValueError):
    """A payload is malformed. Its text is a clause that says why and where, the same in every release.

    Attributes:
        reason: the clause in English with %-placeholders, to be translated.
        values: what the placeholders stand for.
    """

    def __init__(self, reason: str, **values: object) -> None:
        self.reason, self.values = reason, values
        super().__init__(reason % values)


@dataclass(frozen=True, slots=True)
class Format:
    """The form of a primitive object's value."""

    pattern: re.Pattern[str]
    reason: str
    longest: int = 0  # characters; only for the reason

    def check(self, name: str, value: str) -> None:
        """Raise EmvError unless the value has this form."""
        if self.pattern.fullmatch(value) is None:
            raise EmvError(self.reason, object=name, longest=self.longest)


@dataclass(frozen=True, slots=True)
class Template:
    """An object that holds objects."""

    objects: Mapping[str, "Format | Template"]  # what is not named here is reserved
    required: tuple[str, ...] = ()
    of_scheme: bool = False  # object 00 says whose it is and stands first
    nested: Mapping[tuple[str, str], "Template"] = field(default_factory=dict)  # by scheme and object

    def inside(self, scheme: str, number: str) -> "Template | None":
        """Return how an object of this template is opened; None: it is no template, or reserved."""
        form = self.nested.get((scheme, number)) or self.objects.get(number)
        return form if isinstance(form, Template) else None


def _numbers(first: int, last: int) -> Iterable[str]:
    return (f"{number:02}" for number in range(first, last + 1))


def _form(pattern: str, reason: str) -> Format:
    return Format(re.compile(pattern), reason)


def _ascii(longest: int) -> Format:
    reason = gettext_noop("object %(object)s is not 1 to %(longest)d printable ASCII characters")
    return Format(re.compile(f"[ -~]{{1,{longest}}}"), reason, longest)


def _name(longest: int) -> Format:
    """Text that people read: it must show something."""
    reason = gettext_noop(
        "object %(object)s is not 1 to %(longest)d printable ASCII characters with one to see among them"
    )
    return Format(re.compile(f"(?=.*[!-~])[ -~]{{1,{longest}}}"), reason, longest)


def _text(longest: int) -> Format:
    reason = gettext_noop("object %(object)s is longer than %(longest)d characters")
    return Format(re.compile(f".{{1,{longest}}}"), reason, longest)


def _digits(longest: int) -> Format:
    reason = gettext_noop("object %(object)s is not %(longest)d digits")
    return Format(re.compile(f"[0-9]{{{longest}}}"), reason, longest)


AMOUNT = _form(
    r"(?=.*[1-9])(?=.{1,13}\Z)[0-9]+(?:\.[0-9]*)?",
    gettext_noop("object %(object)s is no amount above zero, of digits and at most one point"),
)
_PERCENT = _form(
    r"(?=.*[1-9])[0-9]{1,2}(?:\.[0-9]{0,2})?",
    gettext_noop("object %(object)s is no percentage from 00.01 to 99.99"),
)
_CONSUMER_DATA = _form(
    r"(?!.*(.).*\1)[AME]{1,3}",
    gettext_noop("object %(object)s is not made of A, M and E, each once at most"),
)

_OF_SCHEME = Template({SCHEME: _ascii(32), **dict.fromkeys(_numbers(1, 99), _ascii(99))}, of_scheme=True)
# VietQR (NAPAS) opens a second template inside its own: the bank, and the account there.
_VIETQR = {("A000000727", "01"): Template({SCHEME: _ascii(99), "01": _ascii(99)}, required=(SCHEME, "01"))}
_ACCOUNT = Template(_OF_SCHEME.objects, of_scheme=True, nested=_VIETQR)
_UNRESERVED = Template({SCHEME: _ascii(32), **dict.fromkeys(_numbers(1, 99), _text(99))}, of_scheme=True)
_ADDITIONAL = Template(
    {
        **dict.fromkeys(_numbers(1, 8), _ascii(25)),
        "09": _CONSUMER_DATA,
        "10": _ascii(20),  # tax id
        "11": _digits(3),  # channel
        **dict.fromkeys(_numbers(50, 99), _OF_SCHEME),
    }
)
_LANGUAGE = Template(
    {
        "00": _form("[A-Za-z]{2}", gettext_noop("object %(object)s is no language of two letters")),
        "01": _text(25),
        "02": _text(15),
    },
    required=("00", "01"),
)

ROOT = Template(
    {
        "00": _form("01", gettext_noop("it does not start with format indicator 01")),
        "01": _form("1[12]", gettext_noop("object %(object)s is neither 11 (static) nor 12 (dynamic)")),
        **dict.fromkeys([*_numbers(2, 5), *_numbers(9, 16)], _ascii(99)),  # accounts at card schemes
        **dict.fromkeys(_numbers(26, 51), _ACCOUNT),
        "52": _digits(4),
        "53": _digits(3),
        "54": AMOUNT,
        "55": _form("0[123]", gettext_noop("object %(object)s is none of 01, 02 and 03")),
        "56": AMOUNT,
        "57": _PERCENT,
        "58": _form("[A-Z]{2}", gettext_noop("object %(object)s is no country of two upper-case letters")),
        "59": _name(25),
        "60": _name(15),
        "61": _ascii(10),
        "62": _ADDITIONAL,
        "63": _form("[0-9A-F]{4}", gettext_noop("its checksum is not four upper-case hexadecimal digits")),
        "64": _LANGUAGE,
        **dict.fromkeys(_numbers(80, 99), _UNRESERVED),
    }
)
ACCOUNTS = frozenset(_numbers(2, 51))
# EMVCo demands these; national schemes leave some out, so well-formed and complete are two questions.
REQUIRED = ("52", "53", "58", "59", "60")
# Which object 55 asks for the value in which.
TIPS = {"02": "56", "03": "57"}


def decimals(currency: str | None) -> int:
    """Return how many decimals an amount may have, by ISO 4217 number; None: the most of any currency."""
    return _MOST_DECIMALS if currency is None else _DECIMALS.get(currency, 2)
