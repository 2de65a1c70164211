"""What a demo that was killed left running, and how the next one ends it.

The pid file names every child together with the moment it started, so that a process that merely got the
same number is never touched. On Linux each child also carries a mark in its environment, which finds
grandchildren.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from embedded.children import Child, kill_group

MARK = "SAOMA_DEMO_HOME"
PROC = Path("/proc")
GRACE_S = 3  # for PostgreSQL to close its files before it is killed


class PidFile:
    """One line per child: process id, start time, name."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def write(self, children: Iterable[Child]) -> None:
        """Remember the children that run now."""
        running = [(child.process.pid, child.name) for child in children if child.process is not None]
        self.file.write_text("".join(f"{pid}\t{started_at(pid)}\t{name}\n" for pid, name in running))

    def end_strays(self, mark: str) -> list[str]:
        """End what an earlier demo left behind; return the names of what was found."""
        strays = list(self._alive())
        for pid, name in strays:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGINT if name == "postgres" else signal.SIGTERM)
        _await_end([pid for pid, _ in strays], GRACE_S)
        marked = list(_marked(mark))
        for pid in [*(pid for pid, _ in self._alive()), *marked]:
            _kill_group(pid)
        self.file.unlink(missing_ok=True)
        return [name for _, name in strays] or [f"process {pid}" for pid in marked]

    def _alive(self) -> Iterator[tuple[int, str]]:
        lines = self.file.read_text().splitlines() if self.file.exists() else []
        for line in lines:
            pid, started, name = line.split("\t")
            if started_at(int(pid)) == started:
                yield int(pid), name


def started_at(pid: int) -> str:
    """When this process started, in words of the operating system; empty when there is none."""
    if PROC.joinpath("self").exists():
        return _started_by_proc(pid)
    command = ["/bin/ps", "-o", "lstart=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _started_by_proc(pid: int) -> str:
    try:
        state, *fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if state == "Z" else fields[18]  # start time in ticks since the machine started


def _marked(mark: str) -> Iterator[int]:
    """Processes that carry our mark in their environment (Linux)."""
    wanted = f"{MARK}={mark}".encode()
    for entry in PROC.glob("[0-9]*"):
        with suppress(OSError):
            if wanted in (entry / "environ").read_bytes().split(b"\0") and int(entry.name) != os.getpid():
                yield int(entry.name)


def _await_end(pids: list[int], within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while any(started_at(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)


def _kill_group(pid: int) -> None:
    with suppress(ProcessLookupError):
        kill_group(os.getpgid(pid))
