"""The demo's folder: what it keeps between starts, and the lock that lets only one demo use it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from embedded.errors import EmbeddedError

PROJECT = Path(__file__).resolve().parent.parent
HOME = PROJECT / ".demo"


@contextmanager
def claimed(home: Path) -> Iterator[None]:
    """Hold the folder for this process.

    Raises:
        EmbeddedError: another demo holds it.
    """
    with _opened_lock(home) as lock:
        if not _try_lock(lock.fileno()):
            raise EmbeddedError(
                f"The demo already runs here (process {_holder(home)}); stop it with Ctrl-C first."
            )
        home.chmod(0o700)  # one of an older version was everybody's to read
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _opened_lock(home: Path) -> IO[str]:
    try:
        home.mkdir(mode=0o700, exist_ok=True)
        return (home / "lock").open("a+")
    except PermissionError:
        message = f"{home} belongs to another account: start the demo as that account, or delete the folder."
        raise EmbeddedError(message) from None


def another_demo(home: Path) -> str | None:
    """The process id of the demo that uses this folder, or None."""
    if not (home / "lock").exists():
        return None
    with (home / "lock").open("a+") as lock:
        return None if _try_lock(lock.fileno()) else _holder(home)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(home: Path) -> str:
    return (home / "lock").read_text().strip() or "unknown"
