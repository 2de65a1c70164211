"""kill -9, at random, of everything that may die; whatever was struck gets up again a moment later."""

import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Protocol

from embedded.server import Server

CALM_S = 0.2, 0.9  # between two strikes
DOWN_S = 0.0, 1.2
AT_ONCE = 1, 1, 1, 2, 2, 3


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
    """Strikes `mortals` until it is told to stop, and leaves all of them running."""

    mortals: Mapping[str, Mortal]
    dice: random.Random
    struck: Counter[str] = field(default_factory=Counter)

    def rage(self, *, until: Event, within_s: float) -> None:
        """Strike until `until` is set; AssertionError when that takes longer than `within_s`."""
        deadline = time.monotonic() + within_s
        while not until.wait(self.dice.uniform(*CALM_S)):
            assert time.monotonic() < deadline, f"not over within {within_s} s, after {self.struck}"
            self._strike()
        self._raise_the_dead()

    def _strike(self) -> None:
        names = self.dice.sample(sorted(self.mortals), self.dice.choice(AT_ONCE))
        for name in names:
            self.mortals[name].kill()
        self.struck.update(names)
        time.sleep(self.dice.uniform(*DOWN_S))
        for name in names:
            self.mortals[name].spawn()

    def _raise_the_dead(self) -> None:
        """Start what ended by itself: the database was there all the time, so nothing should have."""
        fallen = [name for name, mortal in self.mortals.items() if not mortal.running]
        assert not fallen, f"ended by themselves: {fallen}"
