"""Small drawn things: amounts, plates, icons, machine art, initials."""

import re
from datetime import datetime

from django import template
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from wallet import clocks, money
from wallet.art import art_of

register = template.Library()

_SIZES = {"s": "plate", "m": "plate plate-m", "l": "plate plate-l"}


@register.simple_tag
def amount(value: int, css: str = "", signed: bool = False) -> SafeString:
    """Draw an amount: the currency sign and the minor digits are smaller than the units."""
    parts = money.parts(value, signed=signed)
    long = " is-longer" if len(parts.units) > 11 else " is-long" if len(parts.units) > 7 else ""
    return format_html(
        '<span class="amt {}{}">{}<span class="cur">{}</span><span>{}</span>'
        '<span class="dec">{}</span></span>',
        css,
        long,
        parts.sign,
        parts.currency,
        parts.units,
        parts.minor,
    )


@register.filter
def in_words(value: int) -> str:
    """Write an amount inside a sentence."""
    return money.text(value)


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """Draw one of our icons; it is decoration, the words stand beside it."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        css,
        static("wallet/icons.svg"),
        name,
    )


@register.simple_tag
def art(machine_type: str, state: str = "") -> SafeString:
    """Draw a machine, inlined so that it takes the page's colours. States: running, off, none."""
    return mark_safe(render_to_string(art_of(machine_type), {"state": state}))  # noqa: S308 (our own drawing)


@register.inclusion_tag("wallet/parts/plate.html")
def plate(number: str, size: str = "s") -> dict[str, object]:
    """Draw the yellow plate with a machine's whole number."""
    return {"number": number, "css": _SIZES[size], "long": len(number) > 4}


@register.filter
def initials(name: str) -> str:
    """Return the two letters of a round thumb; one sign for names that are not written in letters."""
    words: list[str] = re.findall(r"\w+", name)
    if not words:
        return "?"
    if not words[0].isascii():
        return words[0][0]
    return "".join(word[0] for word in words[:2]).upper()


@register.filter
def epoch_ms(at: datetime | None) -> str:
    """Write an instant as the browser's modules read it: milliseconds since 1970."""
    return str(round(at.timestamp() * 1000)) if at else ""


@register.filter
def left(until: datetime, now: datetime) -> str:
    """Write the time between two instants as a clock; the browser counts on from there."""
    return clocks.left(until, now=now)


@register.simple_tag
def currency_sign() -> str:
    """Return what stands before an amount."""
    return money.currency_sign()


@register.simple_tag
def exponent() -> int:
    """Return how many minor digits the currency has."""
    return money.exponent()
