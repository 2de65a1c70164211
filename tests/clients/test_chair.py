"""The example: what its four callbacks do with a relay, a current and a clock."""

import pytest

from clients.examples.chair import CHECKPOINT_S, Chair


class Bench:
    """A chair with a relay to look at, a current to set, and a clock to turn."""

    def __init__(self) -> None:
        self.on, self.amperes, self.now = False, 0.0, 1000.0
        self.chair = Chair(self._relay, lambda: self.amperes, lambda: self.now)

    def _relay(self, on: bool) -> None:
        self.on = on

    def run(self, dur_s: int = 600) -> "Bench":
        self.chair.start("r", "start", {"dur_s": dur_s})
        return self

    def working(self, dur_s: int = 600) -> "Bench":
        """A run whose motor turns."""
        self.run(dur_s).amperes = 3.1
        self.chair.poll()
        return self

    def after(self, seconds: float) -> list[object]:
        self.now += seconds
        reports: list[object] = self.chair.poll()
        return reports


def test_a_chair_is_off_when_it_is_switched_on() -> None:
    assert not Bench().on


@pytest.mark.parametrize(
    ("op", "args", "code"),
    [
        ("start", {"dur_s": 600}, ""),
        ("start", {"dur_s": 0}, "args"),
        ("start", {"dur_s": True}, "args"),
        ("start", {"dur_s": "600"}, "args"),
        ("start", {"dur_s": 600, "course": "quick"}, "args"),
        ("start", {}, "args"),
        ("stop", {}, ""),
        ("identify", {}, ""),
        ("announce", {}, "unsupported"),
    ],
)
def test_it_refuses_what_it_cannot_do(op: str, args: dict[str, object], code: str) -> None:
    assert Bench().chair.refusal(op, args) == code


def test_a_relay_is_no_evidence() -> None:
    bench = Bench().run()

    assert bench.on
    assert bench.after(1000) == []


def test_it_starts_when_the_motor_draws_current() -> None:
    bench = Bench().run()
    bench.amperes = 3.1

    assert bench.after(5) == [("started", "r", {"evidence": "current_a:3.1", "left_s": 600})]


def test_checkpoints_count_from_the_evidence() -> None:
    bench = Bench().working()

    assert bench.after(CHECKPOINT_S - 1) == []
    assert bench.after(1) == [("left", "r", {"left_s": 570})]
    assert bench.after(1) == []


def test_it_ends_by_itself() -> None:
    bench = Bench().working(60)

    assert bench.after(60) == [("finished", "r", {})]
    assert not bench.on
    assert bench.after(60) == []


def test_stopped_it_says_what_was_left() -> None:
    bench = Bench().working()
    bench.now += 100
    bench.chair.operate("stop", {"run": "r"})

    assert not bench.on
    assert bench.after(0) == [("interrupted", "r", {"code": "stopped", "left_s": 500})]


def test_a_stop_for_another_run_changes_nothing() -> None:
    bench = Bench().working()

    bench.chair.operate("stop", {"run": "another"})

    assert bench.on
    assert bench.after(1) == []
