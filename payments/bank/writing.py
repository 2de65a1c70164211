"""Putting a payout file where a person takes it from."""

import os
import tempfile
from pathlib import Path

from payments.models import PayoutFile


def place(message_id: str, *, folder: Path) -> Path:
    """Return where a file is written to."""
    return folder / f"{message_id}.xml"


def write(file: PayoutFile, *, folder: Path) -> Path:
    """Write a file's bytes as MESSAGE_ID.xml, readable to us alone; nobody ever sees half of it.

    Raises:
        OSError: the folder is missing, full, or not ours; what was there before is there still.
    """
    target = place(file.message_id, folder=folder)
    handle, name = tempfile.mkstemp(dir=folder, prefix=f".{file.message_id}-")
    half = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(bytes(file.content))
            stream.flush()
            os.fsync(stream.fileno())
        half.replace(target)
    except BaseException:
        half.unlink(missing_ok=True)
        raise
    _sync(folder)
    return target


def _sync(folder: Path) -> None:
    """Make the new name outlive a power cut, too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
