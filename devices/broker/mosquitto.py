"""The password and ACL files of Mosquitto. docs/operations.md shows the listeners they are made for."""

import secrets
from base64 import b64encode
from functools import lru_cache
from hashlib import pbkdf2_hmac

from devices.broker.users import Devices, User, own_users, user_of
from devices.keys import CACHED_KEYS
from devices.protocol.topics import FROM_DEVICE, TO_DEVICE

ITERATIONS = 101  # what mosquitto_passwd uses; the passwords are 144 random bits
SALT_BYTES = 12
OWN_NAME = "%u"  # Mosquitto puts the user's name here

PASSWORDS = "passwords"
RIGHTS = "rights"


def render(devices: Devices) -> dict[str, str]:
    """Return the contents of both files, by `PASSWORDS` and `RIGHTS`."""
    users = [*own_users().values(), *(user_of(*device) for device in devices)]
    return {
        PASSWORDS: "".join(
            f"{user.name}:{_hash(user.name, user.key_version, user.password)}\n" for user in users
        ),
        RIGHTS: _rights(),
    }


def _rights() -> str:
    """Machines get theirs by pattern, so that the file does not grow with them."""
    lines = [f"pattern write {topic.of(OWN_NAME)}" for topic in sorted(FROM_DEVICE)]
    lines += [f"pattern read {topic.of(OWN_NAME)}" for topic in sorted(TO_DEVICE)]
    lines += [line for user in own_users().values() for line in _own(user)]
    return "\n".join(lines) + "\n"


def _own(user: User) -> list[str]:
    return [
        "",
        f"user {user.name}",
        *(f"topic write {topic}" for topic in user.publish),
        *(f"topic read {topic}" for topic in user.subscribe),
    ]


@lru_cache(maxsize=CACHED_KEYS)
def _hash(name: str, key_version: int, password: str) -> str:
    salt = secrets.token_bytes(SALT_BYTES)
    digest = pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    return f"$7${ITERATIONS}${b64encode(salt).decode()}${b64encode(digest).decode()}"
