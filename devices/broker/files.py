"""Writing the broker's files so that it never reads half of one, and telling it to read them again."""

import contextlib
import os
import signal
import tempfile
from pathlib import Path

PRIVATE = 0o600


def write(path: Path, text: str) -> None:
    """Replace a file in one step. A file that exists keeps its owner and mode, a new one is private."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        _like(path, Path(name))
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def reload(pid_file: Path) -> bool:
    """Signal the broker to read its files again; False if it is not running."""
    try:
        os.kill(int(pid_file.read_text()), signal.SIGHUP)
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return False  # it reads them when it starts
    return True


def _like(existing: Path, new: Path) -> None:
    try:
        status = existing.stat()
    except FileNotFoundError:
        new.chmod(PRIVATE)
        return
    new.chmod(status.st_mode & 0o777)
    with contextlib.suppress(PermissionError):
        os.chown(new, status.st_uid, status.st_gid)
