"""Virtual time: what happens when, in whole milliseconds since the world began. Nothing ever waits."""

import heapq
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

REMEMBERED = 150  # lines of history
BEGINNING = datetime(2027, 3, 1, 9, tzinfo=UTC)


class Agenda:
    """What is going to happen, soonest first; what happens at one instant keeps the order it was noted in."""

    def __init__(self) -> None:
        self.now = 0
        self._entries: list[tuple[int, int, Callable[[], None]]] = []
        self._noted = 0
        self._history: deque[tuple[int, tuple[object, ...]]] = deque(maxlen=REMEMBERED)

    @property
    def instant(self) -> datetime:
        """The server's time, which is the world's."""
        return BEGINNING + timedelta(milliseconds=self.now)

    def at(self, when: int, do: Callable[[], None]) -> None:
        self._noted += 1
        heapq.heappush(self._entries, (max(when, self.now), self._noted, do))

    def after(self, ms: int, do: Callable[[], None]) -> None:
        self.at(self.now + ms, do)

    def run(self, until: int) -> None:
        """Let everything happen that is due by then."""
        while self._entries and self._entries[0][0] <= until:
            self.now, _, do = heapq.heappop(self._entries)
            do()
        self.now = max(self.now, until)

    def note(self, *words: object) -> None:
        """Remember a line for whoever has to find out what happened."""
        self._history.append((self.now, words))

    def history(self) -> str:
        return "\n".join(f"{now / 1000:10.3f}  {' '.join(map(str, words))}" for now, words in self._history)


def since_beginning(instant: datetime) -> int:
    """Milliseconds, rounded up: whoever comes then does not come too early."""
    return -((BEGINNING - instant) // timedelta(milliseconds=1))


class Alarm:
    """One thing that is done again and again; set anew, it goes off at the earlier of the two times."""

    def __init__(self, agenda: Agenda, do: Callable[[], None]) -> None:
        self._agenda, self._do = agenda, do
        self._set_for: int | None = None

    def set(self, when: int) -> None:
        when = max(when, self._agenda.now)
        if self._set_for is None or when < self._set_for:
            self._set_for = when
            self._agenda.at(when, lambda: self._ring(when))

    def _ring(self, when: int) -> None:
        if self._set_for == when:
            self._set_for = None
            self._do()
