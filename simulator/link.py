"""A bad line: what happens to messages between a machine and its broker."""

import random
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from simulator.faults import Faults

KEPT = 32  # old messages that may come again
OVERTAKEN_S = 0.2  # how long a message waits to be overtaken


class Message(NamedTuple):
    topic: str
    payload: bytes
    n: int = 0  # the event in it, as the core counts


class Link:
    """Decides, by its own seed, which copies of a message arrive and how much later."""

    def __init__(self, faults: Faults, seed: str | None = None) -> None:
        self._faults = faults
        self._random = random.Random(seed)  # noqa: S311  # no secret; the same seed plays the same faults again
        self._old: deque[Message] = deque(maxlen=KEPT)

    def carry(self, message: Message) -> Iterator[tuple[float, Message]]:
        """The copies that arrive, each with its delay in seconds."""
        faults = self._faults
        if faults.half_open or self._happens(faults.loss):
            return
        for _ in range(2 if self._happens(faults.duplicates) else 1):
            yield self._delay_s(), message

    def carry_in(self, message: Message) -> Iterator[tuple[float, Message]]:
        """As `carry`, to the machine: now and then an old message comes along."""
        self._old.append(message)
        yield from self.carry(message)
        if not self._faults.half_open and self._happens(self._faults.replays):
            yield self._delay_s(), self._random.choice(self._old)

    def old(self, topic: str) -> list[Message]:
        """What came on a topic, oldest first, for whoever plays it again."""
        return [message for message in self._old if message.topic == topic]

    def _happens(self, chance: float) -> bool:
        return chance > 0 and self._random.random() < chance

    def _delay_s(self) -> float:
        late = OVERTAKEN_S if self._happens(self._faults.reorder) else 0.0
        return late + self._random.uniform(0, self._faults.delay_s)
