"""Whether a code that is usually paid has gone quiet, from how often it was paid in each hour. Pure."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta

HOUR = timedelta(hours=1)
SHORTEST_QUIET = timedelta(hours=2)  # in business; shorter is a slow afternoon
MEMORY = timedelta(days=11)  # the week that is compared with, and what stood before it

_WEEK = 7
_USUAL_PAYMENTS, _USUAL_DAYS = 5, 4  # below that a code has no traffic that could stop
_GAPS = 3  # as many usual gaps without a payment
_HOUR_ON_DAYS = 2  # an hour in which it is paid on so many days is in business


def silent_hours(hours: Mapping[datetime, int], *, now: datetime) -> int:
    """Return for how many whole hours in business nobody has paid; 0 while that is usual.

    Usual traffic is at least 5 payments on each of at least 4 of the 7 days before today. Silence counts from
    three usual gaps on, and from two hours; at night, and on a weekday that was quiet a week ago, none does.

    Args:
        hours: payments by the beginning of their hour, in the deployment's time zone, of about eleven days.
        now: in the same time zone.
    """
    by_day: Counter[date] = Counter()
    for hour, payments in hours.items():
        by_day[hour.date()] += payments
    week = [now.date() - timedelta(days=days) for days in range(1, _WEEK + 1)]
    usual = {day for day in week if by_day[day] >= _USUAL_PAYMENTS}
    if len(usual) < _USUAL_DAYS or _rests_today(by_day, usual, week[-1]):
        return 0
    on_days = Counter(hour.hour for hour in hours if hour.date() in usual)
    in_business = {hour for hour, days in on_days.items() if days >= _HOUR_ON_DAYS}
    silent = _silent(max(hours), now, in_business)
    # gap = hours in business / payments, over the usual days; compared without dividing
    open_hours, payments = len(in_business) * len(usual), sum(by_day[day] for day in usual)
    long_enough = silent * HOUR >= SHORTEST_QUIET and silent * payments >= _GAPS * open_hours
    return silent if long_enough else 0


def _rests_today(by_day: Mapping[date, int], usual: set[date], week_ago: date) -> bool:
    """Say whether the same weekday a week ago was a day off: quiet, although the code was paid before it."""
    return week_ago not in usual and any(day < week_ago for day in by_day)


def _silent(last: datetime, now: datetime, in_business: set[int]) -> int:
    """Count the whole hours in business after the hour of the last payment."""
    silent, hour = 0, last + HOUR
    while hour + HOUR <= now:
        silent += hour.hour in in_business
        hour += HOUR
    return silent
