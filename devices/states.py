"""Which moves are legal. Every move in the app is a compare-and-set that reads these tables."""

from collections.abc import Sequence
from itertools import pairwise

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class RunStatus(TextChoices):
    """How far one paid use of a machine got."""

    PAID = "paid", _("paid")  # no command has left yet
    SENT = "sent", _("sent")
    ACCEPTED = "accepted", _("accepted")
    UNKNOWN = "unknown", _("unknown")  # expired without a verdict: perhaps it started
    STARTED = "started", _("started")
    FINISHED = "finished", _("finished")
    FAILED = "failed", _("failed")
    INTERRUPTED = "interrupted", _("interrupted")
    REJECTED = "rejected", _("rejected")
    EXPIRED = "expired", _("expired")  # nothing ever left
    RELEASED = "released", _("released")  # unknown until the grace ended


class CommandStatus(TextChoices):
    """How far one message that must get a verdict got. For a start, the run tells the rest."""

    PENDING = "pending", _("pending")
    SENT = "sent", _("sent")
    DONE = "done", _("done")
    REJECTED = "rejected", _("rejected")
    EXPIRED = "expired", _("expired")


class Trouble(TextChoices):
    """What money cannot repair by itself: a person must look at it."""

    LATE_START = "late_start", _("started after the money went back")
    LATE_END = "late_end", _("ended otherwise than assumed")
    HOLD_REFUSED = "hold_refused", _("the money had been decided elsewhere")


# PAID -> STARTED is for types without electronics. A later event implies the earlier ones, so SENT may skip
# ACCEPTED; an end always passes through STARTED when the machine ran.
NEXT: dict[RunStatus, frozenset[RunStatus]] = {
    RunStatus.PAID: frozenset({RunStatus.SENT, RunStatus.STARTED, RunStatus.EXPIRED}),
    RunStatus.SENT: frozenset(
        {
            RunStatus.ACCEPTED,
            RunStatus.STARTED,
            RunStatus.REJECTED,
            RunStatus.FAILED,
            RunStatus.INTERRUPTED,
            RunStatus.UNKNOWN,
        }
    ),
    RunStatus.ACCEPTED: frozenset(
        {RunStatus.STARTED, RunStatus.FAILED, RunStatus.INTERRUPTED, RunStatus.UNKNOWN}
    ),
    RunStatus.UNKNOWN: frozenset(
        {
            RunStatus.STARTED,
            RunStatus.REJECTED,
            RunStatus.FAILED,
            RunStatus.INTERRUPTED,
            RunStatus.RELEASED,
        }
    ),
    RunStatus.STARTED: frozenset({RunStatus.FINISHED, RunStatus.FAILED, RunStatus.INTERRUPTED}),
    RunStatus.FINISHED: frozenset(),
    RunStatus.FAILED: frozenset(),
    RunStatus.INTERRUPTED: frozenset(),
    RunStatus.REJECTED: frozenset(),
    RunStatus.EXPIRED: frozenset(),
    RunStatus.RELEASED: frozenset(),
}

COMMAND_NEXT: dict[CommandStatus, frozenset[CommandStatus]] = {
    CommandStatus.PENDING: frozenset({CommandStatus.SENT, CommandStatus.EXPIRED}),
    CommandStatus.SENT: frozenset({CommandStatus.DONE, CommandStatus.REJECTED, CommandStatus.EXPIRED}),
    CommandStatus.DONE: frozenset(),
    CommandStatus.REJECTED: frozenset(),
    CommandStatus.EXPIRED: frozenset(),
}

FINAL = frozenset(status for status, targets in NEXT.items() if not targets)
OPEN = frozenset(RunStatus) - FINAL
AWAITED = frozenset({RunStatus.SENT, RunStatus.ACCEPTED, RunStatus.UNKNOWN})  # a command left, no end known
# The money went back without the machine having been seen to run. A start reported afterwards is an incident.
GIVEN_BACK = frozenset({RunStatus.REJECTED, RunStatus.EXPIRED, RunStatus.RELEASED})

COMMAND_FINAL = frozenset(status for status, targets in COMMAND_NEXT.items() if not targets)
COMMAND_OPEN = frozenset(CommandStatus) - COMMAND_FINAL


def is_legal(path: Sequence[RunStatus]) -> bool:
    """Does each state of `path` follow the one before it?"""
    return all(later in NEXT[earlier] for earlier, later in pairwise(path))
