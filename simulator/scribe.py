"""Writes down what happens: into the durable store, then to the server, again until it was taken."""

from dataclasses import dataclass, field, replace
from typing import Any

from devices.protocol.envelope import Body, sign
from devices.protocol.events import Event, EventName
from devices.protocol.topics import Topic
from simulator.actions import Action, Persist, Send
from simulator.memory import Memory
from simulator.records import Record, Status

MAX_UNCONFIRMED = 128  # beyond, the oldest are only sent again when the server asks


@dataclass
class Scribe:
    """Numbers events within one power-up. It is `online` between a sync and the end of the connection."""

    device_id: str
    key: bytes
    boot: int
    memory: Memory
    online: bool = False
    _n: int = 0
    _unconfirmed: dict[int, Body] = field(default_factory=dict)

    def write(self, record: Record, status: Status, t: int, ev: EventName, **details: Any) -> list[Action]:
        """Move a record on with one event: stored, then sent."""
        body = self._event(t, ev, id=record.id, **details)
        left_s = details.get("left_s")
        record = replace(
            record,
            status=status,
            left_s=record.left_s if left_s is None else left_s,
            events=(*record.events, body),
        )
        return [*self.store(record), *self._send_event(body)]

    def store(self, record: Record) -> list[Action]:
        self.memory.keep(record)
        return [Persist(record)]

    def announce(self, t: int, ev: EventName, **details: Any) -> list[Action]:
        """An event about the machine itself, which belongs to no command and is not stored."""
        return self._send_event(self._event(t, ev, id=None, **details))

    def repeat(self, record: Record) -> list[Action]:
        """The events of a known command once more, unchanged."""
        return [self.send(Topic.EVT, body) for body in record.events]

    def send_unconfirmed(self) -> list[Action]:
        """What the broker never confirmed, or what happened while there was no connection; oldest first."""
        return [self.send(Topic.EVT, body, n) for n, body in self._unconfirmed.items()]

    def confirm(self, n: int) -> None:
        self._unconfirmed.pop(n, None)

    def send(self, topic: Topic, body: Body, n: int | None = None) -> Send:
        return Send(topic, sign(body, key=self.key, device_id=self.device_id, topic=topic), n)

    def _event(self, t: int, ev: EventName, **details: Any) -> Body:
        self._n += 1
        return Event(boot=self.boot, n=self._n, ev=ev, t=t, **details).body()

    def _send_event(self, body: Body) -> list[Action]:
        self._unconfirmed[self._n] = body
        if len(self._unconfirmed) > MAX_UNCONFIRMED:
            del self._unconfirmed[min(self._unconfirmed)]
        return [self.send(Topic.EVT, body, self._n)] if self.online else []
