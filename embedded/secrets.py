"""The demo's secrets: made once, readable by us alone."""

import os
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path


def _device_master_key() -> str:
    return urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")


MAKERS: dict[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(50),
    "PIN_PEPPER": secrets.token_urlsafe,
    "DEVICE_MASTER_KEY": _device_master_key,
    "POSTGRES_PASSWORD": secrets.token_urlsafe,
    "POSTGRES_SUPERUSER_PASSWORD": secrets.token_urlsafe,
    "REDIS_PASSWORD": secrets.token_urlsafe,
}


def load(file: Path) -> dict[str, str]:
    """The secrets in `file`, one NAME=value a line; what is missing is made and written down first."""
    known = dict(line.split("=", 1) for line in file.read_text().splitlines()) if file.exists() else {}
    missing = {name: make() for name, make in MAKERS.items() if name not in known}
    if missing:
        known |= missing
        _write(file, "".join(f"{name}={value}\n" for name, value in known.items()))
    return known


def _write(file: Path, text: str) -> None:
    fresh = file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
        output.write(text)
    fresh.replace(file)
