"""Times as they are written."""

from datetime import UTC, date, datetime, timedelta

import pytest

from wallet import clocks

NOON_SHANGHAI = datetime(2026, 11, 20, 4, 2, 19, tzinfo=UTC)


def test_times_are_the_deployments() -> None:
    assert clocks.minute(NOON_SHANGHAI) == "12:02"
    assert clocks.second(NOON_SHANGHAI) == "12:02:19"


@pytest.mark.parametrize(
    ("on", "heading"),
    [
        (date(2026, 11, 20), "Today"),
        (date(2026, 11, 19), "Yesterday"),
        (date(2026, 11, 17), "Tuesday 17 November"),
        (date(2025, 11, 17), "17 November 2025"),
    ],
)
def test_a_day_is_headed_as_people_say_it(on: date, heading: str) -> None:
    assert clocks.day(on, today=date(2026, 11, 20)) == heading


@pytest.mark.parametrize(
    ("seconds", "shown"), [(81, "1:21"), (48, "0:48"), (0, "0:00"), (-5, "0:00"), (3723, "1:02:03")]
)
def test_what_is_left_never_goes_below_zero(seconds: int, shown: str) -> None:
    assert clocks.left(NOON_SHANGHAI + timedelta(seconds=seconds), now=NOON_SHANGHAI) == shown
