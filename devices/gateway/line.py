"""The gateway's connection to the broker: one thread, and nothing is read that nobody asked for.

Messages stay unacknowledged, and so the broker's, until the gateway says they are stored. The session
outlives the connection: what machines say while no gateway listens is waiting when one returns.
"""

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from devices import keys, mqtt
from devices.keys import GATEWAY_USER
from devices.protocol.topics import FROM_DEVICE

OPEN_WITHIN_S = 5.0
BATCH_MESSAGES = 64
BATCH_BYTES = 256 * 1024  # a broker lets clients publish far more than our machines may
# Answers the broker has not acknowledged yet; more are dropped, and asked for again. Few would wait for
# acknowledgements that come behind everything the machines say, and then be too late for them.
UNACKNOWLEDGED = 500


class LineLost(OSError):
    """The broker cannot be reached, refuses us, or left."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as it came off the wire."""

    topic: str
    payload: bytes
    retained: bool  # the broker's memory, not a sign of life
    mid: int
    qos: int


class Line:
    """An open connection, subscribed to everything that machines say."""

    def __init__(self) -> None:
        self._arrived: deque[Incoming] = deque()
        self._granted = False
        self._client = mqtt.new_client(
            user=GATEWAY_USER, client_id=keys.gateway_client_id(), clean=False, manual_ack=True
        )
        self._client.max_inflight_messages_set(UNACKNOWLEDGED)
        self._client.max_queued_messages_set(UNACKNOWLEDGED)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message

    def open(self) -> None:
        """Connect and subscribe.

        Raises:
            LineLost: it did not work within five seconds.
        """
        try:
            self._client.connect(*mqtt.address(), keepalive=mqtt.KEEPALIVE_S)
        except OSError as error:
            raise LineLost(f"The broker cannot be reached: {error}") from error
        deadline = time.monotonic() + OPEN_WITHIN_S
        while not self._granted:
            self._turn(0.1)
            if time.monotonic() > deadline:
                raise LineLost("The broker did not grant the subscriptions.")

    def read(self, *, wait_s: float) -> list[Incoming]:
        """Return what has arrived, at most a batch; wait for the first message that long.

        Raises:
            LineLost: the connection ended.
        """
        if self._arrived:
            self._check(self._client.loop_misc())  # more than a batch waits here: stay alive, read no more
        else:
            self._turn(wait_s)
        before = 0
        while before < len(self._arrived) and not self._full():
            before = len(self._arrived)
            self._turn(0)
        return self._batch()

    def acknowledge(self, batch: Iterable[Incoming]) -> None:
        """Tell the broker that these messages are stored."""
        for incoming in batch:
            if incoming.qos:
                self._client.ack(incoming.mid, incoming.qos)

    def say(self, topic: str, payload: bytes) -> None:
        """Publish a message; it may be lost."""
        self._client.publish(topic, payload, qos=1)

    def close(self) -> None:
        """Leave; the broker keeps the session."""
        self._client.disconnect()

    def _turn(self, wait_s: float) -> None:
        self._check(self._client.loop(wait_s))

    def _check(self, code: MQTTErrorCode) -> None:
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise LineLost(f"The broker's connection ended: {code.name}.")

    def _full(self) -> bool:
        return len(self._arrived) >= BATCH_MESSAGES or sum(map(_size, self._arrived)) >= BATCH_BYTES

    def _batch(self) -> list[Incoming]:
        """Take a batch of what arrived. The client may read many packets in one turn."""
        batch: list[Incoming] = []
        size = 0
        while self._arrived and len(batch) < BATCH_MESSAGES and size < BATCH_BYTES:
            batch.append(self._arrived.popleft())
            size += _size(batch[-1])
        return batch

    def _on_connect(
        self,
        client: Client,
        userdata: object,
        flags: ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if not reason.is_failure:
            client.subscribe([(topic.of("+"), topic.qos) for topic in sorted(FROM_DEVICE)])

    def _on_subscribe(
        self,
        client: Client,
        userdata: object,
        mid: int,
        reasons: list[ReasonCode],
        properties: Properties | None,
    ) -> None:
        self._granted = not any(reason.is_failure for reason in reasons)

    def _on_message(self, client: Client, userdata: object, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        self._arrived.append(
            Incoming(topic, bytes(message.payload), message.retain, message.mid, message.qos)
        )


def _size(incoming: Incoming) -> int:
    return len(incoming.payload)
