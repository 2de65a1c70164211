"""When a code has gone quiet, by how often it was paid in each hour."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from payments.traffic import silent_hours

ZONE = ZoneInfo("Asia/Shanghai")
THURSDAY = datetime(2026, 11, 19, tzinfo=ZONE)
DAY = timedelta(days=1)
BUSY = range(9, 21)  # paid once in each of these hours


def at(hour: int, minute: int = 0) -> datetime:
    return THURSDAY.replace(hour=hour, minute=minute)


def week(
    hours: Iterable[int] = BUSY, *, days: Iterable[int] = range(1, 8), each: int = 1
) -> dict[datetime, int]:
    """Return payments of the days before, so many in each of these hours."""
    return {THURSDAY - day * DAY + timedelta(hours=hour): each for day in days for hour in hours}


def test_an_ordinary_day_is_not_silent() -> None:
    hours = week() | {at(hour): 1 for hour in range(9, 14)}
    assert silent_hours(hours, now=at(14, 30)) == 0


@pytest.mark.parametrize(
    ("now", "silent"),
    [(at(11, 59), 0), (at(12), 3), (at(15, 30), 6), (at(23), 12)],
    ids=["two hours", "three gaps", "six hours", "the hours after closing do not count"],
)
def test_one_an_hour_is_silent_after_three_hours(now: datetime, silent: int) -> None:
    assert silent_hours(week(), now=now) == silent


def test_however_often_it_is_paid_two_hours_in_business_must_pass() -> None:
    busy = week(each=60)
    assert silent_hours(busy, now=at(10, 59)) == 0
    assert silent_hours(busy, now=at(11)) == 2


def test_a_night_is_not_silence() -> None:
    assert silent_hours(week(), now=at(8, 59)) == 0
    assert silent_hours(week(), now=at(9, 59)) == 0


def test_it_takes_a_slow_code_longer_to_be_silent() -> None:
    slow = week(range(9, 21, 2))  # six a day, in six hours: those are its hours in business
    assert silent_hours(slow, now=at(13)) == 0
    assert silent_hours(slow, now=at(14)) == 3


def test_whoever_is_paid_four_times_a_day_has_no_traffic_that_could_stop() -> None:
    assert silent_hours(week(range(9, 13)), now=at(20)) == 0
    assert silent_hours(week(range(9, 14)), now=at(20)) == 5


def test_four_days_of_the_last_seven_are_a_habit() -> None:
    assert silent_hours(week(days=(1, 3, 7)), now=at(20)) == 0
    assert silent_hours(week(days=(1, 3, 5, 7)), now=at(20)) == 11


def test_a_weekday_that_was_quiet_a_week_ago_is_a_day_off() -> None:
    assert silent_hours(week(days=(1, 2, 3, 4, 5, 6, 8)), now=at(20)) == 0
    # Of a code that is younger than a week nobody knows.
    assert silent_hours(week(days=(1, 2, 3, 4, 5, 6)), now=at(20)) == 11


def test_what_was_never_paid_is_not_silent() -> None:
    assert silent_hours({}, now=at(20)) == 0
