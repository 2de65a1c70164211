"""What the bank's word means, and when it is asked again."""

from datetime import UTC, datetime, timedelta

import pytest

from payments.bank import decide
from payments.bank.port import Outcome
from payments.models import Withdrawal
from payments.states import WITHDRAWAL

PAID_AT = datetime(2026, 11, 20, 8, tzinfo=UTC)
CONTRADICTS = None
EXPECTED: dict[str, dict[str, tuple[str, ...] | None]] = {
    "requested": dict.fromkeys(["paid", "failed", "returned", "pending", "unknown"], CONTRADICTS),
    "submitted": {
        "paid": ("paid",),
        "failed": ("failed",),
        "returned": ("paid", "returned"),
        "pending": (),
        "unknown": CONTRADICTS,
    },
    "paid": {
        "paid": (),
        "failed": CONTRADICTS,
        "returned": ("returned",),
        "pending": (),
        "unknown": CONTRADICTS,
    },
    "failed": {
        "paid": CONTRADICTS,
        "failed": (),
        "returned": CONTRADICTS,
        "pending": (),
        "unknown": CONTRADICTS,
    },
    "returned": {"paid": (), "failed": CONTRADICTS, "returned": (), "pending": (), "unknown": CONTRADICTS},
}


@pytest.mark.parametrize("status", Withdrawal.Status.values)
@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_word_of_the_bank_in_every_state(status: str, outcome: Outcome) -> None:
    moves = decide.moves(status, outcome)

    assert moves == EXPECTED[status][outcome.value]
    for source, target in zip((status, *(moves or ())), moves or (), strict=False):
        assert target in WITHDRAWAL[source]


@pytest.mark.parametrize("outcome", list(Outcome))
def test_what_the_bank_never_got_it_decides_nothing_about(outcome: Outcome) -> None:
    assert decide.moves("requested", outcome) is CONTRADICTS


def test_what_was_paid_is_looked_at_five_times_within_a_day() -> None:
    at, looks = PAID_AT, []
    while (look := decide.next_look(paid_at=PAID_AT, at=at)) is not None:
        looks.append((look - PAID_AT).total_seconds())
        at = look

    assert looks == [1, 10, 60, 3600, 86_400]


def test_a_late_look_skips_those_it_missed() -> None:
    late = PAID_AT + timedelta(minutes=30)

    assert decide.next_look(paid_at=PAID_AT, at=late) == PAID_AT + timedelta(hours=1)


@pytest.mark.parametrize(("tries", "wait_s"), [(1, 1), (2, 2), (5, 16), (9, 256), (10, 300), (10_000, 300)])
def test_silence_is_waited_for_longer_each_time_but_never_given_up(tries: int, wait_s: int) -> None:
    assert decide.back_off(tries).total_seconds() == wait_s
