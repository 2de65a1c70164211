"""Instants as the wire has them: whole milliseconds since 1970."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


def milliseconds(instant: datetime) -> int:
    """Return whole milliseconds, rounded down: an expiry on the wire is never later than the stored one."""
    return (instant - _EPOCH) // _MS


def milliseconds_up(instant: datetime) -> int:
    """Return whole milliseconds, rounded up: a machine's clock set by it is never behind."""
    return -((_EPOCH - instant) // _MS)
