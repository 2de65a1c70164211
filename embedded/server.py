"""What the three embedded servers have in common."""

import time
from abc import ABC, abstractmethod
from pathlib import Path

from embedded.children import Child
from embedded.errors import EmbeddedError

POLL_S = 0.01


class Server(ABC):
    """A real server as a child on a loopback port.

    `stop()` or `kill()` and then `start()` give the same port, the same password and the data of before,
    which is what the fault tests play with.
    """

    name: str

    def __init__(self, *, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.child: Child | None = None

    @property
    def running(self) -> bool:
        return self.child is not None and self.child.running

    @abstractmethod
    def prepare(self) -> Child:
        """Write what the server reads (data folder, configuration) and say how to run it."""

    @abstractmethod
    def ready(self) -> bool:
        """Whether the server takes work now."""

    def start(self, within_s: float = 30) -> None:
        """Run the server and return when it takes work.

        Raises:
            EmbeddedError: it ended or said nothing within `within_s` seconds.
        """
        self.child = self.prepare()
        self.child.spawn()
        self.await_ready(within_s)

    def await_ready(self, within_s: float) -> None:
        """Wait until the spawned server takes work; raises EmbeddedError as `start` does."""
        deadline = time.monotonic() + within_s
        while not self.ready():
            if not self.running:
                raise EmbeddedError(f"{self.name} ended while starting. It said:\n{self._last_words()}")
            if time.monotonic() > deadline:
                self.kill()
                raise EmbeddedError(
                    f"{self.name} gave no answer within {within_s:.0f} s:\n{self._last_words()}"
                )
            time.sleep(POLL_S)

    def stop(self, within_s: float = 5) -> None:
        """Stop in the server's own orderly way; killed when that takes longer than `within_s` seconds."""
        if self.child is not None:
            self.child.stop(within_s)

    def kill(self) -> None:
        """End the server as a crash would."""
        if self.child is not None:
            self.child.kill()

    def _last_words(self) -> str:
        return self.child.last_words() if self.child is not None else ""
