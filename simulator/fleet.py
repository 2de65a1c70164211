"""Many simulated machines in one thread: one selector waits for all their connections and clocks."""

import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Self
from uuid import UUID

from simulator.client import Broker
from simulator.faults import Faults
from simulator.journal import Journal, VolatileJournal
from simulator.player import BOOT_S, Device, Player, Store

IDLE_S = 3600.0
POLL_S = 0.01


class Fleet:
    """Plays devices until stopped: `run` in the caller's thread, or `start` and `stop` around one of its own.

    With `data` every machine keeps its journal in that folder; without, it forgets when the fleet ends.
    `speed` is how fast the machines' own clocks run; the protocol's clocks are always real.
    """

    def __init__(
        self, devices: Iterable[Device], *, mqtt_url: str, data: Path | None = None, speed: float = 1
    ) -> None:
        broker = Broker.at(mqtt_url)
        self._players = {
            device.id: Player(device, broker=broker, store=_store(data, device.id), speed=speed)
            for device in devices
        }
        self._selector = selectors.DefaultSelector()
        self._sockets: dict[Player, socket.socket] = {}
        self._calls: SimpleQueue[Callable[[], None]] = SimpleQueue()  # from other threads
        self._ear, self._bell = socket.socketpair()
        self._selector.register(self._ear, selectors.EVENT_READ)
        self._stopping = False
        self._thread: threading.Thread | None = None

    # For those who play with the fleet, from any thread

    def start(self) -> None:
        self._thread = threading.Thread(target=self.run, name="simulator")
        self._thread.start()

    def stop(self) -> None:
        """End `run`, cutting every connection. May be called from a signal handler, and twice."""
        if not self._stopping:
            self._stopping = True
            self._ring()
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def faults(self, device_id: str) -> Faults:
        """The switches of one machine's faults."""
        return self._players[device_id].faults

    def starts(self, device_id: str) -> list[UUID]:
        """The run of every time this machine's relay moved, oldest first."""
        return list(self._players[device_id].hardware.starts)

    def cut_power(self, device_id: str, for_s: float = BOOT_S) -> None:
        player = self._players[device_id]
        self._calls.put(lambda: player.lose_power(time.monotonic(), for_s))
        self._ring()

    def online(self) -> bool:
        """Has every machine a session?"""
        return all(player.online for player in self._players.values())

    def wait_online(self, within_s: float = 30) -> None:
        """Raises TimeoutError."""
        deadline = time.monotonic() + within_s
        while not self.online():
            if time.monotonic() > deadline:
                raise TimeoutError(f"Not every simulated machine came online within {within_s} s.")
            time.sleep(POLL_S)

    # The thread of the fleet

    def run(self) -> None:
        """Play until `stop`."""
        now = time.monotonic()
        for player in self._players.values():
            player.boot(now)
        try:
            while not self._stopping:
                self._turn()
        finally:
            self._close()

    def _turn(self) -> None:
        self._step()
        self._watch_sockets()
        for key, events in self._selector.select(self._idle_s()):
            if key.data is None:
                self._answer()
            else:
                key.data.transfer(events)

    def _step(self) -> None:
        now = time.monotonic()
        for player in self._players.values():
            due = player.due()
            if due is not None and due <= now:
                player.step(now)

    def _idle_s(self) -> float:
        dues = [due for player in self._players.values() if (due := player.due()) is not None]
        return max(0.0, min(dues, default=IDLE_S) - time.monotonic())

    def _watch_sockets(self) -> None:
        """Let the selector wait for the present sockets; the old ones first, their numbers are used again."""
        for player, watched in list(self._sockets.items()):
            if watched is not player.socket:
                self._selector.unregister(watched)
                del self._sockets[player]
        for player in self._players.values():
            if player.socket is not None:
                self._watch(player, player.socket)

    def _watch(self, player: Player, line: socket.socket) -> None:
        """For writing only while something waits to be written."""
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if player.wants_write else 0)
        if player not in self._sockets:
            self._selector.register(line, events, player)
            self._sockets[player] = line
        elif self._selector.get_key(line).events != events:
            self._selector.modify(line, events, player)

    def _ring(self) -> None:
        with suppress(OSError):  # the fleet ended by itself just before, and nobody has to wake up
            self._bell.send(b"!")

    def _answer(self) -> None:
        self._ear.recv(4096)
        while True:
            try:
                self._calls.get_nowait()()
            except Empty:
                return

    def _close(self) -> None:
        self._stopping = True
        for player in self._players.values():
            player.close()
        self._selector.close()
        self._ear.close()
        self._bell.close()


def _store(data: Path | None, device_id: str) -> Store:
    if data is None:
        return VolatileJournal()
    data.mkdir(parents=True, exist_ok=True)
    return Journal(data / f"{device_id}.journal")
