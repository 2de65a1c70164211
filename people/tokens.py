"""Secrets that prove a session, and what is stored of them."""

import hmac
import secrets
from hashlib import sha256

from django.conf import settings


def new_token() -> str:
    """Return 256 random bits as URL-safe text."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """Return what is stored of a token."""
    return sha256(token.encode()).digest()


def peppered(pin: str) -> str:
    """Return what Argon2id hashes instead of the PIN: a stolen database is worthless without the pepper."""
    return hmac.digest(settings.PIN_PEPPER.encode(), pin.encode(), "sha256").hex()


def session_mac(*, token: str, pin: str) -> bytes:
    """Return what a session remembers of a right PIN: nobody makes it without pepper and raw token."""
    return hmac.digest(settings.PIN_PEPPER.encode() + token.encode(), pin.encode(), "sha256")
