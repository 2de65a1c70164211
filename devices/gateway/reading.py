"""From bytes to messages of known machines; everything else is a stranger's."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from devices import keys
from devices.gateway.line import Incoming
from devices.protocol.envelope import Body, verify
from devices.protocol.errors import BadTag, BadTopic, ProtocolError
from devices.protocol.events import Event, EventName, State, Telemetry
from devices.protocol.sessions import Conn, Hello
from devices.protocol.topics import FROM_DEVICE, Topic, parse_topic
from devices.trust import Versions, believed

REMEMBER_S = 5.0  # how long a disabled machine, or one with a new key, goes on as before

Content = Event | Hello | Conn | State | Telemetry

# What may share a transaction with others: it moves no money and locks no run against another's order.
QUIET_EVENTS = frozenset({EventName.ACCEPTED, EventName.FAULT, EventName.SYNCED})

_PARSERS: dict[Topic, Callable[[Body], Content]] = {
    Topic.EVT: Event.parse,
    Topic.HELLO: Hello.parse,
    Topic.STATE: State.parse,
    Topic.TEL: Telemetry.parse,
}


class UnknownDevice(ProtocolError):
    """No machine of that id may connect here."""

    code = "unknown_device"


@dataclass(frozen=True, slots=True)
class Message:
    """What a known machine said."""

    device_id: UUID
    key_version: int  # of the key that signed it; of an unsigned one the newest
    content: Content
    body: Body
    incoming: Incoming

    @property
    def is_quiet(self) -> bool:
        return not isinstance(self.content, Event) or self.content.ev in QUIET_EVENTS

    @property
    def shows_life(self) -> bool:
        """Was it signed, and sent just now?"""
        return not self.incoming.retained and not isinstance(self.content, Conn)


class Acquaintances:
    """The machines we know, remembered for a few seconds so that most messages cost no query."""

    def __init__(self) -> None:
        self._versions: dict[UUID, Versions] = {}
        self._forget_at = 0.0

    def among(self, device_ids: Iterable[UUID]) -> Mapping[UUID, Versions]:
        """Return the key versions under which those of these machines that may speak are believed."""
        if time.monotonic() > self._forget_at:
            self._versions, self._forget_at = {}, time.monotonic() + REMEMBER_S
        if new := {device_id for device_id in device_ids if device_id not in self._versions}:
            self._versions |= believed(new)
        return self._versions


def sender(incoming: Incoming) -> UUID | None:
    """Return which machine's topic a message came on; None: it is no machine's."""
    try:
        return UUID(parse_topic(incoming.topic)[0])
    except ProtocolError:
        return None


def read(incoming: Incoming, *, versions: Mapping[UUID, Versions]) -> Message:
    """Return what a known machine said.

    Raises:
        ProtocolError: it is no message of a machine we know.
    """
    name, topic = parse_topic(incoming.topic)
    device_id = UUID(name)
    if topic not in FROM_DEVICE:
        raise BadTopic
    if device_id not in versions:
        raise UnknownDevice
    if topic is Topic.CONN:
        return Message(device_id, versions[device_id][0], Conn.decode(incoming.payload), {}, incoming)
    version, body = _verified(incoming.payload, name=name, topic=topic, versions=versions[device_id])
    return Message(device_id, version, _PARSERS[topic](body), body, incoming)


def _verified(payload: bytes, *, name: str, topic: Topic, versions: Versions) -> tuple[int, Body]:
    """Return which version of the key signed a message, and what it says."""
    for version in versions:
        try:
            return version, verify(payload, keys=[keys.key_of(name, version)], device_id=name, topic=topic)
        except BadTag:
            continue
    raise BadTag
