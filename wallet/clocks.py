"""How times are written: in the deployment's time zone, by the reader's language."""

from datetime import date, datetime, timedelta

from django.utils import formats, timezone
from django.utils.translation import gettext as _


def minute(at: datetime) -> str:
    """Write 14:02."""
    return formats.date_format(timezone.localtime(at), "H:i")


def second(at: datetime) -> str:
    """Write 14:02:19."""
    return formats.date_format(timezone.localtime(at), "H:i:s")


def day(on: date, *, today: date) -> str:
    """Write a day's heading: Today, Yesterday, Tuesday 17 November; older years with their year."""
    if on == today:
        return _("Today")
    if on == today - timedelta(days=1):
        return _("Yesterday")
    return formats.date_format(on, _("l j F") if on.year == today.year else _("j F Y"))


def left(until: datetime, *, now: datetime) -> str:
    """Write what is left until an instant as 1:21 or 1:02:03; never below zero."""
    seconds = max(0, round((until - now).total_seconds()))
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
