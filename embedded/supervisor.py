"""Keeps the demo's children running, shows what they print, and stops them in order."""

import os
import selectors
import signal
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import IO

from embedded.children import Child
from embedded.errors import EmbeddedError
from embedded.forking import Nursery

BACK_OFF_S = (0.25, 0.5, 1, 2)  # before the first, second, ... start after a death
WINDOW_S = 60
LAST = "postgres"  # the others still write to it while they stop
STOP_S = 2  # and as long again for PostgreSQL: together well below five seconds


@dataclass(slots=True)
class Patience:
    """How often a child may die: five times within a minute is the end."""

    deaths: deque[float] = field(default_factory=deque)

    def delay_after_death(self, now: float) -> float | None:
        """Seconds until the next start, or None to give up."""
        self.deaths.append(now)
        while self.deaths[0] < now - WINDOW_S:
            self.deaths.popleft()
        return BACK_OFF_S[len(self.deaths) - 1] if len(self.deaths) <= len(BACK_OFF_S) else None


class Supervisor:
    """Watches the children in one thread, asleep until one of them prints or dies."""

    def __init__(
        self, *, say: Callable[[str, str], None], changed: Callable[[Sequence[Child]], None]
    ) -> None:
        """`say(name, line)` shows a line; `changed(children)` hears of every start and stop."""
        self._say = say
        self._changed = changed
        self._children: list[Child] = []
        self._patience: dict[str, Patience] = {}
        self._due: dict[str, float] = {}  # children waiting for their next start
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()

    def spawn(self, child: Child) -> None:
        """Start a child and watch it from now on."""
        self.watch(child)
        child.spawn()
        self._listen(child)
        self._changed(self._children)

    def listen_to(self, nursery: Nursery) -> None:
        """Hear of the deaths of children that are not our own but the nursery's."""

        def hear() -> None:
            nursery.hear_all()
            if not nursery.running:
                self._selector.unregister(descriptor)

        descriptor = nursery.fileno()
        self._selector.register(descriptor, selectors.EVENT_READ, hear)

    def watch(self, child: Child) -> None:
        """Watch a child that somebody else started."""
        self._children.append(child)
        self._patience[child.name] = Patience()
        self._changed(self._children)

    def run(self, *, until: Callable[[], bool] | None = None, pace_s: float = 0.1) -> None:
        """Watch for ever, or until the condition holds, which is asked every `pace_s` seconds.

        Raises:
            EmbeddedError: a child died too often.
        """
        self._wake_on_death()
        while until is None or not until():
            pause = min([due - time.monotonic() for due in self._due.values()], default=None)
            self._pump(pause if until is None else pace_s)
            self._bury()
            self._revive()

    def stop(self) -> None:
        """Stop everything: all but PostgreSQL together, then PostgreSQL."""
        first = [child for child in self._children if child.name != LAST]
        last = [child for child in self._children if child.name == LAST]
        for group in (first, last):
            _stop_together(group)
        self._changed([])
        signal.set_wakeup_fd(-1)
        for opened in (self._selector, self._wake, self._woken):
            opened.close()

    def _wake_on_death(self) -> None:
        for end in (self._wake, self._woken):
            end.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # a handler must exist for the wake-up to be written
        signal.set_wakeup_fd(self._woken.fileno(), warn_on_full_buffer=False)
        with suppress(KeyError):
            self._selector.unregister(self._wake)
        self._selector.register(self._wake, selectors.EVENT_READ, lambda: self._wake.recv(4096))

    def _listen(self, child: Child) -> None:
        if child.process is not None and child.process.stdout is not None:
            pipe = child.process.stdout
            self._selector.register(pipe, selectors.EVENT_READ, partial(self._hear, pipe, child))

    def _pump(self, pause: float | None) -> None:
        for key, _ in self._selector.select(pause if pause is None else max(pause, 0)):
            key.data()

    def _hear(self, pipe: IO[bytes], child: Child) -> None:
        text = os.read(pipe.fileno(), 65536)
        if not text:
            self._selector.unregister(pipe)
            return
        with child.log.open("ab") as log:
            log.write(text)
        for line in text.decode(errors="replace").splitlines():
            self._say(child.name, line)

    def _bury(self) -> None:
        for child in self._children:
            if child.name not in self._due and not child.running:
                self._mourn(child)

    def _mourn(self, child: Child) -> None:
        now = time.monotonic()
        status = child.process.returncode if child.process is not None else None
        if child.process is not None and child.process.stdout is not None:
            with suppress(KeyError):
                self._selector.unregister(child.process.stdout)
        child.kill()  # whatever its group left behind
        delay = self._patience[child.name].delay_after_death(now)
        if delay is None:
            raise EmbeddedError(
                f"{child.name} died five times within a minute, last with status {status}. It said:\n"
                + child.last_words()
            )
        self._say(child.name, f"died (status {status}), starts again in {delay} s")
        self._due[child.name] = now + delay

    def _revive(self) -> None:
        for child in self._children:
            if self._due.get(child.name, float("inf")) <= time.monotonic():
                del self._due[child.name]
                child.spawn()
                self._listen(child)
                self._changed(self._children)


def _stop_together(children: Sequence[Child]) -> None:
    deadline = time.monotonic() + STOP_S
    for child in children:
        if child.running:
            child.signal(child.stop_signal)
    for child in children:
        child.wait(max(deadline - time.monotonic(), 0.01))
        child.kill()
