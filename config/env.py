"""Typed readers of the environment. Only `config/settings.py` uses them."""

import os
from base64 import urlsafe_b64decode
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str | None = None) -> str:
    """Return a variable; without a default it must be set.

    Raises:
        ImproperlyConfigured: the variable is missing or empty.
    """
    value = os.environ.get(name) or default
    if value is None:
        raise ImproperlyConfigured(f"Set {name} in the environment; docs/operations.md lists what it means.")
    return value


def flag(name: str) -> bool:
    """Return True for 1, true, yes or on; False for 0, false, no, off or nothing."""
    value = os.environ.get(name, "").lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"", "0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}.")


def number(name: str, default: float) -> float:
    """Return a variable that must be a number."""
    value = os.environ.get(name)
    try:
        return float(value) if value else default
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a number, not {value!r}.") from error


def words(name: str, default: str) -> list[str]:
    """Return a comma-separated variable as a list without empty entries."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def is_public(url: str) -> bool:
    """Return whether an address is on the internet: not this machine, a private network, or a bare name."""
    host = urlsplit(url).hostname or ""
    try:
        address = ip_address(host)
    except ValueError:
        return "." in host
    return (getattr(address, "ipv4_mapped", None) or address).is_global


def key(name: str, *, size: int) -> bytes:
    """Return a secret of exactly `size` bytes, written as base64url without padding."""
    value = text(name)
    try:
        raw = urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be base64url.") from error
    if len(raw) != size:
        raise ImproperlyConfigured(f"{name} must hold {size} bytes, not {len(raw)}.")
    return raw


def database(name: str) -> dict[str, object]:
    """Return Django's connection settings for a postgres:// address."""
    parts = urlsplit(text(name))
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(
            f"{name} must start with postgres://: Saoma runs on PostgreSQL 15 or newer."
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": parts.hostname or "",
        "PORT": parts.port or 5432,
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
    }
