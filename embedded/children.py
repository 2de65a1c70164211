"""One child process that never outlives us.

Every child leads its own process group, so that Ctrl-C in the terminal reaches only us and we decide the
order in which things stop. On Linux the kernel signals a child whose parent died; elsewhere the next start
finds it in the pid file (`strays`).
"""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Protocol

PR_SET_PDEATHSIG = 1
# Loaded here, not between fork and exec, where loading a library could meet a lock held by another thread.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class Process(Protocol):
    """A started process: what we use of subprocess.Popen."""

    pid: int
    stdout: IO[bytes] | None

    @property
    def returncode(self) -> int | None: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, number: int, /) -> None: ...


class Forker(Protocol):
    """Something that starts Python command lines quicker than executing them does."""

    @property
    def running(self) -> bool: ...
    def fork(
        self, argv: Sequence[str], *, name: str, output: int, orphan_signal: signal.Signals
    ) -> Process: ...


@dataclass(slots=True, kw_only=True)
class Child:
    """A process we start, watch and stop. Everything it prints goes to `log`, or to a pipe when `piped`."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log: Path
    cwd: Path | None = None
    uid: int | None = None  # run under this account instead of ours
    piped: bool = False
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGKILL  # what the kernel sends it when we die
    stdin: int = subprocess.DEVNULL
    forker: Forker | None = None  # has the same environment and folder as we
    process: Process | None = field(default=None, init=False)
    _leads: bool = field(default=False, init=False)  # a group that we must clear when it ends

    @property
    def running(self) -> bool:
        if self.process is None:
            return False
        if self.process.poll() is None:
            return True
        self._clear_group()
        return False

    def spawn(self) -> None:
        """Start the process without waiting for it to answer."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if not self.piped:
            with self.log.open("ab") as output:
                self.process = self._start(output.fileno())
            return
        ours, theirs = os.pipe()
        try:
            self.process = self._start(theirs)
            self.process.stdout = os.fdopen(ours, "rb", buffering=0)
        finally:
            os.close(theirs)

    def signal(self, number: signal.Signals) -> None:
        """Signal the leader alone: it tells its own children, who may take the signal for something else."""
        if self.process is not None:
            self.process.send_signal(number)

    def wait(self, within_s: float) -> bool:
        """Wait for the leader to end; False when it still runs after `within_s` seconds."""
        if self.process is None:
            return True
        try:
            self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            return False
        self._clear_group()
        return True

    def stop(self, within_s: float = 5) -> None:
        """Ask the process to stop, and kill its group when it has not after `within_s` seconds."""
        if self.running:
            self.signal(self.stop_signal)
            self.wait(within_s)
        self.kill()

    def kill(self) -> None:
        """End the whole group at once, as a crash would."""
        if self.process is None:
            return
        if self.running:
            kill_group(self.process.pid)
            self.wait(5)
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process = None

    def last_words(self, lines: int = 15) -> str:
        """The end of the log, for the message about its death."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def _clear_group(self) -> None:
        """Kill what a dead leader left behind: once and at once, later its number may name somebody else."""
        if self._leads and self.process is not None:
            self._leads = False
            kill_group(self.process.pid)

    def _start(self, output: int) -> Process:
        self._leads = self.forker is None or not self.forker.running  # a forker clears the group itself
        if self.forker is not None and not self._leads:
            return self.forker.fork(
                self.argv, name=self.name, output=output, orphan_signal=self.orphan_signal
            )
        return subprocess.Popen(
            self.argv,
            env=self.env,
            cwd=self.cwd,
            stdin=self.stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
            user=self.uid,
            group=self.uid,
            extra_groups=None if self.uid is None else [],
            preexec_fn=die_with_parent(self.orphan_signal),  # noqa: PLW1509 (one prctl, loaded before the fork)
        )


def kill_group(pid: int) -> None:
    """Kill all processes of the group that `pid` leads or led a moment ago."""
    # None left; macOS answers EPERM for a group of zombies.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """What a child runs before exec so that the kernel signals it when we die (Linux only)."""
    if _LIBC is None:
        return None
    return partial(_set_parent_death_signal, _LIBC, number, os.getpid())


def _set_parent_death_signal(libc: ctypes.CDLL, number: int, parent: int) -> None:
    libc.prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:  # died between fork and prctl: no signal will come
        os._exit(1)
