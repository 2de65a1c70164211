"""What an event means for a run. Pure: facts in, verdict out; `devices/services/` carries verdicts out."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from devices.machines.base import Machine
from devices.protocol.events import OK, Event, EventName
from devices.states import GIVEN_BACK, NEXT, RunStatus, Trouble


@dataclass(frozen=True, slots=True)
class Facts:
    """What deciding needs to know of a run."""

    status: RunStatus
    price: int  # minor units
    planned_s: int
    earned: int | None  # minor units captured already; None: undecided
    started: bool  # it ran at some time
    assumed: bool  # its end was assumed


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an event or a deadline does to a run: moves, money, and what to note."""

    moves: tuple[RunStatus, ...] = ()
    earned: int | None = None  # minor units to capture now, the rest goes back; None: not decided by this
    gives_back: bool = False  # all the money goes back, because the machine never ran
    failure: str = ""
    left_s: int | None = None
    phase: str = ""
    assumed: bool = False
    trouble: Trouble | None = None
    runs_unpaid: bool = False  # it works, nobody pays for it, and it has not ended

    @property
    def claims(self) -> bool:
        """Does the money start to belong to the machine's owner, as much of it as will be earned?"""
        return RunStatus.STARTED in self.moves

    @property
    def moves_money(self) -> bool:
        return self.claims or self.gives_back or self.earned is not None

    @property
    def changes(self) -> bool:
        return bool(self.moves or self.phase) or self.left_s is not None or self.earned is not None


RAN = frozenset({EventName.STARTED, EventName.PROGRESS, EventName.FINISHED})
NOTHING = Verdict()


def decide(facts: Facts, event: Event, machine: Machine) -> Verdict:
    """Decide what an event about a run means for it."""
    if (
        facts.status is RunStatus.PAID
    ):  # it can only have read what was sent: a database may forget, a machine not
        verdict = decide(replace(facts, status=RunStatus.SENT), event, machine)
        return replace(verdict, moves=(RunStatus.SENT, *verdict.moves)) if verdict.moves else verdict
    if not NEXT[facts.status]:
        return _after_the_end(facts, event)
    decider = _DECIDERS.get(event.ev)
    return decider(facts, event, machine) if decider else NOTHING


def decide_deadline(facts: Facts, to: RunStatus) -> Verdict:
    """Decide what a passed deadline, which moves the run to `to`, means for its money.

    A machine without electronics starts like this, too: showing its code is all there is to it.
    """
    if to is RunStatus.STARTED:
        return Verdict(moves=(to,), earned=facts.price)
    if to is RunStatus.FINISHED:
        return Verdict(moves=(to,), earned=facts.price if facts.earned is None else None, assumed=True)
    return Verdict(moves=(to,), gives_back=to in GIVEN_BACK, failure=_DEADLINE_FAILURES.get(to, ""))


def decide_cleared(facts: Facts, *, left_s: int, machine: Machine) -> Verdict:
    """Decide what it means that an operator ends a started run whose machine does not end it itself."""
    earned = machine.earned(amount=facts.price, dur_s=facts.planned_s, left_s=left_s)
    return Verdict(
        moves=(RunStatus.INTERRUPTED,),
        earned=earned if facts.earned is None else None,
        failure="cleared",
        left_s=left_s,
    )


_DEADLINE_FAILURES = {RunStatus.EXPIRED: "not_sent", RunStatus.RELEASED: "no_answer"}


def _accepted(facts: Facts, event: Event, machine: Machine) -> Verdict:
    return Verdict(moves=(RunStatus.ACCEPTED,)) if RunStatus.ACCEPTED in NEXT[facts.status] else NOTHING


def _rejected(facts: Facts, event: Event, machine: Machine) -> Verdict:
    if RunStatus.REJECTED not in NEXT[facts.status]:
        return NOTHING  # it had accepted: this may be a lost memory speaking, so time decides
    return Verdict(moves=(RunStatus.REJECTED,), gives_back=True, failure=event.code)


def _running(facts: Facts, event: Event, machine: Machine) -> Verdict:
    """Started or in progress."""
    return Verdict(
        moves=_through_start(facts),
        earned=facts.price if facts.earned is None and machine.is_capture_point(event) else None,
        left_s=event.left_s,
        phase=event.phase or "",
    )


def _finished(facts: Facts, event: Event, machine: Machine) -> Verdict:
    return Verdict(
        moves=(*_through_start(facts), RunStatus.FINISHED),
        earned=facts.price if facts.earned is None else None,
    )


def _broken_off(facts: Facts, event: Event, machine: Machine) -> Verdict:
    """Failed or interrupted: what was earned depends on whether the machine physically ran."""
    end = RunStatus(event.ev)
    failure = event.code if event.code != OK else end
    if not event.ran and facts.status is not RunStatus.STARTED:
        return Verdict(moves=(end,), gives_back=True, failure=failure)
    earned = 0  # of a machine that takes back that it ever ran
    if event.ran:
        earned = machine.earned(amount=facts.price, dur_s=facts.planned_s, left_s=event.left_s or 0)
    return Verdict(
        moves=(*_through_start(facts), end),
        earned=earned if facts.earned is None else None,
        failure=failure,
    )


def _after_the_end(facts: Facts, event: Event) -> Verdict:
    ran = event.ev in RAN or bool(event.ran)
    if ran and not facts.started:
        runs_on = event.ev in {EventName.STARTED, EventName.PROGRESS}
        return Verdict(trouble=Trouble.LATE_START, runs_unpaid=runs_on)
    if facts.assumed and event.ran is not None:
        return Verdict(trouble=Trouble.LATE_END)
    return NOTHING


def _through_start(facts: Facts) -> tuple[RunStatus, ...]:
    return () if facts.status is RunStatus.STARTED else (RunStatus.STARTED,)


_DECIDERS: dict[EventName, Callable[[Facts, Event, Machine], Verdict]] = {
    EventName.ACCEPTED: _accepted,
    EventName.REJECTED: _rejected,
    EventName.STARTED: _running,
    EventName.PROGRESS: _running,
    EventName.FINISHED: _finished,
    EventName.FAILED: _broken_off,
    EventName.INTERRUPTED: _broken_off,
}
