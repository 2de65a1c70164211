"""Which days a statement covers, and which instants are theirs."""

from datetime import date

import pytest
from django.test import override_settings

from payments.statements.periods import Period, PeriodError

TODAY = date(2026, 11, 20)


def read(first: str | None, last: str | None) -> Period:
    return Period.read(first, last, today=TODAY)


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        (None, None, ("2026-11-01", "2026-11-20")),
        ("2026-11-05", None, ("2026-11-05", "2026-11-20")),
        (None, "2026-02-10", ("2026-02-01", "2026-02-10")),
        ("2024-02-29", "2024-02-29", ("2024-02-29", "2024-02-29")),
        ("2024-01-01", "2024-12-31", ("2024-01-01", "2024-12-31")),  # 366 days
        ("2027-01-01", "2027-01-31", ("2027-01-01", "2027-01-31")),  # nothing moved yet
        ("1970-01-01", "1970-01-01", ("1970-01-01", "1970-01-01")),
        ("9000-01-01", "9000-01-01", ("9000-01-01", "9000-01-01")),
    ],
)
def test_days_are_read(first: str | None, last: str | None, days: tuple[str, str]) -> None:
    period = read(first, last)
    assert (str(period.first), str(period.last)) == days
    for zone in ("Asia/Shanghai", "Pacific/Kiritimati", "Pacific/Niue"):
        with override_settings(BUSINESS_TIME_ZONE=zone):
            assert period.begins_at < period.ends_at


@pytest.mark.parametrize(
    ("first", "last", "field", "reason"),
    [
        ("2026-11-02", "2026-11-01", "from", PeriodError.REVERSED),
        ("2026-11-21", None, "from", PeriodError.REVERSED),
        ("2025-01-01", "2026-01-02", "from", PeriodError.TOO_LONG),  # 367 days
        ("1970-01-01", "9000-01-01", "from", PeriodError.TOO_LONG),
        ("0001-01-01", "9999-12-31", "to", PeriodError.NO_DAY),
        ("0001-01-01", "2026-11-01", "from", PeriodError.NO_DAY),
        ("9999-12-31", "9999-12-31", "to", PeriodError.NO_DAY),
        ("12026-01-01", "12026-01-02", "to", PeriodError.NO_DAY),
        ("2026-02-30", None, "from", PeriodError.NO_DAY),
        (None, "2026-13-01", "to", PeriodError.NO_DAY),
        *(
            (text, None, "from", PeriodError.NO_DAY)
            for text in ("", "x", "20261101", "2026-W45-1", "2026-11-1")
        ),
        *(
            (text, None, "from", PeriodError.NO_DAY)
            for text in ("٢٠٢٦-١١-٠١", " 2026-11-01", "2026-11-01T00:00")
        ),
        *(
            (text, None, "from", PeriodError.NO_DAY)
            for text in ("2026-11-01\n", "2026-11-01\0", "-2026-11-01")
        ),
    ],
)
def test_what_is_no_period_is_refused(first: str | None, last: str | None, field: str, reason: str) -> None:
    with pytest.raises(PeriodError) as refused:
        read(first, last)
    assert (refused.value.field, refused.value.reason) == (field, reason)
