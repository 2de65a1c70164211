"""Keeping what could not be taken in: a bounded ring for a look, and a count."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F

from devices.models import REJECTED_BYTES, REJECTED_SLOTS, GatewayBeat, RejectedMessage


@dataclass(frozen=True, slots=True)
class Stranger:
    """A message that was refused, and why."""

    topic: str
    reason: str
    payload: bytes


def keep(strangers: Sequence[Stranger]) -> int:
    """Store refused messages over the oldest ones; return how many there have been so far.

    The gateway's beat must exist: it counts them.
    """
    with transaction.atomic(savepoint=False):
        beat = GatewayBeat.objects.select_for_update(no_key=True).get(pk=1)
        GatewayBeat.objects.filter(pk=1).update(rejected=F("rejected") + len(strangers))
        newest = strangers[-REJECTED_SLOTS:]
        first = beat.rejected + len(strangers) - len(newest)
        RejectedMessage.objects.bulk_create(
            [_row(first + place, stranger) for place, stranger in enumerate(newest)],
            update_conflicts=True,
            unique_fields=["slot"],
            update_fields=["topic", "reason", "payload", "size", "received_at"],
        )
        return beat.rejected + len(strangers)


def _row(number: int, stranger: Stranger) -> RejectedMessage:
    return RejectedMessage(
        slot=number % REJECTED_SLOTS,
        topic=_printable(stranger.topic),
        reason=stranger.reason,
        payload=stranger.payload[:REJECTED_BYTES],
        size=len(stranger.payload),
    )


def _printable(topic: str) -> str:
    """Return a topic that the database can hold: it has no NUL, and a bounded length."""
    return topic.replace("\0", "\N{REPLACEMENT CHARACTER}")[:120]
