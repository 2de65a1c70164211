"""What a statement covers: whole days of the deployment's own calendar."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Self

from payments import days

LONGEST_DAYS = 366

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FIRST, _LAST = date(1970, 1, 1), date(9000, 1, 1)  # so that every border is an instant in every time zone


class PeriodError(ValueError):
    """No days that a statement can cover; `field` is the parameter, `reason` one of the words below."""

    NO_DAY, REVERSED, TOO_LONG = "no_day", "reversed", "too_long"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason


@dataclass(frozen=True, slots=True)
class Period:
    """Days from the first to the last, both included."""

    first: date
    last: date

    @classmethod
    def read(cls, first: str | None, last: str | None, *, today: date) -> Self:
        """Return the period between two days written YYYY-MM-DD.

        Args:
            first: None: the first of the month in which the period ends.
            last: None: today.

        Raises:
            PeriodError: a text that is no day, the first after the last, or more than 366 days.
        """
        end = today if last is None else _day(last, "to")
        start = end.replace(day=1) if first is None else _day(first, "from")
        if start > end:
            raise PeriodError("from", PeriodError.REVERSED)
        if (end - start).days >= LONGEST_DAYS:
            raise PeriodError("from", PeriodError.TOO_LONG)
        return cls(start, end)

    @property
    def begins_at(self) -> datetime:
        """The first instant, in UTC."""
        return days.start_of(self.first)

    @property
    def ends_at(self) -> datetime:
        """The first instant that no longer belongs, in UTC."""
        return days.start_of(self.last + timedelta(days=1))


def _day(text: str, field: str) -> date:
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not _FIRST <= day <= _LAST:
        raise PeriodError(field, PeriodError.NO_DAY)
    return day
