"""When somebody must look at a command again, and what is to be done then. Pure: the clock is an argument.

The seconds that a deployment may set (expiry, grace, no start) are in the rows already or come with `Clock`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from devices.states import FINAL, RunStatus

RESEND_S = (
    2,
    5,
    10,
    20,
)  # after the payment, while nothing was heard: a cheap module misses a message now and then
QUERY_S = (1, 15, 30, 45)  # after the expiry: 31, 45, 60 and 75 s after the payment by default
RETRY_S = 0.5  # a command that could not leave is looked at again within the next second's sweep
RECHECK_S = 1.0  # while our own outage forbids to decide
ASK_AGAIN_S = 5.0  # while a machine that came back with a run cannot be asked about it
LONGEST_PATIENCE_S = 600  # our own outage delays a release by ten minutes at most


class Message(StrEnum):
    """What to send."""

    START = "start"
    QUERY = "query"


@dataclass(frozen=True, slots=True)
class Clock:
    """The instants that decide about one run, all by the database clock."""

    paid_at: datetime
    expires_at: datetime
    release_at: datetime
    ends_by: datetime | None
    no_start_s: float  # an accepted start shows evidence within this time after the expiry


@dataclass(frozen=True, slots=True)
class Ears:
    """How well the gateway hears the machines, at the instant of the decision."""

    up: bool  # its beat is fresh
    hearing_s: float  # for how long without a gap; 0 while it is down
    return_s: float  # how long after an outage it must have listened before silence means anything

    @property
    def silence_counts(self) -> bool:
        return self.up and self.hearing_s >= self.return_s


DEAF = Ears(up=False, hearing_s=0.0, return_s=0.0)  # for who did not ask: gives nothing up


ALONE = Ears(up=True, hearing_s=0.0, return_s=0.0)  # for a machine that never speaks: its silence is no news


@dataclass(frozen=True, slots=True)
class Due:
    """What a due command calls for: a move, a message, and when to look again."""

    move: RunStatus | None = None
    message: Message | None = None
    due_at: datetime | None = None  # when to look again, where nothing moves; a move brings its own


def decide_due(status: RunStatus, *, clock: Clock, ears: Ears, can_send: bool, at: datetime) -> Due:
    """Decide what a run's due start command calls for at the instant `at`."""
    return _DECIDERS[status](clock, ears, can_send, at)


def decide_due_alone(status: RunStatus, *, clock: Clock, at: datetime) -> Due:
    """As `decide_due`, for a machine without electronics: it starts when somebody looks, and ends by time."""
    if status is RunStatus.PAID and at < clock.expires_at:
        return Due(move=RunStatus.STARTED)
    return decide_due(status, clock=clock, ears=ALONE, can_send=False, at=at)


def next_due(status: RunStatus, *, clock: Clock, at: datetime) -> datetime | None:
    """Return when a run that just got into `status` needs attention again; None when it is final."""
    if status in FINAL:
        return None
    if status is RunStatus.PAID:
        return at
    if status is RunStatus.STARTED:
        return clock.ends_by
    # What was slept through is due at once, never forgotten.
    return min((one for one in _instants(status, clock) if one > at), default=at)


def _paid(clock: Clock, ears: Ears, can_send: bool, at: datetime) -> Due:
    if at >= clock.expires_at:
        return Due(move=RunStatus.EXPIRED)
    if not can_send:
        return Due(due_at=min(at + timedelta(seconds=RETRY_S), clock.expires_at))
    return Due(move=RunStatus.SENT, message=Message.START)


def _sent(clock: Clock, ears: Ears, can_send: bool, at: datetime) -> Due:
    if at >= clock.expires_at:
        return Due(move=RunStatus.UNKNOWN)
    return Due(message=Message.START, due_at=next_due(RunStatus.SENT, clock=clock, at=at))


def _accepted(clock: Clock, ears: Ears, can_send: bool, at: datetime) -> Due:
    if at >= clock.expires_at + timedelta(seconds=clock.no_start_s):
        return Due(move=RunStatus.UNKNOWN)
    message = Message.QUERY if at >= clock.expires_at else None
    return Due(message=message, due_at=next_due(RunStatus.ACCEPTED, clock=clock, at=at))


def _unknown(clock: Clock, ears: Ears, can_send: bool, at: datetime) -> Due:
    if at < clock.release_at:
        return Due(message=Message.QUERY, due_at=next_due(RunStatus.UNKNOWN, clock=clock, at=at))
    if _may_give_up(clock.release_at, ears, at):
        return Due(move=RunStatus.RELEASED)
    return Due(due_at=at + timedelta(seconds=RECHECK_S))


def _started(clock: Clock, ears: Ears, can_send: bool, at: datetime) -> Due:
    if clock.ends_by is None:
        return Due()
    if at < clock.ends_by:
        # Due early only because the machine has a new session. It may have ended the run in the one before,
        # and a power cut or a broker's crash have taken the news along: ask, and it says everything again.
        if can_send:
            return Due(message=Message.QUERY, due_at=clock.ends_by)
        return Due(due_at=min(at + timedelta(seconds=ASK_AGAIN_S), clock.ends_by))
    if _may_give_up(clock.ends_by, ears, at):
        return Due(move=RunStatus.FINISHED)
    return Due(due_at=at + timedelta(seconds=RECHECK_S))


_DECIDERS = {
    RunStatus.PAID: _paid,
    RunStatus.SENT: _sent,
    RunStatus.ACCEPTED: _accepted,
    RunStatus.UNKNOWN: _unknown,
    RunStatus.STARTED: _started,
}


def _may_give_up(deadline: datetime, ears: Ears, at: datetime) -> bool:
    """Is the machine's silence past `deadline` its own, and not ours?"""
    return ears.silence_counts or at >= deadline + timedelta(seconds=LONGEST_PATIENCE_S)


def _instants(status: RunStatus, clock: Clock) -> list[datetime]:
    """Return the instants at which a run in `status` needs something."""
    resends = [clock.paid_at + timedelta(seconds=second) for second in RESEND_S]
    queries = [clock.expires_at + timedelta(seconds=second) for second in QUERY_S]
    no_start = clock.expires_at + timedelta(seconds=clock.no_start_s)
    return {
        RunStatus.SENT: [*(one for one in resends if one < clock.expires_at), clock.expires_at],
        RunStatus.ACCEPTED: [*(one for one in queries if one < no_start), no_start],
        RunStatus.UNKNOWN: [*(one for one in queries if one < clock.release_at), clock.release_at],
    }[status]
