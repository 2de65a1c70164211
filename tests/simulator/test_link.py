"""A bad line: each fault on its own, on the word of a seed."""

from typing import Any

import pytest

from simulator.crystal import Crystal
from simulator.faults import Faults
from simulator.link import Link, Message

MANY = 2000
MESSAGES = [Message("cmd", str(n).encode()) for n in range(MANY)]


def carried(seed: str = "7", **faults: Any) -> list[list[tuple[float, Message]]]:
    link = Link(Faults(**faults), seed)
    return [list(link.carry_in(message)) for message in MESSAGES]


def test_a_good_line_carries_each_message_once_and_at_once() -> None:
    assert carried() == [[(0, message)] for message in MESSAGES]


def test_the_same_seed_plays_the_same_faults_again() -> None:
    faults: dict[str, Any] = {"loss": 0.3, "duplicates": 0.2, "delay_s": 2, "replays": 0.1, "reorder": 0.1}

    assert carried(**faults) == carried(**faults)
    assert carried(**faults) != carried(seed="8", **faults)


@pytest.mark.parametrize("chance", [0.1, 0.5])
def test_so_much_is_lost(chance: float) -> None:
    arrived = sum(bool(copies) for copies in carried(loss=chance))

    assert arrived == pytest.approx(MANY * (1 - chance), rel=0.1)


def test_so_much_comes_twice() -> None:
    assert sum(len(copies) == 2 for copies in carried(duplicates=0.3)) == pytest.approx(MANY * 0.3, rel=0.15)


def test_each_message_takes_its_own_time_at_most_the_delay() -> None:
    delays = [delay_s for [(delay_s, _)] in carried(delay_s=3)]

    assert 0 <= min(delays) < 0.1
    assert 2.9 < max(delays) <= 3


def test_some_wait_until_others_have_passed() -> None:
    delays = [delay_s for [(delay_s, _)] in carried(reorder=0.2)]

    assert set(delays) == {0, 0.2}


def test_old_messages_come_again() -> None:
    replayed = [copies[1][1] for copies in carried(replays=0.2) if len(copies) == 2]

    assert len(replayed) == pytest.approx(MANY * 0.2, rel=0.2)
    assert all(message in MESSAGES for message in replayed)


def test_a_half_open_line_carries_nothing() -> None:
    assert carried(half_open=True) == [[] for _ in MESSAGES]


@pytest.mark.parametrize(("drift", "shows_ms"), [(0, 100_000), (0.01, 101_000), (-0.01, 99_000)])
def test_a_crystal_gains_or_loses(drift: float, shows_ms: int) -> None:
    crystal = Crystal(Faults(drift=drift))
    crystal.ms(0)

    assert crystal.ms(100) == shows_ms
    assert crystal.when(shows_ms) == pytest.approx(100)


def test_a_crystal_that_goes_wrong_does_not_jump() -> None:
    faults = Faults()
    crystal = Crystal(faults)
    before = crystal.ms(1000)

    faults.drift = 0.5

    assert crystal.ms(1000) == before
    assert crystal.ms(1002) == before + 3000
