"""A machine's way to its broker: one connection after the other, each with the faults of the link in it."""

import logging
import random
import selectors
import socket
from collections.abc import Callable
from functools import partial
from typing import Protocol

from devices.protocol.sessions import KEEPALIVE_S
from devices.protocol.topics import Topic
from simulator.agenda import Agenda
from simulator.client import Broker, Connection
from simulator.faults import Faults
from simulator.link import Link, Message

FIRST_RETRY_S = 0.5
LAST_RETRY_S = 30
KEEP_ALIVE_EVERY_S = 5
PATIENCE_S = 1.5 * KEEPALIVE_S  # without a sign of the broker

log = logging.getLogger(__name__)


class Owner(Protocol):
    """The machine at this end; each call is an entry of its agenda."""

    def will(self) -> bytes: ...
    def begin(self, now: float) -> None: ...
    def receive(self, topic: str, message: bytes, now: float) -> None: ...
    def confirm(self, n: int) -> None: ...
    def lose_line(self, now: float) -> None: ...


class Line:
    """Keeps one machine connected, from `open` until `hang_up`."""

    def __init__(
        self,
        *,
        device_id: str,
        password: str,
        broker: Broker,
        agenda: Agenda,
        faults: Faults,
        seed: str | None,
    ) -> None:
        self.link = Link(faults, seed)
        self.owner: Owner
        self._device_id, self._password, self._broker = device_id, password, broker
        self._agenda, self._faults = agenda, faults
        self._connection: Connection | None = None
        self._events: dict[int, int] = {}  # packet -> number of the event in it, until the broker confirms
        self._failures = 0  # to connect, in a row
        self._heard_at = 0.0

    # For whoever waits for sockets

    @property
    def socket(self) -> socket.socket | None:
        return self._connection.socket if self._connection and not self._faults.half_open else None

    @property
    def wants_write(self) -> bool:
        return self._connection is not None and self._connection.wants_write

    def transfer(self, events: int) -> None:
        """Read and write what the socket is ready for, as selectors name it."""
        connection = self._connection
        if connection and events & selectors.EVENT_READ:
            connection.read()
        if connection and events & selectors.EVENT_WRITE:
            connection.write()

    # For the machine

    def open(self, now: float) -> None:
        """Connect; what comes of it is told to the owner."""
        self.hang_up()
        self._faults.half_open = False
        connection = Connection(
            device_id=self._device_id, password=self._password, will=self.owner.will(), listener=self
        )
        self._connection, self._heard_at = connection, now
        self._keep_alive(connection, now)
        connection.open(self._broker)

    def send(self, message: Message, now: float) -> None:
        """Publish, as far as the link lets it through; nothing is queued while there is no connection."""
        mute_s = self._faults.mute_s if message.topic == Topic.EVT else 0.0
        for delay_s, copy in self.link.carry(message):
            self._after(mute_s + delay_s, now, partial(self._publish, copy))

    def bring(self, message: Message, delay_s: float, now: float) -> None:
        """Hand the machine a message, later."""
        self._after(delay_s, now, lambda then: self.owner.receive(message.topic, message.payload, then))

    def hang_up(self) -> None:
        """Drop the line without a goodbye."""
        self._events.clear()
        connection, self._connection = self._connection, None
        if connection:
            connection.cut()

    # What the connection says; dealt with in the next step, when paho is out of its callbacks

    def connected(self) -> None:
        self._soon(self._welcome)

    def received(self, topic: Topic, message: bytes) -> None:
        deaf_s = self._faults.deaf_s if topic is Topic.CMD else 0.0
        if topic is Topic.CMD and self._faults.silent:
            return
        for delay_s, copy in self.link.carry_in(Message(topic, message)):
            self._soon(partial(self.bring, copy, deaf_s + delay_s))

    def confirmed(self, packet: int) -> None:
        self._soon(lambda _: self._confirm(packet))

    def lost(self, reason: str) -> None:
        log.info("%s is not connected: %s", self._device_id, reason)
        self._soon(self.reconnect)

    def reconnect(self, now: float) -> None:
        """Try again later; the chance in it keeps a street of machines from coming back all at once."""
        self.hang_up()
        self.owner.lose_line(now)
        delay_s = min(FIRST_RETRY_S * 2**self._failures, LAST_RETRY_S)
        self._failures += 1
        self._agenda.add(now + delay_s * random.uniform(0.5, 1), self.open)  # noqa: S311  # no secret

    def _welcome(self, now: float) -> None:
        self._failures = 0
        self.owner.begin(now)

    def _confirm(self, packet: int) -> None:
        n = self._events.pop(packet, None)
        if n is not None:
            self.owner.confirm(n)

    def _publish(self, message: Message, now: float) -> None:
        if self._connection is None or self._connection.socket is None or self._faults.half_open:
            return
        packet = self._connection.publish(Topic(message.topic), message.payload)
        if message.n:
            self._events[packet] = message.n

    def _keep_alive(self, connection: Connection, now: float) -> None:
        """Ping, and notice a broker that is gone; on a half-open line nobody answers our pings."""
        if connection is not self._connection:
            return
        if not self._faults.half_open:
            self._heard_at = now
            connection.keep_alive()
        elif now - self._heard_at > PATIENCE_S:
            self.lost("half-open")
            return
        self._agenda.add(now + KEEP_ALIVE_EVERY_S, lambda then: self._keep_alive(connection, then))

    def _soon(self, deed: Callable[[float], None]) -> None:
        self._agenda.add(0, deed)

    def _after(self, delay_s: float, now: float, deed: Callable[[float], None]) -> None:
        if delay_s:
            self._agenda.add(now + delay_s, deed)
        else:
            deed(now)
