"""Set-up codes: who scans one first owns the machine. Only a hash of the token is stored."""

from hashlib import sha256

from devices.errors import UnknownSetupCode
from payments import payloads
from payments.errors import UnknownCode

KIND = "S"  # the letter in its address


def new_token() -> str:
    """Return 128 random bits as 26 digits of Crockford's base32."""
    return payloads.new_token()


def payload_of(token: str) -> str:
    """Return what the set-up code's symbol holds."""
    return payloads.payload_of(token, kind=KIND)


def read(payload: str) -> str:
    """Return the token in what was scanned.

    Raises:
        UnknownSetupCode: it is no set-up code of ours.
    """
    try:
        return payloads.token_at(payload, kind=KIND)
    except UnknownCode:
        raise UnknownSetupCode from None


def hash_of(token: str) -> str:
    """Return what is stored of a token, however it was typed.

    Raises:
        UnknownSetupCode: no token can look like this.
    """
    try:
        return sha256(payloads.fold(token).encode()).hexdigest()
    except UnknownCode:
        raise UnknownSetupCode from None
