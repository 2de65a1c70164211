"""What the bank's word means for a withdrawal. Pure."""

from datetime import datetime, timedelta

from payments.bank.port import Outcome
from payments.models import Withdrawal

_S = Withdrawal.Status
Moves = tuple[Withdrawal.Status, ...]

# Whoever hears of the return first hears that it was paid, too. What is not here contradicts what was known.
_MOVES: dict[tuple[str, Outcome], Moves] = {
    (_S.SUBMITTED, Outcome.PAID): (_S.PAID,),
    (_S.SUBMITTED, Outcome.FAILED): (_S.FAILED,),
    (_S.SUBMITTED, Outcome.RETURNED): (_S.PAID, _S.RETURNED),
    (_S.PAID, Outcome.RETURNED): (_S.RETURNED,),
    (_S.PAID, Outcome.PAID): (),
    (_S.FAILED, Outcome.FAILED): (),
    (_S.RETURNED, Outcome.PAID): (),  # an older message, read again
    (_S.RETURNED, Outcome.RETURNED): (),
}

# A bank takes a payment back within minutes (wrong number) or at the end of its day; later it writes.
_LOOKS_AFTER_PAID_S = (1, 10, 60, 3600, 24 * 3600)
_LONGEST_BACK_OFF_S = 300


def moves(status: str, outcome: Outcome) -> Moves | None:
    """Return which states a withdrawal goes through, none if it stays; None: the bank contradicts itself."""
    if outcome is Outcome.PENDING and status != _S.REQUESTED:
        return ()
    return _MOVES.get((status, outcome))


def next_look(*, paid_at: datetime, at: datetime) -> datetime | None:
    """Return when a paid withdrawal is looked at again for its return; None: not any more."""
    looks = (paid_at + timedelta(seconds=after) for after in _LOOKS_AFTER_PAID_S)
    return next((look for look in looks if look > at), None)


def back_off(tries: int) -> timedelta:
    """Return how long to wait after so many tries without a decision: from one second to five minutes."""
    return timedelta(seconds=min(_LONGEST_BACK_OFF_S, 2 ** min(max(tries - 1, 0), 16)))
