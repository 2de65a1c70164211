"""Strict reading of the fields of a body. Fields nobody asks for are ignored: newer peers may send more."""

import re
from collections.abc import Mapping
from typing import Any, overload
from uuid import UUID

from devices.protocol.errors import BadField

MAX_TIME_MS = 253_402_300_799_999  # the last millisecond a datetime can hold, 9999-12-31
MAX_U32 = 2**32 - 1
MAX_COUNT = 2**53 - 1  # the largest integer every JSON parser keeps exact
MAX_SECONDS = 30 * 24 * 3600  # longer than any run
MAX_TEXT = 160

TOKEN = re.compile(r"[A-Za-z0-9_.:-]{1,32}\Z")
_ABSENT = object()


class Fields:
    """The fields of one body. Every reader raises BadField with the field's name."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self._body = body

    @overload
    def integer(self, name: str, low: int, high: int) -> int: ...
    @overload
    def integer(self, name: str, low: int, high: int, default: None) -> int | None: ...

    def integer(self, name: str, low: int, high: int, default: object = _ABSENT) -> int | None:
        """An integer within low..high; neither `true` nor `1.0` is one."""
        value = self._value(name, default)
        if value is default:
            return None
        if type(value) is not int or not low <= value <= high:
            raise BadField(name)
        return value

    @overload
    def text(self, name: str) -> str: ...
    @overload
    def text(self, name: str, default: str) -> str: ...

    def text(self, name: str, default: object = _ABSENT) -> str:
        """Printable text of at most 160 characters: no control characters, no lone surrogates."""
        value = self._value(name, default)
        if not isinstance(value, str) or len(value) > MAX_TEXT or not value.isprintable():
            raise BadField(name)
        return value

    @overload
    def token(self, name: str) -> str: ...
    @overload
    def token(self, name: str, default: str) -> str: ...

    def token(self, name: str, default: object = _ABSENT) -> str:
        """A short name made for machines: 1 to 32 of ASCII letters, digits and `_.:-`."""
        value = self._value(name, default)
        if not isinstance(value, str) or not (value == default or TOKEN.match(value)):
            raise BadField(name)
        return value

    def flag(self, name: str) -> bool:
        value = self._value(name, _ABSENT)
        if not isinstance(value, bool):
            raise BadField(name)
        return value

    def uuid(self, name: str) -> UUID:
        """A UUID in its one canonical spelling, lower case with hyphens."""
        return canonical_uuid(self._value(name, _ABSENT), name)

    def optional_uuid(self, name: str) -> UUID | None:
        """As `uuid`; null is allowed, absence is not."""
        if name not in self._body:
            raise BadField(name)
        value = self._value(name, None)
        return None if value is None else canonical_uuid(value, name)

    def uuids(self, name: str, most: int) -> tuple[UUID, ...]:
        value = self._value(name, _ABSENT)
        if not isinstance(value, list) or len(value) > most:
            raise BadField(name)
        return tuple(canonical_uuid(item, name) for item in value)

    def mapping(self, name: str, default: object = _ABSENT) -> dict[str, Any]:
        value = self._value(name, default)
        if not isinstance(value, dict):
            raise BadField(name)
        return value

    def time_ms(self, name: str) -> int:
        """Unix time in milliseconds, within what a datetime can hold."""
        return self.integer(name, 0, MAX_TIME_MS)

    def _value(self, name: str, default: object) -> Any:
        """The value, or the default when the field is absent or null."""
        value = self._body.get(name)
        if value is not None:
            return value
        if default is _ABSENT:
            raise BadField(name)
        return default


def canonical_uuid(value: object, name: str) -> UUID:
    if not isinstance(value, str):
        raise BadField(name)
    try:
        parsed = UUID(value)
    except ValueError:
        raise BadField(name) from None
    if str(parsed) != value:
        raise BadField(name)
    return parsed
