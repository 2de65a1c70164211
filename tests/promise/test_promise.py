"""No machine starts twice or after the release, nobody pays for nothing: in worlds that do their worst.

A world is a seed. SAOMA_PROMISES says how many are played; SAOMA_PROMISE_SEED plays that one alone.
"""

import os
import time
from collections import Counter

import pytest

from tests.promise.judge import Judge
from tests.promise.world import TYPES, World

pytestmark = pytest.mark.timeout(7200)

SEED = int(os.environ.get("SAOMA_PROMISE_SEED", "0"))
PROMISES = 1 if SEED else int(os.environ.get("SAOMA_PROMISES", "800"))


def test_the_promise_is_kept_in_every_world(
    pytestconfig: pytest.Config, capsys: pytest.CaptureFixture[str]
) -> None:
    counted: Counter[str] = Counter()
    began = time.process_time()
    for seed in range(SEED or 1, (SEED or 1) + PROMISES):
        judge = World(seed).play()
        counted += judge.outcomes() + judge.incidents
    with capsys.disabled():
        _tell(pytestconfig, counted, time.process_time() - began)


def _tell(config: pytest.Config, counted: Counter[str], seconds: float) -> None:
    """Report what had to be borne; nothing to be seen where processes share the tests."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter:
        reporter.write_line(f"\n{PROMISES} worlds in {seconds:.0f} s of one core")
        for name, count in sorted(counted.items()):
            reporter.write_line(f"  {count:7} {name}")


def test_a_world_is_its_seed() -> None:
    """Else a failure could not be shown again."""
    first, second = World(7), World(7)
    first.play()
    second.play()

    assert first.agenda.history() == second.agenda.history()


def test_the_worlds_are_worth_playing() -> None:
    """Every type of machine is played, money goes both ways, and somebody has to bear something."""
    played = [World(seed) for seed in range(1, 61)]
    judges: list[Judge] = [world.play() for world in played]
    outcomes = sum((judge.outcomes() for judge in judges), Counter())

    assert {world.machine.slug for world in played} == set(TYPES)
    assert min(outcomes[name] for name in ("paid", "paid in part", "repaid")) > 0
    assert any(judge.incidents for judge in judges)
