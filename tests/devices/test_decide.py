"""What events and deadlines mean for a run: tables, no database."""

from dataclasses import replace
from itertools import product
from uuid import UUID

import pytest

from devices.decide import NOTHING, Facts, Verdict, decide, decide_deadline
from devices.machines.base import Machine, find_all
from devices.protocol.events import Event, EventName
from devices.states import AWAITED, FINAL, GIVEN_BACK, NEXT, RunStatus, Trouble, is_legal

RUN = UUID("0193f4a2-9a00-7000-8000-000000000001")
CHAIR = find_all()["chair"]
WASHER = find_all()["washer"]

PAID, SENT, ACCEPTED, UNKNOWN, STARTED = (
    RunStatus.PAID,
    RunStatus.SENT,
    RunStatus.ACCEPTED,
    RunStatus.UNKNOWN,
    RunStatus.STARTED,
)
FINISHED, FAILED, INTERRUPTED = RunStatus.FINISHED, RunStatus.FAILED, RunStatus.INTERRUPTED
REJECTED, EXPIRED, RELEASED = RunStatus.REJECTED, RunStatus.EXPIRED, RunStatus.RELEASED


def facts(status: RunStatus, *, price: int = 1000, earned: int | None = None, assumed: bool = False) -> Facts:
    started = status in {STARTED, FINISHED, INTERRUPTED}
    return Facts(status=status, price=price, planned_s=600, earned=earned, started=started, assumed=assumed)


def event(ev: str, *, code: str = "ok", left_s: int | None = None, ran: bool | None = None) -> Event:
    return Event(id=RUN, boot=1, n=1, ev=EventName(ev), t=0, code=code, left_s=left_s, ran=ran)


ACCEPT, REJECT, START = event("accepted"), event("rejected", code="busy"), event("started", left_s=600)
WASHING, FILLING, DONE = (
    event("progress", code="wash", left_s=500),
    event("progress", code="fill"),
    event("finished"),
)
NO_START = event("failed", code="no_start", ran=False)
BROKE = event("failed", code="fault", ran=True, left_s=150)
STOPPED = event("interrupted", code="stopped", ran=True, left_s=300)
LOST = event("interrupted", ran=False)


@pytest.mark.parametrize(
    ("status", "said", "moves", "earned", "gives_back"),
    [
        (SENT, ACCEPT, (ACCEPTED,), None, False),
        (ACCEPTED, ACCEPT, (), None, False),
        (UNKNOWN, ACCEPT, (), None, False),
        (STARTED, ACCEPT, (), None, False),
        (SENT, REJECT, (REJECTED,), None, True),
        (UNKNOWN, REJECT, (REJECTED,), None, True),
        (ACCEPTED, REJECT, (), None, False),
        (STARTED, REJECT, (), None, False),
        (SENT, START, (STARTED,), None, False),
        (ACCEPTED, START, (STARTED,), None, False),
        (UNKNOWN, START, (STARTED,), None, False),
        (STARTED, START, (), None, False),
        (SENT, DONE, (STARTED, FINISHED), 1000, False),
        (UNKNOWN, DONE, (STARTED, FINISHED), 1000, False),
        (STARTED, DONE, (FINISHED,), 1000, False),
        (SENT, NO_START, (FAILED,), None, True),
        (ACCEPTED, NO_START, (FAILED,), None, True),
        (UNKNOWN, NO_START, (FAILED,), None, True),
        (STARTED, NO_START, (FAILED,), 0, False),
        (SENT, LOST, (INTERRUPTED,), None, True),
        (SENT, BROKE, (STARTED, FAILED), 750, False),
        (ACCEPTED, BROKE, (STARTED, FAILED), 750, False),
        (STARTED, BROKE, (FAILED,), 750, False),
        (UNKNOWN, STOPPED, (STARTED, INTERRUPTED), 500, False),
        (STARTED, STOPPED, (INTERRUPTED,), 500, False),
    ],
)
def test_what_a_chair_says_moves_its_run_and_the_money(
    status: RunStatus, said: Event, moves: tuple[RunStatus, ...], earned: int | None, gives_back: bool
) -> None:
    verdict = decide(facts(status), said, CHAIR)

    assert (verdict.moves, verdict.earned, verdict.gives_back) == (moves, earned, gives_back)
    assert verdict.claims == (STARTED in moves)
    assert verdict.trouble is None


@pytest.mark.parametrize(
    ("status", "said", "moves", "earned"),
    [
        (SENT, START, (STARTED,), None),
        (STARTED, FILLING, (), None),
        (SENT, FILLING, (STARTED,), None),
        (STARTED, WASHING, (), 1000),
        (UNKNOWN, WASHING, (STARTED,), 1000),
        (STARTED, event("progress", code="spin"), (), 1000),
        (STARTED, STOPPED, (INTERRUPTED,), 0),
        (ACCEPTED, STOPPED, (STARTED, INTERRUPTED), 0),
    ],
)
def test_a_washer_earns_when_it_washes_and_not_before(
    status: RunStatus, said: Event, moves: tuple[RunStatus, ...], earned: int | None
) -> None:
    verdict = decide(facts(status), said, WASHER)

    assert (verdict.moves, verdict.earned) == (moves, earned)


