"""A broker and the lines to it, as hostile as can be: whoever sits there has every message, and no key."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random
from uuid import UUID

from devices.gateway.line import Incoming
from devices.protocol.topics import Topic
from devices.services.drive import Outgoing
from tests.promise.agenda import Agenda
from tests.promise.device import Device

KEEPALIVE_ENDS_MS = 45_000  # a broker waits one keepalive and a half for a silent client


@dataclass
class Weather:
    """How often what happens to a message, as shares of 1."""

    lost: float = 0.0
    doubled: float = 0.0
    late: float = 0.0
    late_ms: int = 0  # by so much at most
    spoilt: float = 0.0  # somebody sends a changed copy along
    unacknowledged: float = 0.0  # the broker's acknowledgement is lost


@dataclass(eq=False)
class Connection:
    will: bytes
    broken: bool = False  # both ends believe in it, and nothing passes


class Network:
    """One machine's connection, the broker, and the gateway's end of it."""

    def __init__(self, agenda: Agenda, random: Random, weather: Weather, *, device_id: UUID) -> None:
        self.agenda, self.random, self.weather = agenda, random, weather
        self.device: Device
        self.deliver: Callable[[Incoming], None]
        self.acknowledged: Callable[[Outgoing], None] = lambda _: None
        self.reachable = True  # can the machine open a connection?
        self.uplink_held_until = self.downlink_held_until = 0  # a modem keeps everything back so long
        self.heard: list[Outgoing] = []  # what somebody recorded on the way to the machine
        self.said: list[Incoming] = []  # and on the way from it
        self._device_id = str(device_id)
        self._at_device: Connection | None = None
        self._at_broker: Connection | None = None
        self._retained: dict[Topic, bytes] = {}
        self._generation = 0  # of the broker's memory

    # The machine's side

    def try_to_connect(self, will: bytes) -> bool:
        if not self.reachable:
            return False
        if self._at_broker:
            self._publish_will(self._at_broker)
        self._at_device = self._at_broker = Connection(will)
        return True

    def send(self, topic: str, message: bytes, n: int) -> None:
        line, core = self._at_device, self.device.core
        if line is None or line.broken or self._happens(self.weather.lost):
            return
        generation = self._generation

        def arrive() -> None:
            unsent = line.broken and self._happens(0.5)  # it never left the machine's buffer
            if generation == self._generation and not unsent:
                self._arrived(Topic(topic), message)
                if n and not self._happens(self.weather.unacknowledged):
                    self.agenda.after(self._delay(), lambda: self.device.confirm(core, n))

        self.agenda.at(max(self.agenda.now + self._delay(), self.uplink_held_until), arrive)

    def _arrived(self, topic: Topic, message: bytes) -> None:
        """A message of the machine is the broker's, who passes it to the gateway."""
        if topic.retained:
            self._retained[topic] = message
        incoming = Incoming(topic.of(self._device_id), message, retained=False, mid=0, qos=topic.qos)
        self.said.append(incoming)
        self.agenda.note("broker has", topic, message[:150].decode())
        self._pass_on(incoming)

    def _pass_on(self, incoming: Incoming) -> None:
        for payload in self._copies(incoming.payload):
            copy = Incoming(incoming.topic, payload, incoming.retained, mid=0, qos=incoming.qos)
            self._later(partial(self.deliver, copy))

    # The server's side

    def publish(self, outgoing: Outgoing) -> None:
        """A worker or the gateway hands a message to the broker. Without a subscriber it is gone."""
        self.heard.append(outgoing)
        self.agenda.note("server says", outgoing.payload[:-23].decode())
        self.acknowledged(outgoing)
        if self._at_broker and not self._happens(self.weather.lost):
            self.hand_over(outgoing)

    def hand_over(self, outgoing: Outgoing) -> None:
        topic = outgoing.topic.rsplit("/")[-1]
        for payload in self._copies(outgoing.payload):
            held_ms = max(0, self.downlink_held_until - self.agenda.now)
            self._later(partial(self._reach_device, topic, payload), held_ms)

    def _reach_device(self, topic: str, payload: bytes) -> None:
        if self._at_device and not self._at_device.broken:
            self.device.receive(topic, payload)

    def retained(self) -> list[Incoming]:
        """What the broker tells whoever subscribes."""
        return [
            Incoming(topic.of(self._device_id), payload, retained=True, mid=0, qos=topic.qos)
            for topic, payload in self._retained.items()
        ]

    def replay(self, recorded: Incoming) -> None:
        """Somebody lets the gateway hear once more what the machine once said."""
        self._pass_on(recorded)

    # Trouble

    def drop(self) -> None:
        """The connection is reset; the broker notices at once."""
        line = self._at_device
        self._break(line)
        self._notice(line)
        if line and line is self._at_broker:
            self._publish_will(line)
            self._at_broker = None

    def go_half_open(self, ms: int) -> None:
        """Nothing passes any more; the machine notices after so long, the broker by the keepalive."""
        line = self._at_device
        self._break(line)
        self.agenda.after(ms, lambda: self._notice(line))

    def lose_machine(self) -> None:
        """The machine has no power: nobody tells the broker."""
        self._break(self._at_device)
        self._at_device = None

    def lose_line(self) -> None:
        """The machine notices at once, the broker does not."""
        line = self._at_device
        self._break(line)
        self._notice(line)

    def restart_broker(self) -> None:
        """Everything on its way is lost, and every connection; retained messages stay."""
        self._generation += 1
        line, self._at_broker = self._at_device, None
        self._break(line)
        self._notice(line)

    def _break(self, line: Connection | None) -> None:
        if line and not line.broken:
            line.broken = True
            self.agenda.after(KEEPALIVE_ENDS_MS, lambda: self._expire(line))

    def _notice(self, line: Connection | None) -> None:
        if line and line is self._at_device:
            self._at_device = None
            self.device.lost_line()

    def _expire(self, line: Connection) -> None:
        if line is self._at_broker:
            self._publish_will(line)
            self._at_broker = None

    def _publish_will(self, line: Connection) -> None:
        self._arrived(Topic.CONN, line.will)

    # Chance

    def _happens(self, share: float) -> bool:
        return share > 0 and self.random.random() < share

    def _delay(self) -> int:
        if self._happens(self.weather.late):
            return self.random.randrange(self.weather.late_ms)
        return self.random.randrange(2, 150)

    def _later(self, do: Callable[[], None], held_ms: int = 0) -> None:
        generation = self._generation
        self.agenda.after(held_ms + self._delay(), lambda: do() if generation == self._generation else None)

    def _copies(self, payload: bytes) -> list[bytes]:
        copies = [payload, payload] if self._happens(self.weather.doubled) else [payload]
        if self._happens(self.weather.spoilt):
            copies.append(self._spoil(payload))
        return copies

    def _spoil(self, payload: bytes) -> bytes:
        """Another byte somewhere, another tag, or half of it."""
        place = self.random.randrange(len(payload))
        match self.random.randrange(3):
            case 0:
                return payload[:place] + bytes([payload[place] ^ 1]) + payload[place + 1 :]
            case 1:
                return payload.rpartition(b".")[0] + b".AAAAAAAAAAAAAAAAAAAAAA"
            case _:
                return payload[:place]
