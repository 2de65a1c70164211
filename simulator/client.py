"""One MQTT 3.1.1 connection of a machine, over paho, without a thread of its own.

A connection is used once: whatever was in flight when it broke is gone with it, as it is on a small
controller. What must arrive is sent again by the core.
"""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from devices.protocol.sessions import KEEPALIVE_S
from devices.protocol.topics import TO_DEVICE, Topic

CONNECT_WITHIN_S = 2
DEFAULT_PORT = 1883
# The server sends again until there is a verdict, so QoS 0 loses nothing and saves an acknowledgement.
SUBSCRIBE_QOS = 0


@dataclass(frozen=True, slots=True)
class Broker:
    host: str
    port: int = DEFAULT_PORT

    @classmethod
    def at(cls, url: str) -> "Broker":
        """Of a URL like mqtt://127.0.0.1:1883. Raises ValueError."""
        parts = urlsplit(url)
        if parts.scheme != "mqtt" or not parts.hostname:
            raise ValueError("The broker's address is written like mqtt://127.0.0.1:1883.")
        return cls(parts.hostname, parts.port or DEFAULT_PORT)


class Listener(Protocol):
    """Whom a connection tells what happens; `lost` comes last and once."""

    def connected(self) -> None: ...
    def received(self, topic: Topic, message: bytes) -> None: ...
    def confirmed(self, packet: int) -> None: ...
    def lost(self, reason: str) -> None: ...


class Connection:
    """Connected and subscribed as one machine, from `open` until `lost` or `cut`."""

    def __init__(self, *, device_id: str, password: str, will: bytes, listener: Listener) -> None:
        self._device_id = device_id
        self._listener: Listener | None = listener
        self._client = Client(
            CallbackAPIVersion.VERSION2, client_id=device_id, clean_session=True, protocol=MQTTv311
        )
        self._client.connect_timeout = CONNECT_WITHIN_S
        self._client.username_pw_set(device_id, password)
        self._client.will_set(Topic.CONN.of(device_id), will, qos=Topic.CONN.qos, retain=Topic.CONN.retained)
        self._client.on_socket_open = _send_at_once
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._client.on_publish = self._on_publish
        self._client.on_disconnect = self._on_disconnect

    @property
    def socket(self) -> socket.socket | None:
        return self._client.socket() if self._listener else None  # type: ignore[return-value]

    @property
    def wants_write(self) -> bool:
        return self._client.want_write()

    def open(self, broker: Broker) -> None:
        try:
            self._client.connect(broker.host, broker.port, keepalive=KEEPALIVE_S)
        except OSError as error:
            self._lose(str(error))

    def read(self) -> None:
        self._client.loop_read()

    def write(self) -> None:
        self._client.loop_write()

    def keep_alive(self) -> None:
        """Ping when it is time, notice a broker that went silent; to be called every few seconds."""
        self._client.loop_misc()

    def publish(self, topic: Topic, message: bytes) -> int:
        """The number under which the broker's acknowledgement will come."""
        name = topic.of(self._device_id)
        return self._client.publish(name, message, qos=topic.qos, retain=topic.retained).mid

    def cut(self) -> None:
        """Drop the line without a goodbye, so that the broker publishes the last will."""
        self._listener = None
        line = self._client.socket()
        if line is not None:
            line.close()

    def _lose(self, reason: str) -> None:
        listener, self._listener = self._listener, None
        if listener:
            listener.lost(reason)

    def _tell(self, what: Callable[[Listener], None]) -> None:
        if self._listener:
            what(self._listener)

    def _on_connect(
        self,
        client: Client,
        data: Any,
        flags: ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._lose(str(reason))
            return
        client.subscribe([(topic.of(self._device_id), SUBSCRIBE_QOS) for topic in sorted(TO_DEVICE)])

    def _on_subscribe(
        self, client: Client, data: Any, mid: int, reasons: list[ReasonCode], properties: Properties | None
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            self._lose("may not subscribe to its own topics")
            return
        self._tell(lambda listener: listener.connected())

    def _on_message(self, client: Client, data: Any, message: MQTTMessage) -> None:
        topic = Topic(message.topic.rpartition("/")[2])
        self._tell(lambda listener: listener.received(topic, bytes(message.payload)))

    def _on_publish(
        self, client: Client, data: Any, mid: int, reason: ReasonCode, properties: Properties
    ) -> None:
        self._tell(lambda listener: listener.confirmed(mid))

    def _on_disconnect(
        self,
        client: Client,
        data: Any,
        flags: DisconnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        self._lose(str(reason))


def _send_at_once(client: Client, data: Any, line: Any) -> None:
    """Nagle's algorithm and delayed acknowledgements together cost 40 ms a message."""
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
