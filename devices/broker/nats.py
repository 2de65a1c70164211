"""The users file of a NATS server with an MQTT listener: one whole `authorization` block, to be included."""

import json
from collections.abc import Collection
from functools import lru_cache

import bcrypt

from devices.broker.users import Devices, User, own_users, user_of
from devices.keys import CACHED_KEYS

BCRYPT_COST = (
    4  # the least there is: the passwords are 144 random bits, a slow hash would only slow reconnects
)
MQTT_DELIVERIES = "$MQTT.sub.>"  # how NATS hands QoS 1 messages to an MQTT subscriber


def render(devices: Devices) -> dict[str, str]:
    """Return the contents of the file, under the empty name: there is only one."""
    users = [*own_users().values(), *(user_of(*device) for device in devices)]
    lines = ",\n".join(_user(user) for user in users)
    return {"": f"authorization {{\n  users: [\n{lines}\n  ]\n}}\n"}


def _user(user: User) -> str:
    rights = {
        "publish": _says(user),
        "subscribe": _hears(user),
    }
    entry = {
        "user": user.name,
        "password": _hash(user.name, user.key_version, user.password),
        # NATS' own protocol would let a machine listen to what NATS delivers to the others.
        "allowed_connection_types": ["MQTT"],
        "permissions": rights,
    }
    return f"    {json.dumps(entry)}"


def _says(user: User) -> dict[str, list[str]]:
    """Return what a user may publish. An empty list of what is allowed would allow everything."""
    if not user.publish:
        return {"deny": [">"]}
    return {"allow": [_subject(topic) for topic in user.publish]}


def _hears(user: User) -> dict[str, list[str]]:
    if not user.subscribe:
        return {"deny": [">"]}
    return {"allow": [*_heard(user.subscribe), MQTT_DELIVERIES]}


def _heard(filters: Collection[str]) -> list[str]:
    """Return filters as subjects: one that ends in `/#` subscribes to its parent, too."""
    parents = [topic.removesuffix("/#") for topic in filters if topic.endswith("/#")]
    return [_subject(topic) for topic in (*filters, *parents)]


def _subject(topic: str) -> str:
    """Return a topic filter as a NATS subject. Ours hold no dots."""
    return topic.replace("/", ".").replace("+", "*").replace("#", ">")


@lru_cache(maxsize=CACHED_KEYS)
def _hash(name: str, key_version: int, password: str) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(BCRYPT_COST)).decode()
