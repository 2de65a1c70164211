"""What is known of a paid run, and where it stands as people understand it. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class State(StrEnum):
    """Where a paid run stands, as people understand it."""

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
    """One payment for a machine. Amounts in minor units, instants aware, `run` as the contract writes it."""

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
    if state is State.REPAID and facts.captured:
        return State.STOPPED
    return state
