"""What calls about money have in common: amounts, idempotency keys, pages."""

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from outbox.errors import Refusal

LEAST_AMOUNT = 1
MOST_AMOUNT = 10**12  # minor units
DEFAULT_LIMIT = 20
MOST_A_PAGE = 100

_LIMIT = re.compile(r"[0-9]{1,3}")
# Quoted by the standard, bare as Stripe's clients send it.
_KEY = re.compile(r'"([ -~]{1,255})"|([!#-~][ -~]{0,254})')


class KeyRequired(Refusal):
    """A call that moves money came without a usable Idempotency-Key."""

    code, status = "idempotency_key_required", 400
    sentence = _("Send an Idempotency-Key header of 1 to 255 printable ASCII characters, one per intention.")


class PageInvalid(Refusal):
    """`limit` or `cursor` is not what a list takes."""

    code, status = "invalid", 400
    sentence = _("The request is not valid.")


@extend_schema_field({"type": "integer", "minimum": LEAST_AMOUNT, "maximum": MOST_AMOUNT})
class MinorAmount(serializers.Field[int, Any, int, Any]):
    """An amount in minor units: a JSON integer of 1 to 10^12. `1.0`, `"12"` and `true` are none."""

    default_error_messages = {
        "integer": _("Give whole minor units, as a JSON integer."),
        "range": _("Give 1 to 1000000000000 minor units."),
    }

    def to_internal_value(self, data: Any) -> int:
        """Refuse what is not exactly an integer; True would pass as 1."""
        if type(data) is not int:
            self.fail("integer")
        if not LEAST_AMOUNT <= data <= MOST_AMOUNT:
            self.fail("range")
        return int(data)

    def to_representation(self, value: int) -> int:
        """Return it as it is."""
        return value


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list was asked for: so many entries, behind the one that the cursor names."""

    limit: int
    cursor: str | None


def idempotency_key(request: Request) -> str:
    """Return the call's idempotency key without quotes.

    Raises:
        KeyRequired: there is none, or none of 1 to 255 printable ASCII characters.
    """
    match = _KEY.fullmatch(request.headers.get("Idempotency-Key", "").strip())
    if match is None:
        raise KeyRequired
    return match[1] or match[2]


def request_id(request: Request | HttpRequest) -> str:
    """Return the name under which this call is logged and answered."""
    return str(request.META.get("saoma.request_id", "-"))


def page(request: Request) -> Page:
    """Return which page was asked for by `?limit=` and `?cursor=`.

    Raises:
        PageInvalid: the limit is not between 1 and 100.
    """
    limit = request.query_params.get("limit", str(DEFAULT_LIMIT))
    if not _LIMIT.fullmatch(limit) or not 1 <= int(limit) <= MOST_A_PAGE:
        raise PageInvalid(errors={"limit": [gettext("Give 1 to 100.")]})
    return Page(int(limit), request.query_params.get("cursor"))


def id_in(cursor: str | None) -> UUID | None:
    """Return the id that a cursor names.

    Raises:
        PageInvalid: it names none.
    """
    try:
        return None if cursor is None else UUID(cursor)
    except ValueError:
        raise cursor_invalid() from None


def invalid(field: str, message: str) -> PageInvalid:
    """Return the refusal for a parameter in the address."""
    return PageInvalid(errors={field: [message]})


def cursor_invalid() -> PageInvalid:
    """Return the refusal for a cursor that no answer of ours contained."""
    return PageInvalid(errors={"cursor": [gettext("Use the address that `next` gave.")]})


def listed(request: Request, data: list[Any], *, next_cursor: object | None) -> dict[str, object]:
    """Return a list's answer; `next_cursor` None means that nothing comes behind it."""
    if next_cursor is None:
        return {"data": data, "next": None}
    parameters = request.query_params.copy()
    parameters["cursor"] = str(next_cursor)
    return {"data": data, "next": request.build_absolute_uri(f"{request.path}?{parameters.urlencode()}")}
