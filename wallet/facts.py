"""What is known of a run, and where it stands as people understand it. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import ceil
from uuid import UUID

from devices.machines.base import MINUTE_S, Reveal


class State(StrEnum):
    """Where a run stands, as people understand it."""

    STARTING = "starting"
    ANSWERED = "answered"
    RUNNING = "running"
    DONE = "done"
    UNKNOWN = "unknown"
    UNHEARD = "unheard"  # our own link to the machines is down
    REPAID = "repaid"
    STOPPED = "stopped"  # broke off; what ran is paid, the rest is back

    @property
    def is_final(self) -> bool:
        """Will nothing change any more?"""
        return self in {State.DONE, State.REPAID, State.STOPPED}


@dataclass(frozen=True, slots=True)
class Facts:
    """One use of a machine. Amounts in minor units, instants aware, `run` as the contract writes it."""

    amount: int
    captured: int
    released: int
    payee: str
    by_person: bool  # the machine belongs to a person, not to a shop
    type: str
    label: str  # of the type, translated: Washing machine
    number: str
    run: str
    run_id: UUID
    confirmed_at: datetime
    at: datetime | None = None  # when all this was so
    door: str = ""  # the one to walk to, of a machine with doors
    warn_s: int = 0  # so long before its end it is said to end; 0: never
    reveals: Reveal = Reveal.NOTHING
    unlock_code: str = ""  # for the eyes of whoever pays for it or opened it
    settled_at: datetime | None = None
    started_at: datetime | None = None
    ends_at: datetime | None = None
    ended_at: datetime | None = None
    release_at: datetime | None = None
    heard_at: datetime | None = None  # the machine's last word about this run
    failure: str = ""
    has_door: bool = False
    phases: tuple[str, ...] = ()  # those long enough to be watched, translated: Filling, Washing, ...
    phase: str = ""  # the one it is in; a short last one is none of them
    balance: int | None = None  # available now, where it is told
    reachable: bool = True  # False: we cannot hear any machine now

    @property
    def name(self) -> str:
        """The machine inside a sentence: washing machine 07."""
        return f"{self.label[:1].lower()}{self.label[1:]}\N{NO-BREAK SPACE}{self.number}"

    @property
    def is_free(self) -> bool:
        """Was there nothing to pay?"""
        return self.amount == 0

    @property
    def ends_in_min(self) -> int | None:
        """In how many minutes it is done, at least one; None: not soon, or it does not run."""
        if self.run != "started" or not self.warn_s or self.ends_at is None or self.at is None:
            return None
        left_s = (self.ends_at - self.at).total_seconds()
        return max(1, ceil(left_s / MINUTE_S)) if left_s <= self.warn_s else None


_BY_RUN = {
    "accepted": State.ANSWERED,
    "started": State.RUNNING,
    "finished": State.DONE,
    "unknown": State.UNKNOWN,
    "rejected": State.REPAID,
    "expired": State.REPAID,
    "released": State.REPAID,
    "failed": State.REPAID,
    "interrupted": State.REPAID,
}
_UNDECIDED = frozenset({State.STARTING, State.ANSWERED, State.UNKNOWN})


def state_of(facts: Facts) -> State:
    """Decide where a run stands."""
    state = _BY_RUN.get(facts.run, State.STARTING)
    if state in _UNDECIDED and not facts.reachable:
        return State.UNHEARD
    began = facts.started_at is not None if facts.is_free else bool(facts.captured)
    if state is State.REPAID and began:
        return State.STOPPED
    return state
