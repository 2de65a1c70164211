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

from devices.machines.base import find_all
from simulator.agenda import Agenda
from simulator.client import Broker
from simulator.faults import Faults
from simulator.journal import open_store
from simulator.player import BOOT_S, Device, Player

IDLE_S = 3600.0
POLL_S = 0.01


class Fleet:
    """Plays devices until stopped: `run` in the caller's thread, or `start` and `stop` around one of its own.

    With `data` every machine remembers in a folder below it; without, it forgets when the fleet ends.
    `speed` is how fast the machines' own clocks run; the protocol's clocks are always real. The same `seed`
    gives every link the same faults again. Types without electronics are left out.
    """

    def __init__(
        self,
        devices: Iterable[Device],
        *,
        mqtt_url: str,
        data: Path | None = None,
        speed: float = 1,
        seed: int | None = None,
    ) -> None:
        broker, types = Broker.at(mqtt_url), find_all()
        self._players = {
            device.id: Player(
                device,
                broker=broker,
                store=open_store(data, device.id),
                speed=speed,
                seed=None if seed is None else f"{seed} {device.id}",
            )
            for device in devices
            if types[device.type].electronic
        }
        self._selector = selectors.DefaultSelector()
        self._sockets: dict[Player, socket.socket] = {}
        self._calls: SimpleQueue[Callable[[], None]] = SimpleQueue()  # from other threads
        self._ear, self._bell = socket.socketpair()
        self._selector.register(self._ear, selectors.EVENT_READ)
        self._plan, self._began = Agenda(), 0.0  # in seconds since `run` began
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
        return [UUID(run_id) for run_id in self._players[device_id].hardware.starts]

    def cut_power(self, device_id: str, for_s: float = BOOT_S) -> None:
        player = self._players[device_id]
        self._call(lambda: player.lose_power(time.monotonic(), for_s))

    def drop_line(self, device_id: str) -> None:
        """Break the connection; the machine comes back by itself."""
        player = self._players[device_id]
        self._call(lambda: player.line.reconnect(time.monotonic()))

    def replay(self, device_id: str, topic: str) -> None:
        """Play to the machine again what it was told on `cmd` or `sync`."""
        player = self._players[device_id]
        self._call(lambda: player.replay(topic, time.monotonic()))

    def plan(self, at_s: float, deed: Callable[[], None], *, every_s: float = 0) -> None:
        """Do something that many seconds after `run` begins, and then again and again. Before `run`."""

        def do(now: float) -> None:
            deed()
            if every_s:
                self._plan.add(now + every_s, do)

        self._plan.add(at_s, do)

    def wake(self) -> None:
        """Look at the switches now; else a machine notices at its next step, within a few seconds."""
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
        now = self._began = time.monotonic()
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
                key.data.line.transfer(events)

    def _step(self) -> None:
        now = time.monotonic()
        while deed := self._plan.take(now - self._began):
            deed(now - self._began)
        for player in self._players.values():
            due = player.due()
            if due is not None and due <= now:
                player.step(now)

    def _idle_s(self) -> float:
        dues = [due for player in self._players.values() if (due := player.due()) is not None]
        if (planned := self._plan.due()) is not None:
            dues.append(self._began + planned)
        return max(0.0, min(dues, default=time.monotonic() + IDLE_S) - time.monotonic())

    def _watch_sockets(self) -> None:
        """Let the selector wait for the present sockets; the old ones first, their numbers are used again."""
        for player, watched in list(self._sockets.items()):
            if watched is not player.line.socket:
                self._selector.unregister(watched)
                del self._sockets[player]
        for player in self._players.values():
            if (line := player.line.socket) is not None:
                self._watch(player, line)

    def _watch(self, player: Player, line: socket.socket) -> None:
        """For writing only while something waits to be written."""
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if player.line.wants_write else 0)
        if player not in self._sockets:
            self._selector.register(line, events, player)
            self._sockets[player] = line
        elif self._selector.get_key(line).events != events:
            self._selector.modify(line, events, player)

    def _call(self, what: Callable[[], None]) -> None:
        self._calls.put(what)
        self._ring()

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
