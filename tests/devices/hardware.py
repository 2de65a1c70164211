"""A machine's side of the wire, as bytes: what its controller would send, and what it would read."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from devices import keys
from devices.gateway.line import Incoming
from devices.models import Device
from devices.protocol.commands import Command
from devices.protocol.envelope import sign, verify
from devices.protocol.events import Event, EventName, State, Telemetry
from devices.protocol.sessions import Conn, Hello, Sync, new_nonce
from devices.protocol.topics import Topic


@dataclass
class Hardware:
    """One controller. It keeps no rules: tests decide what it says."""

    device: Device
    boot: int = 77
    c: int = 1
    n: int = 0
    mids: list[int] = field(default_factory=list)

    @property
    def name(self) -> str:
        return str(self.device.pk)

    @property
    def key(self) -> bytes:
        return keys.key_of(self.name, self.device.key_version)

    def message(self, topic: Topic, payload: bytes, *, retained: bool = False) -> Incoming:
        """A payload as it reaches the gateway."""
        self.mids.append(len(self.mids) + 1)
        return Incoming(topic.of(self.name), payload, retained, self.mids[-1], topic.qos)

    def signed(self, topic: Topic, body: dict[str, Any], *, retained: bool = False) -> Incoming:
        return self.message(
            topic, sign(body, key=self.key, device_id=self.name, topic=topic), retained=retained
        )

    def event(self, ev: str, about: UUID | None = None, *, n: int | None = None, **fields: Any) -> Incoming:
        """The next event, or with `n` the one of that number."""
        self.n += 1
        event = Event(
            id=about,
            boot=self.boot,
            n=self.n if n is None else n,
            ev=EventName(ev),
            t=1_795_160_000_123,
            **fields,
        )
        return self.signed(Topic.EVT, event.body())

    def hello(self, *, sess: str = "", running: tuple[UUID, ...] = ()) -> Incoming:
        hello = Hello(
            nonce=new_nonce(), boot=self.boot, c=self.c, fw="test 1", running=running, more=False, sess=sess
        )
        return self.signed(Topic.HELLO, hello.body())

    def will(self, *, boot: int | None = None, c: int | None = None) -> Incoming:
        conn = Conn(on=False, boot=self.boot if boot is None else boot, c=self.c if c is None else c)
        return self.message(Topic.CONN, conn.encode(), retained=False)

    def state(self, status: str, *, retained: bool = False) -> Incoming:
        return self.signed(Topic.STATE, State(status=status).body(), retained=retained)

    def telemetry(self) -> Incoming:
        return self.signed(Topic.TEL, Telemetry(rssi=-60).body())

    def read_sync(self, payload: bytes) -> Sync:
        return Sync.parse(verify(payload, keys=[self.key], device_id=self.name, topic=Topic.SYNC))

    def read_command(self, payload: bytes) -> Command:
        return Command.parse(verify(payload, keys=[self.key], device_id=self.name, topic=Topic.CMD))
