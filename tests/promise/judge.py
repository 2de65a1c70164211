"""Whoever sees everything: relays as they move, machines at work, money as it moves. It judges, and counts.

It knows neither what the server believes nor what the machine remembers, and neither of them ever asks it.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID


class Broken(AssertionError):
    """The promise was broken; `rule` names how."""

    def __init__(self, rule: str, detail: str) -> None:
        super().__init__(f"{rule}: {detail}")
        self.rule = rule


DOUBLE_START = "a machine started twice for one payment"
START_UNPAID = "a machine started for nothing that was paid"
START_AFTER_RELEASE = "a machine started after the money went back"
PAID_AND_NOTHING = "paid, and nothing for it"
NEVER_DECIDED = "paid, and neither served nor repaid"
PAID_FOR_MORE = "paid for more than it ran"
MONEY_NOT_CONSERVED = "money was made or lost"

ROUNDED_MS = 1_000  # what is left of a run is told in whole seconds

# Not forbidden: two generals cannot agree for ever, so somebody bears the rest, and it is counted.
RAN_FOR_FREE = "borne by the merchant: ran to its end, released unheard"
RAN_A_PART = "borne by the merchant: ran in part, released unheard"
BORNE_BY_THE_MERCHANT = (RAN_FOR_FREE, RAN_A_PART)
PAID_WHOLE = "borne by the payer: broke off unheard, paid as a whole"


@dataclass
class Case:
    """One payment, from its confirmation on. Instants in ms since the world began, amounts in minor units."""

    price: int
    planned_s: int
    paid_at: int
    moved_at: int | None = None  # the relay
    worked: bool = False  # and something physical followed
    ran_ms: int = 0
    finished: bool = False  # to its planned end
    captured: int = 0
    released: int = 0
    resolved_at: int | None = None
    unheard: bool = False  # released because the machine said nothing in time


@dataclass
class Judge:
    """Raises Broken as soon as the promise is."""

    note: Callable[..., None]
    sells_time: bool  # what is not run is not paid
    cases: dict[UUID, Case] = field(default_factory=dict)
    incidents: Counter[str] = field(default_factory=Counter)

    def paid(self, run_id: UUID, *, price: int, planned_s: int, now: int) -> None:
        self.cases[run_id] = Case(price, planned_s, now)

    def relay_moved(self, run_id: UUID, *, now: int) -> None:
        self.note("relay moved", run_id)
        case = self.cases.get(run_id)
        if case is None:
            raise Broken(START_UNPAID, str(run_id))
        if case.moved_at is not None:
            raise Broken(DOUBLE_START, f"{run_id} at {case.moved_at} and {now}")
        case.moved_at = now
        if case.resolved_at is not None and case.captured == 0:
            raise Broken(START_AFTER_RELEASE, f"{run_id} at {now}, released at {case.resolved_at}")

    def worked(self, run_id: UUID) -> None:
        self.cases[run_id].worked = True

    def ended(self, run_id: UUID, *, ran_ms: int, finished: bool) -> None:
        """It does not work any more, for whatever reason."""
        self.cases[run_id].ran_ms, self.cases[run_id].finished = ran_ms, finished

    def money_moved(
        self, run_id: UUID, *, captured: int, released: int, now: int, unheard: bool = False
    ) -> None:
        """What left escrow, each time something does."""
        self.note("money", run_id, "captured", captured, "released", released)
        case = self.cases[run_id]
        case.captured += captured
        case.released += released
        if case.resolved_at is not None or captured + released != case.price or min(captured, released) < 0:
            raise Broken(MONEY_NOT_CONSERVED, f"{run_id} had {case.price}: {captured} and {released} left")
        case.resolved_at, case.unheard = now, unheard
        if captured and not case.worked:
            raise Broken(PAID_AND_NOTHING, f"{run_id}: {captured} captured at {now}, it never worked")

    def incident(self, kind: str) -> None:
        """What the service itself reported to a person."""
        self.incidents[f"reported: {kind}"] += 1

    def close(self) -> None:
        """The end of time: nothing may be undecided. What somebody has to bear all the same is counted."""
        for run_id, case in self.cases.items():
            if case.resolved_at is None:
                raise Broken(NEVER_DECIDED, f"{run_id}, paid at {case.paid_at}")
            if self._paid_for_more(case):
                raise Broken(
                    PAID_FOR_MORE, f"{run_id}: {case.captured} of {case.price}, ran {case.ran_ms} ms"
                )
            self.incidents.update(self._borne(case))

    def _paid_for_more(self, case: Case) -> bool:
        """Of what is sold by time and was broken off; paid as a whole is another matter, see below."""
        fair = case.price * (case.ran_ms + ROUNDED_MS) / (1000 * case.planned_s) + 1
        return self.sells_time and case.captured < case.price and case.captured > fair

    def _borne(self, case: Case) -> list[str]:
        if case.worked and case.unheard:
            return [RAN_FOR_FREE if case.finished else RAN_A_PART]
        if self.sells_time and case.captured == case.price and not case.finished:
            return [PAID_WHOLE]
        return []

    def outcomes(self) -> Counter[str]:
        """How the payments ended."""
        return Counter(_outcome(case) for case in self.cases.values())


def _outcome(case: Case) -> str:
    if case.captured == case.price:
        return "paid"
    return "paid in part" if case.captured else "repaid"
