"""Things to do later, in the order of their time."""

import heapq
from collections.abc import Callable
from itertools import count

Deed = Callable[[float], None]  # called with the time at which it is done


class Agenda:
    """Deeds of the same time are done in the order in which they were planned."""

    def __init__(self) -> None:
        self._entries: list[tuple[float, int, Deed]] = []
        self._number = count()

    def add(self, at: float, deed: Deed) -> None:
        heapq.heappush(self._entries, (at, next(self._number), deed))

    def clear(self) -> None:
        self._entries.clear()

    def due(self) -> float | None:
        return self._entries[0][0] if self._entries else None

    def take(self, now: float) -> Deed | None:
        """The next deed that is due, once; None if all of them can wait."""
        if self._entries and self._entries[0][0] <= now:
            return heapq.heappop(self._entries)[2]
        return None
