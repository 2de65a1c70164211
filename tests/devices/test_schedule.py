"""When a command is looked at again and what happens then: tables, no database and no waiting."""

from datetime import UTC, datetime, timedelta

import pytest

from devices.schedule import Clock, Due, Ears, Message, decide_due, next_due
from devices.states import FINAL, OPEN, RunStatus

PAID_AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
CLOCK = Clock(
    paid_at=PAID_AT,
    expires_at=PAID_AT + timedelta(seconds=30),
    release_at=PAID_AT + timedelta(seconds=90),
    ends_by=PAID_AT + timedelta(seconds=1500),
    no_start_s=20,
)
HEARING = Ears(up=True, hearing_s=3600, return_s=30)
DOWN = Ears(up=False, hearing_s=0, return_s=30)
BACK = Ears(up=True, hearing_s=29, return_s=30)


def second(at: float) -> datetime:
    return PAID_AT + timedelta(seconds=at)


def due(status: RunStatus, at: float, *, ears: Ears = HEARING, can_send: bool = True) -> Due:
    return decide_due(status, clock=CLOCK, ears=ears, can_send=can_send, at=second(at))


@pytest.mark.parametrize(
    ("status", "seconds"),
    [
        (RunStatus.SENT, [2, 5, 10, 20, 30]),
        (RunStatus.ACCEPTED, [31, 45, 50]),
        (RunStatus.UNKNOWN, [31, 45, 60, 75, 90]),
        (RunStatus.STARTED, [1500]),
    ],
)
def test_an_unanswered_command_is_looked_at_at_these_seconds(status: RunStatus, seconds: list[float]) -> None:
    at, looked = 0.0, []
    while (instant := next_due(status, clock=CLOCK, at=second(at))) and instant > second(at):
        at = (instant - PAID_AT).total_seconds()
        looked.append(at)
    assert looked == seconds


@pytest.mark.parametrize("status", sorted(FINAL))
def test_nothing_is_due_for_an_ended_run(status: RunStatus) -> None:
    assert next_due(status, clock=CLOCK, at=second(5)) is None


@pytest.mark.parametrize("status", sorted(OPEN))
def test_what_was_slept_through_is_due_at_once(status: RunStatus) -> None:
    late = second(5000)
    instant = next_due(status, clock=CLOCK, at=late)
    assert instant is not None
    assert instant <= late


@pytest.mark.parametrize(
    ("status", "at", "move", "message"),
    [
        (RunStatus.PAID, 0, RunStatus.SENT, Message.START),
        (RunStatus.PAID, 29.9, RunStatus.SENT, Message.START),
        (RunStatus.PAID, 30, RunStatus.EXPIRED, None),
        (RunStatus.SENT, 2, None, Message.START),
        (RunStatus.SENT, 20, None, Message.START),
        (RunStatus.SENT, 30, RunStatus.UNKNOWN, None),
        (RunStatus.SENT, 500, RunStatus.UNKNOWN, None),
        (RunStatus.ACCEPTED, 31, None, Message.QUERY),
        (RunStatus.ACCEPTED, 45, None, Message.QUERY),
        (RunStatus.ACCEPTED, 50, RunStatus.UNKNOWN, None),
        (RunStatus.UNKNOWN, 60, None, Message.QUERY),
        (RunStatus.UNKNOWN, 89.9, None, Message.QUERY),
        (RunStatus.UNKNOWN, 90, RunStatus.RELEASED, None),
        (RunStatus.STARTED, 1499, None, Message.QUERY),
        (RunStatus.STARTED, 1500, RunStatus.FINISHED, None),
    ],
)
def test_what_a_due_command_calls_for(
    status: RunStatus, at: float, move: RunStatus | None, message: Message | None
) -> None:
    called = due(status, at)

    assert (called.move, called.message) == (move, message)
    assert called.move is not None or called.due_at is not None


def test_an_accepted_start_is_not_sent_again() -> None:
    assert due(RunStatus.ACCEPTED, 10).message is None


def test_a_paid_run_waits_while_nothing_can_be_sent_and_then_expires() -> None:
    assert due(RunStatus.PAID, 3, can_send=False) == Due(due_at=second(3.5))
    assert due(RunStatus.PAID, 29.8, can_send=False) == Due(due_at=second(30))
    assert due(RunStatus.PAID, 30, can_send=False).move is RunStatus.EXPIRED


@pytest.mark.parametrize(
    ("ears", "at", "moves"),
    [
        (HEARING, 90, True),
        (DOWN, 90, False),
        (DOWN, 689, False),
        (DOWN, 690, True),
        (BACK, 90, False),
        (BACK, 690, True),
        (Ears(up=True, hearing_s=30, return_s=30), 90, True),
    ],
)
def test_our_own_outage_delays_a_release_by_ten_minutes_at_most(ears: Ears, at: float, moves: bool) -> None:
    called = due(RunStatus.UNKNOWN, at, ears=ears)

    assert called == (Due(move=RunStatus.RELEASED) if moves else Due(due_at=second(at + 1)))


@pytest.mark.parametrize(
    ("ears", "at", "moves"), [(DOWN, 1500, False), (BACK, 1500, False), (DOWN, 2100, True)]
)
def test_our_own_outage_does_not_finish_what_was_perhaps_interrupted(
    ears: Ears, at: float, moves: bool
) -> None:
    assert (due(RunStatus.STARTED, at, ears=ears).move is RunStatus.FINISHED) == moves


def test_a_run_that_is_due_early_is_asked_about_once_and_until_it_can_be() -> None:
    assert due(RunStatus.STARTED, 100) == Due(message=Message.QUERY, due_at=second(1500))
    assert due(RunStatus.STARTED, 100, can_send=False) == Due(due_at=second(105))
    assert due(RunStatus.STARTED, 1499, can_send=False) == Due(due_at=second(1500))


def test_an_expiry_passes_although_we_hear_nothing() -> None:
    assert due(RunStatus.PAID, 30, ears=DOWN).move is RunStatus.EXPIRED
    assert due(RunStatus.SENT, 30, ears=DOWN).move is RunStatus.UNKNOWN


def test_short_times_of_a_test_keep_the_order_of_things() -> None:
    clock = Clock(paid_at=PAID_AT, expires_at=second(1), release_at=second(3), ends_by=None, no_start_s=1)

    assert next_due(RunStatus.SENT, clock=clock, at=second(0)) == second(1)
    assert next_due(RunStatus.UNKNOWN, clock=clock, at=second(1)) == second(2)
    assert next_due(RunStatus.UNKNOWN, clock=clock, at=second(2)) == second(3)
