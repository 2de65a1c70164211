"""Where files go that an unprivileged account must reach.

PostgreSQL refuses to run as root. When we are root it runs as `nobody`, who usually cannot read a project
that lies in somebody's home. Then its program and its data live in a folder of their own under /var/tmp. The
permissions of the folders above the project are never touched.
"""

import os
import pwd
import shutil
import stat
import tempfile
from pathlib import Path

from embedded.errors import EmbeddedError

UNPRIVILEGED = "nobody"
NO_ACCOUNT = (
    f"PostgreSQL refuses to run as root, and there is no account `{UNPRIVILEGED}` to run it under. "
    "Start this from an ordinary account."
)


def unprivileged_uid() -> int | None:
    """The account PostgreSQL must run under, or None when our own will do."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(UNPRIVILEGED).pw_uid
    except KeyError:
        raise EmbeddedError(NO_ACCOUNT) from None


def open_to_all(folder: Path) -> bool:
    """Whether any account may walk from the root folder into `folder`."""
    folder = folder.resolve()
    return all(_enterable(place) for place in (folder, *folder.parents))


def make_reachable(link: Path) -> Path:
    """A private folder for `nobody`, remembered as the symbolic link `link` in a place that nobody can reach.

    The folder's name is random, so nobody else can have made it before us. A link whose folder was cleaned
    away gets a new one.
    """
    if link.is_symlink() and link.is_dir():
        return link.resolve()
    link.unlink(missing_ok=True)
    base = Path("/var/tmp")  # noqa: S108 (survives a restart, unlike /tmp; the name below it is random)
    room = Path(tempfile.mkdtemp(prefix="saoma-", dir=base if base.is_dir() else None))
    room.chmod(0o711)
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(room)
    return room


def forget(link: Path) -> None:
    """Delete the folder behind a link that `make_reachable` made."""
    if link.is_symlink():
        shutil.rmtree(link.resolve(), ignore_errors=True)
        link.unlink()


def _enterable(folder: Path) -> bool:
    return folder.is_dir() and bool(folder.stat().st_mode & stat.S_IXOTH)
