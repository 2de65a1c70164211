"""kill -9, at random, of everything that may die; whatever was struck gets up again a moment later."""

import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Protocol

from embedded.server import Server

CALM_S = 0.2, 0.8  # between two strikes
DOWN_S = 0.0, 1.0
AT_ONCE = 1, 1, 2  # and one of those who were struck least
OFTEN_ENOUGH = 3


class Mortal(Protocol):
    """What can be killed, and started without waiting for it."""

    @property
    def running(self) -> bool: ...
    def kill(self) -> None: ...
    def spawn(self) -> None: ...


@dataclass(frozen=True)
class Broken:
    """A server of the rig, which keeps its data when it is killed. Starting it does wait: a moment."""

    server: Server

    @property
    def running(self) -> bool:
        return self.server.running

    def kill(self) -> None:
        self.server.kill()

    def spawn(self) -> None:
        self.server.start()


@dataclass
class Storm:
    """Strikes until it is told to stop and each was struck often enough; leaves all of them running."""

    mortals: Mapping[str, Mortal]
    dice: random.Random
    struck: Counter[str] = field(default_factory=Counter)

    def rage(self, *, until: Event, within_s: float) -> None:
        """Strike until `until` is set; AssertionError when that takes longer than `within_s`."""
        deadline = time.monotonic() + within_s
        while not until.is_set() or self._spared():
            assert time.monotonic() < deadline, f"not over within {within_s} s, after {self.struck}"
            time.sleep(self.dice.uniform(*CALM_S))
            self._strike()
        fallen = [name for name, mortal in self.mortals.items() if not mortal.running]
        assert not fallen, f"ended by themselves: {fallen}"

    def _strike(self) -> None:
        names = self.dice.sample(sorted(self.mortals), self.dice.choice(AT_ONCE))
        names += self.dice.sample(self._spared(), min(1, len(self._spared())))
        for name in set(names):
            self.mortals[name].kill()
        self.struck.update(set(names))
        time.sleep(self.dice.uniform(*DOWN_S))
        for name in set(names):
            self.mortals[name].spawn()

    def _spared(self) -> list[str]:
        """Return who was not struck often enough."""
        return [name for name in sorted(self.mortals) if self.struck[name] < OFTEN_ENOUGH]
