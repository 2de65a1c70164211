"""Our end of the nursery: children forked from a process that has loaded the project (see `nursery`)."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Self

from embedded.children import Child
from embedded.errors import EmbeddedError
from embedded.nursery import PACKET

SUPPORTED = sys.platform == "linux"
LOAD_S = 60  # on a slow machine whose Python has not compiled anything yet
ANSWER_S = 10


class Forked:
    """A child of the nursery, with the part of Popen that `Child` uses."""

    def __init__(self, pid: int, home: "Nursery") -> None:
        self.pid = pid
        self.stdout: IO[bytes] | None = None
        self.returncode: int | None = None
        self._home = home

    def poll(self) -> int | None:
        self._home.hear_all()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        deadline = time.monotonic() + (float("inf") if timeout is None else timeout)
        while (status := self.poll()) is None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            self._home.hear(min(left, 1))
        return status

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


class Nursery:
    """Starts Python command lines by forking; they all see the environment the nursery was started with."""

    def __init__(self, *, env: Mapping[str, str], cwd: Path, log: Path, modules: Sequence[str]) -> None:
        argv = [sys.executable, "-m", "embedded.nursery", *modules]
        self._child = Child(name="nursery", argv=argv, env=env, log=log, cwd=cwd)
        self._control: socket.socket | None = None
        self._loaded = False
        self._gone = False
        self._newborn: int | None = None
        self._family: dict[int, Forked] = {}

    @property
    def running(self) -> bool:
        return self._control is not None and not self._gone

    @property
    def pid(self) -> int:
        return self._child.process.pid if self._child.process is not None else 0

    def fileno(self) -> int:
        """For a selector: readable when a child ended."""
        return self._control.fileno() if self._control is not None else -1

    def start(self) -> Self:
        """Begin to load; the first fork waits for the end of that."""
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._child.stdin = theirs.fileno()
            self._child.spawn()
        return self

    def stop(self) -> None:
        """End the nursery, and with it whatever of its children still runs."""
        self._leave()
        self._child.kill()
        if self._control is not None:
            self._control.close()
            self._control = None

    def fork(self, argv: Sequence[str], *, name: str, output: int, orphan_signal: signal.Signals) -> Forked:
        """Start a Python command line that prints to the descriptor `output`.

        Raises:
            EmbeddedError: the project could not be loaded.
        """
        self._await_loaded()
        request = {"name": name, "argv": list(argv), "orphan_signal": orphan_signal}
        if self._control is not None:
            socket.send_fds(self._control, [json.dumps(request).encode()], [output])
        deadline = time.monotonic() + ANSWER_S
        while self._newborn is None and self.running and time.monotonic() < deadline:
            self.hear(ANSWER_S)
        if self._newborn is None:
            raise EmbeddedError(f"{name} could not be started:\n{self._child.last_words()}")
        forked = self._family[self._newborn] = Forked(self._newborn, self)
        self._newborn = None
        return forked

    def hear_all(self) -> None:
        """Take in everything the nursery said."""
        while self.hear(0):
            pass

    def hear(self, within_s: float) -> bool:
        """Take in one message, waiting for it at most `within_s` seconds; False when there was none."""
        if self._control is None or self._gone:
            return False
        if not select.select([self._control], [], [], within_s)[0]:
            return False
        packet = self._control.recv(PACKET)
        if packet:
            self._take_in(**json.loads(packet))
        else:
            self._leave()
        return bool(packet)

    def _take_in(self, born: int | None = None, died: int | None = None, status: int | None = None) -> None:
        self._loaded = True
        if born is not None:
            self._newborn = born
        if died is not None and (child := self._family.pop(died, None)):
            child.returncode = status

    def _await_loaded(self) -> None:
        deadline = time.monotonic() + LOAD_S
        while not self._loaded and self.running and time.monotonic() < deadline:
            self.hear(1)
        if not self._loaded:
            raise EmbeddedError(f"The project could not be loaded:\n{self._child.last_words(40)}")

    def _leave(self) -> None:
        """The nursery is gone; the kernel ends its children. Whoever selects on us may still do so."""
        self._gone = True
        for child in self._family.values():
            child.returncode = -signal.SIGKILL
        self._family.clear()
