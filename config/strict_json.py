"""JSON as the contract reads it: one meaning, no surprises."""

import json
from math import isfinite
from typing import Any, NoReturn

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

LONGEST_BODY = 64 * 1024
DEEPEST = 16


class TooLarge(APIException):
    """A body that no call of ours needs."""

    status_code = 413
    default_detail = _("The body is larger than 64 kB.")
    default_code = "too_large"


class StrictJSONParser(BaseParser):
    """Reads one JSON object in UTF-8.

    Refused: NaN, infinity, a name twice, NUL and half characters, more than 16 levels, more than 64 kB.
    """

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> dict[str, Any]:
        """Return the object.

        Raises:
            ParseError: it is not JSON, no object, or one of the above.
            TooLarge: see above.
        """
        raw = stream.read(LONGEST_BODY + 1)
        if len(raw) > LONGEST_BODY:
            raise TooLarge
        try:
            data = json.loads(
                raw.decode("utf-8"),
                parse_constant=_refuse_constant,
                parse_float=_finite,
                object_pairs_hook=_unique,
            )
        except (ValueError, RecursionError) as error:
            raise ParseError(_("The body is not valid JSON.")) from error
        if not isinstance(data, dict):
            raise ParseError(_("The body must be a JSON object."))
        _inspect(data, DEEPEST)
        return data


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number in JSON.")


def _finite(text: str) -> float:
    """Refuse 1e400: read as infinity, it could neither be stored nor answered."""
    number = float(text)
    if not isfinite(number):
        raise ValueError(f"{text} is too large.")
    return number


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name twice: which of two amounts counts would be anybody's guess."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("A name stands twice in one object.")
    return members


def _inspect(value: Any, levels: int) -> None:
    if isinstance(value, str):
        _inspect_text(value)
    elif isinstance(value, dict):
        _inspect_all([*value.keys(), *value.values()], levels)
    elif isinstance(value, list):
        _inspect_all(value, levels)


def _inspect_all(values: list[Any], levels: int) -> None:
    if levels == 0:
        raise ParseError(_("The body is nested too deeply."))
    for value in values:
        _inspect(value, levels - 1)


def _inspect_text(text: str) -> None:
    """Refuse what PostgreSQL cannot store."""
    if "\x00" in text:
        raise ParseError(_("A text contains NUL."))
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        raise ParseError(_("A text contains half a character."))