@pytest.mark.parametrize("said", [WASHING, DONE, STOPPED, BROKE, NO_START])
def test_what_is_earned_already_is_not_earned_again(said: Event) -> None:
    assert decide(facts(STARTED, earned=1000), said, WASHER).earned is None


@pytest.mark.parametrize(
    ("left_s", "earned"), [(0, 1001), (1, 999), (300, 501), (599, 2), (600, 0), (9999, 0)]
)
def test_the_part_that_ran_is_rounded_half_up_and_stays_within_the_price(left_s: int, earned: int) -> None:
    said = event("interrupted", ran=True, left_s=left_s)

    assert decide(facts(STARTED, price=1001), said, CHAIR).earned == earned


@pytest.mark.parametrize("status", sorted(GIVEN_BACK))
@pytest.mark.parametrize("said", [START, WASHING, DONE, BROKE, STOPPED])
def test_a_sign_of_running_after_the_money_went_back_is_an_incident_and_moves_nothing(
    status: RunStatus, said: Event
) -> None:
    verdict = decide(facts(status), said, CHAIR)

    assert (verdict.trouble, verdict.changes, verdict.moves_money) == (Trouble.LATE_START, False, False)
    assert verdict.runs_unpaid == (said in (START, WASHING))


def test_a_start_after_a_failure_without_running_is_an_incident() -> None:
    assert decide(facts(FAILED), START, CHAIR).trouble == Trouble.LATE_START


@pytest.mark.parametrize("status", sorted(GIVEN_BACK))
@pytest.mark.parametrize("said", [ACCEPT, REJECT, NO_START, LOST])
def test_a_late_answer_that_nothing_ran_changes_nothing(status: RunStatus, said: Event) -> None:
    assert decide(facts(status), said, CHAIR) == NOTHING


def test_an_interruption_of_what_was_assumed_finished_is_an_incident() -> None:
    assert decide(facts(FINISHED, earned=1000, assumed=True), STOPPED, CHAIR) == Verdict(
        trouble=Trouble.LATE_END
    )
    assert decide(facts(FINISHED, earned=1000, assumed=True), DONE, CHAIR) == NOTHING


def test_a_machine_that_answers_has_read_what_was_sent() -> None:
    assert decide(facts(PAID), START, CHAIR).moves == (SENT, STARTED)
    assert decide(facts(PAID), REJECT, CHAIR).moves == (SENT, REJECTED)
    assert decide(facts(PAID), event("fault"), CHAIR) == NOTHING


@pytest.mark.parametrize(
    ("status", "to", "earned", "gives_back"),
    [
        (PAID, EXPIRED, None, True),
        (SENT, UNKNOWN, None, False),
        (ACCEPTED, UNKNOWN, None, False),
        (UNKNOWN, RELEASED, None, True),
        (STARTED, FINISHED, 1000, False),
    ],
)
def test_deadlines_decide_the_money(
    status: RunStatus, to: RunStatus, earned: int | None, gives_back: bool
) -> None:
    verdict = decide_deadline(facts(status), to)

    assert (verdict.moves, verdict.earned, verdict.gives_back) == ((to,), earned, gives_back)
    assert verdict.assumed == (to is FINISHED)


ALL_EVENTS = [ACCEPT, REJECT, START, WASHING, FILLING, DONE, NO_START, BROKE, STOPPED, LOST, event("fault")]


@pytest.mark.parametrize("machine", find_all().values(), ids=lambda machine: machine.slug)
@pytest.mark.parametrize(("state", "said"), list(product([*RunStatus, "earned"], ALL_EVENTS)))
def test_whatever_is_said_in_whatever_state_moves_are_legal_and_money_is_decided_once(
    machine: Machine, state: str, said: Event
) -> None:
    status = STARTED if state == "earned" else RunStatus(state)
    decided = state in {"earned", FINISHED, INTERRUPTED}
    before = facts(status, earned=1000 if decided else None)
    verdict = decide(before, said, machine)

    assert is_legal([status, *verdict.moves])
    decisions = [decided, verdict.gives_back, verdict.earned is not None]
    ends = status in FINAL or (bool(verdict.moves) and verdict.moves[-1] in FINAL)
    assert sum(decisions) == 1 if ends and status not in FINAL else sum(decisions) <= 1
    assert not (verdict.gives_back and verdict.claims)
    if verdict.claims:
        assert status in AWAITED | {PAID}
    if status in FINAL:
        assert verdict == replace(NOTHING, trouble=verdict.trouble, runs_unpaid=verdict.runs_unpaid)


def test_every_open_state_has_a_way_to_an_end() -> None:
    ends = set(FINAL)
    while more := {status for status, targets in NEXT.items() if targets & ends} - ends:
        ends |= more
    assert ends == set(RunStatus)
