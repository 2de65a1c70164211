"""How a worker process speaks to machines: one MQTT client per process, made when first needed."""

import os
import secrets
import socket
import threading
from dataclasses import dataclass, field

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from devices import mqtt
from devices.keys import WORKER_USER
from devices.services.drive import Outgoing

LONGEST_RECONNECT_S = 5
FIRST_CONNECT_S = 2.0  # how long the first command of a process waits for its connection
KEPT_WITHIN_S = 5.0
UNACKNOWLEDGED = 1000  # more than this on their way, and new ones are dropped: the rows send them again


@dataclass(slots=True)
class Publisher:
    """A connection that keeps itself alive in its own thread. Safe to share between threads."""

    client: Client
    connected: threading.Event = field(default_factory=threading.Event)

    def publish(self, outgoing: Outgoing) -> None:
        """Hand a message to the broker. It may be lost: the command's row is what sends it again."""
        self.client.publish(outgoing.topic, outgoing.payload, qos=1)

    def keep(self, topic: str, payload: bytes) -> bool:
        """Have the broker retain a message; False if it did not take it soon."""
        if not self.is_connected():
            return False
        sent = self.client.publish(topic, payload, qos=1, retain=True)
        sent.wait_for_publish(KEPT_WITHIN_S)
        return sent.is_published()

    def is_connected(self) -> bool:
        return self.connected.is_set()


@dataclass(slots=True)
class _Process:
    """The one publisher of this process; a forked child makes its own."""

    pid: int = 0
    publisher: Publisher | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


_process = _Process()


def publisher() -> Publisher:
    """Return this process' publisher; the first call connects it and waits a moment for the broker."""
    if _process.publisher is not None and _process.pid == os.getpid():
        return _process.publisher
    with _process.lock:
        if _process.publisher is None or _process.pid != os.getpid():
            _process.publisher, _process.pid = _connect(), os.getpid()
            _process.publisher.connected.wait(FIRST_CONNECT_S)
        return _process.publisher


def _connect() -> Publisher:
    name = f"{WORKER_USER}-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    client = mqtt.new_client(user=WORKER_USER, client_id=name, clean=True)
    made = Publisher(client)

    def on_connect(
        client: Client,
        userdata: object,
        flags: ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if not reason.is_failure:
            made.connected.set()

    def on_disconnect(
        client: Client,
        userdata: object,
        flags: DisconnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        made.connected.clear()

    client.on_connect, client.on_disconnect = on_connect, on_disconnect
    client.reconnect_delay_set(min_delay=1, max_delay=LONGEST_RECONNECT_S)
    client.max_inflight_messages_set(UNACKNOWLEDGED)
    client.max_queued_messages_set(UNACKNOWLEDGED)
    client.connect_async(*mqtt.address(), keepalive=mqtt.KEEPALIVE_S)
    client.loop_start()
    return made
