"""The deployment's own calendar: where its days begin, as instants."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from django.conf import settings


def business_day(at: datetime) -> date:
    """Return the day of an instant."""
    return at.astimezone(_zone()).date()


def start_of(day: date) -> datetime:
    """Return a day's first instant, in UTC: the next day's is the first that no longer belongs to it.

    Where the clocks skip midnight the day begins when they do.
    """
    return datetime.combine(day, time.min, tzinfo=_zone()).astimezone(UTC)


def _zone() -> ZoneInfo:
    return ZoneInfo(settings.BUSINESS_TIME_ZONE)
