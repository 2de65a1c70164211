"""Who may connect to the broker, and to do what: the least that works."""

from dataclasses import dataclass

from devices import keys
from devices.keys import GATEWAY_USER, WORKER_USER
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


OWN_USERS = (
    User(GATEWAY_USER, 1, publish=(Topic.SYNC.of("+"),), subscribe=_topics(FROM_DEVICE, "+")),
    User(WORKER_USER, 1, publish=(Topic.CMD.of("+"),), subscribe=()),
)

Devices = list[tuple[str, int]]  # id and key version


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
