"""A machine on the network: drives the core with a clock, a store, a line to the broker, four callbacks."""

import os
import time

from .core import FORGET, PUT, SEND, Core

WAIT_MS = 50  # for the broker, before the hardware is asked again
FIRST_RETRY_MS, LAST_RETRY_MS = 500, 30_000
TICKS_WRAP = 2**30  # of MicroPython's ticks_ms


class Client:
    """`hardware` has the callbacks refusal(op, args), start(run_id, op, args), operate(op, args) and poll();
    `store` remembers; `connect(will, now)` opens a line. Call `step` for ever."""

    def __init__(self, *, device_id: str, key: bytes, hardware: "Any", store: "Any", connect: "Any") -> None:
        self._hardware, self._store, self._connect = hardware, store, connect
        boot, records = int.from_bytes(os.urandom(4), "big"), store.records()
        self.core = Core(
            device_id=device_id, key=key, hardware=hardware, random=os.urandom, boot=boot, records=records
        )
        self._line: "Any" = None
        self._now, self._ticks, self._retry_at, self._retry_ms = 0, _ticks(), 0, FIRST_RETRY_MS
        self._events: dict[int, int] = {}  # packet -> number of the event in it

    def step(self) -> None:
        """Do what is due, and wait a moment for the broker. The hardware goes on whatever the line does."""
        now = self._clock()
        for report in self._hardware.poll():
            self._do(self.core.report(report, now), now)
        self._do(self.core.tick(now), now)
        try:
            self._listen(now)
        except OSError:
            self._hang_up(now)

    def close(self) -> None:
        self._hang_up(self._now)
        self._store.close()

    def _listen(self, now: int) -> None:
        if self._line:
            for name, what in self._line.read(now, WAIT_MS):
                self._take(name, what, self._clock())
        elif now >= self._retry_at:
            self._line = self._connect(self.core.connecting(), now)
        else:
            time.sleep(WAIT_MS / 1000)

    def _take(self, name: str, what: "Any", now: int) -> None:
        if name == "confirmed":
            self.core.confirmed(self._events.pop(what, 0))
        elif name == "connected":
            self._retry_ms = FIRST_RETRY_MS
            self._do(self.core.connected(now), now)
        else:
            self._do(self.core.received(name, what, now), now)
        self._do(self.core.tick(now), now)

    def _do(self, actions: list, now: int) -> None:
        """Each action is finished before the next."""
        for kind, *what in actions:
            if kind == SEND:
                self._send(now, *what)
            else:  # these are named like the methods: put, forget, start, operate
                getattr(self._store if kind in (PUT, FORGET) else self._hardware, kind)(*what)

    def _send(self, now: int, topic: str, message: bytes, n: int) -> None:
        """Nothing waits for a line: the core says again what matters."""
        try:
            if self._line:
                self._events[self._line.publish(topic, message, now)] = n
        except OSError:
            self._hang_up(now)

    def _hang_up(self, now: int) -> None:
        """Try again later; the chance in it keeps a street of machines from coming back all at once."""
        line, self._line = self._line, None
        if line:
            line.close()
        self._events.clear()
        self.core.disconnected()
        self._retry_at = now + self._retry_ms // 2 + self._retry_ms * os.urandom(1)[0] // 512
        self._retry_ms = min(2 * self._retry_ms, LAST_RETRY_MS)

    def _clock(self) -> int:
        """Monotonic ms that never wrap, if somebody asks at least once in twelve days."""
        ticks, before = _ticks(), self._ticks
        self._ticks, self._now = ticks, self._now + (ticks - before) % TICKS_WRAP
        return self._now


def _ticks() -> int:
    ticks_ms = getattr(time, "ticks_ms", None)
    return ticks_ms() if ticks_ms else time.monotonic_ns() // 1_000_000
