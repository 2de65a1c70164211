"""Where messages travel: `v1/<device id>/<topic>`."""

from enum import StrEnum
from uuid import UUID

from devices.protocol.errors import BadTopic

PREFIX = "v1"


class Direction(StrEnum):
    """Part of what is signed, so that a message to a device can never be played back as one from it."""

    TO_DEVICE = "cmd"
    FROM_DEVICE = "evt"


class Topic(StrEnum):
    """The last level of a topic."""

    CMD = "cmd"
    EVT = "evt"
    HELLO = "hello"
    SYNC = "sync"
    CONN = "conn"
    STATE = "state"
    TEL = "tel"

    @property
    def direction(self) -> Direction:
        return Direction.TO_DEVICE if self in TO_DEVICE else Direction.FROM_DEVICE

    @property
    def qos(self) -> int:
        return 0 if self is Topic.TEL else 1

    @property
    def retained(self) -> bool:
        return self in (Topic.CONN, Topic.STATE)

    def of(self, device_id: str) -> str:
        """The full topic name of one device, or with "+" the filter over all of them."""
        return f"{PREFIX}/{device_id}/{self}"


TO_DEVICE = frozenset({Topic.CMD, Topic.SYNC})
FROM_DEVICE = frozenset(Topic) - TO_DEVICE


def parse_topic(name: str) -> tuple[str, Topic]:
    """Split a full topic name into device id and topic.

    Raises:
        BadTopic: another prefix or shape, a device id that is no canonical UUID, an unknown last level.
    """
    try:
        prefix, device_id, last = name.split("/")
        canonical = str(UUID(device_id)) == device_id
        topic = Topic(last)
    except ValueError:
        raise BadTopic from None
    if prefix != PREFIX or not canonical:
        raise BadTopic
    return device_id, topic
