"""Collecting static files takes seconds: whether the last time still holds."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

from embedded.home import PROJECT

STAMP = ".collected-from"


def collect_if_changed(root: Path, collect: Callable[[], object]) -> None:
    """Call `collect`, which fills `root`, unless it did so from the very same files and packages."""
    stamp = root / STAMP
    now = fingerprint()
    if stamp.exists() and stamp.read_text() == now:
        return
    stamp.unlink(missing_ok=True)
    collect()
    stamp.write_text(now)


def fingerprint() -> str:
    """Names the state of our own static files, of the settings, and of the packages that bring more."""
    digest = hashlib.sha256()
    for file in _sources():
        seen = file.stat()
        digest.update(f"{file} {seen.st_size} {seen.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    yield PROJECT / "uv.lock"
    yield PROJECT / "config" / "settings.py"
    for folder in sorted(PROJECT.glob("*/static")):
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file())
