"""Keys of devices, and of the server's own MQTT users: derived, never stored."""

import base64
import hmac
from hashlib import sha256

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
PASSWORD_CHARACTERS = 24
UNLOCK_STEP_S = 600
UNLOCK_DIGITS = 6


def derive_key(master: bytes, device_id: str, version: int) -> bytes:
    """The key of one device (or MQTT user name) in one key version: HKDF-SHA256, 32 bytes."""
    if len(master) < KEY_BYTES:
        raise ValueError(f"The master key has {len(master)} bytes; it needs at least {KEY_BYTES}.")
    info = f"saoma device key|{device_id}|{version}".encode()
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(master)


def mqtt_password(key: bytes) -> str:
    """The broker password that belongs to a key: 24 characters of base64url."""
    return encode_key(hmac.digest(key, b"mqtt", sha256))[:PASSWORD_CHARACTERS]


def unlock_key(key: bytes) -> bytes:
    """What a lock with a keypad and a clock computes its codes from: derived from the device's key."""
    return hmac.digest(key, b"unlock", sha256)


def totp(key: bytes, *, at_s: int, step_s: int = UNLOCK_STEP_S, digits: int = UNLOCK_DIGITS) -> str:
    """The code of an instant: RFC 6238 with HMAC-SHA-256. A lock takes that of the step before, too."""
    digest = hmac.digest(key, (at_s // step_s).to_bytes(8, "big"), sha256)
    at = digest[-1] & 15
    number = int.from_bytes(digest[at : at + 4], "big") & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def encode_key(key: bytes) -> str:
    """Base64url without padding, the form in which keys are shown, typed and kept in files."""
    return base64.urlsafe_b64encode(key).rstrip(b"=").decode()


def decode_key(text: str) -> bytes:
    """The reverse of `encode_key`; padding is accepted. ValueError for anything else than a 32 byte key."""
    try:
        key = base64.b64decode(
            text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True
        )
    except ValueError:
        raise ValueError("A key is written in base64url.") from None
    if len(key) != KEY_BYTES:
        raise ValueError(f"A key has {KEY_BYTES} bytes, this one has {len(key)}.")
    return key
