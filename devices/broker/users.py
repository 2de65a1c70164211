"""Who may connect to the broker, and to do what: the least that works."""

from dataclasses import dataclass

from devices import home_assistant, keys
from devices.keys import GATEWAY_USER, VIEWER_USER, WORKER_USER
from devices.models import Device
from devices.protocol.topics import FROM_DEVICE, TO_DEVICE, Topic


@dataclass(frozen=True, slots=True)
class User:
    """One MQTT user; rights are topic filters."""

    name: str
    key_version: int
    publish: tuple[str, ...]
    subscribe: tuple[str, ...]

    @property
    def password(self) -> str:
        return keys.password_of(self.name, self.key_version)


def _topics(topics: frozenset[Topic], of: str) -> tuple[str, ...]:
    return tuple(topic.of(of) for topic in sorted(topics))


WATCHED = frozenset({Topic.CONN, Topic.STATE, Topic.TEL})  # nothing that is said about money

Devices = list[tuple[str, int]]  # id and key version


def own_users() -> dict[str, User]:
    """Return the service's own users by name. Who looks on for Home Assistant exists only if that is on."""
    told = (home_assistant.own_topics(),) if home_assistant.is_on() else ()
    users = [
        User(GATEWAY_USER, 1, publish=(Topic.SYNC.of("+"),), subscribe=_topics(FROM_DEVICE, "+")),
        User(WORKER_USER, 1, publish=(Topic.CMD.of("+"), *told), subscribe=()),
    ]
    if told:
        watched = (*_topics(WATCHED, "+"), home_assistant.everything())
        users.append(User(VIEWER_USER, 1, publish=(), subscribe=watched))
    return {user.name: user for user in users}


def devices() -> Devices:
    """Return the machines that may connect, in a steady order. Cheap enough to ask every two seconds."""
    enabled = Device.objects.filter(enabled=True).order_by("pk").values_list("pk", "key_version")
    return [(str(device_id), version) for device_id, version in enabled]


def user_of(device_id: str, key_version: int) -> User:
    """Return a machine as an MQTT user: it hears its own two topics and speaks on the rest of them."""
    return User(
        device_id,
        key_version,
        publish=_topics(FROM_DEVICE, device_id),
        subscribe=_topics(TO_DEVICE, device_id),
    )
