"""Is a machine there, and do we hear the machines at all? Pure: instants in, answers out."""

from datetime import datetime, timedelta

from django.conf import settings

from devices.schedule import Ears


def gateway_is_up(beat_at: datetime | None, *, at: datetime) -> bool:
    """Has the gateway given a sign of life recently enough to believe that it hears the machines?"""
    return beat_at is not None and at - beat_at < timedelta(seconds=settings.GATEWAY_SILENT_S)


def ears(beat_at: datetime | None, hearing_since: datetime | None, *, at: datetime) -> Ears:
    """Return how well the gateway hears the machines at the instant `at`."""
    up = gateway_is_up(beat_at, at=at)
    hearing_s = (at - hearing_since).total_seconds() if up and hearing_since else 0.0
    return Ears(up=up, hearing_s=hearing_s, return_s=settings.GATEWAY_RETURN_S)


# What a machine says of itself that makes it worthless to a payer, however well it is connected.
OUT_OF_ORDER = frozenset({"fault", "off"})


def is_online(
    *,
    synced_at: datetime | None,
    gone_at: datetime | None,
    last_seen_at: datetime | None,
    beat_at: datetime | None,
    at: datetime,
    says: str = "",
) -> bool:
    """Would a machine obey a command now? Synced, no last will, heard from lately, and we are listening.

    Args:
        says: its own word for its state; one that says it is out of order would refuse.
    """
    if synced_at is None or gone_at is not None or last_seen_at is None or says in OUT_OF_ORDER:
        return False
    return at - last_seen_at < timedelta(seconds=settings.ONLINE_S) and gateway_is_up(beat_at, at=at)
