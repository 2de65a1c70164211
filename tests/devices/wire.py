"""Hardware on a real broker. It answers nothing by itself: a test decides what it says, and when."""

import queue
import socket
import threading
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from django.conf import settings
from paho.mqtt.client import Client, ConnectFlags, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from devices import keys, mqtt
from devices.gateway.line import Incoming
from devices.models import Device
from devices.protocol.commands import Command
from devices.protocol.sessions import Conn, Sync
from devices.protocol.topics import Topic
from tests.devices.hardware import Hardware

WITHIN_S = 5.0


class WiredMachine:
    """A machine connected to a broker, with its last will."""

    def __init__(self, device: Device, *, url: str = "", boot: int = 77, password: str = "") -> None:
        self.hardware = Hardware(device, boot=boot, c=0)
        parts = urlsplit(url or settings.MQTT_URL)
        self._address = (parts.hostname or "", parts.port or 0)
        self._password = password or keys.password_of(str(device.pk), device.key_version)
        self._syncs: queue.Queue[bytes] = queue.Queue()
        self._commands: queue.Queue[bytes] = queue.Queue()
        self._subscribed = threading.Event()
        self._client: Client | None = None

    def __enter__(self) -> Self:
        self.join()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def connect(self) -> None:
        """Open a connection and subscribe; the next one in this power-up."""
        self.hardware.c += 1
        self._subscribed.clear()
        self._client = client = Client(
            CallbackAPIVersion.VERSION2, client_id=self.hardware.name, protocol=MQTTv311, clean_session=True
        )
        client.username_pw_set(self.hardware.name, self._password)
        client.will_set(Topic.CONN.of(self.hardware.name), self._presence(on=False), qos=1, retain=True)
        client.on_socket_open = mqtt.send_at_once
        client.on_connect, client.on_subscribe, client.on_message = (
            _subscribe,
            self._on_subscribe,
            self._on_message,
        )
        client.connect(*self._address, keepalive=30)
        client.loop_start()
        assert self._subscribed.wait(WITHIN_S), "not subscribed"
        client.publish(Topic.CONN.of(self.hardware.name), self._presence(on=True), qos=1, retain=True)

    def join(self) -> str:
        """Connect and come online; return the session."""
        self.connect()
        self.say(self.hardware.hello())
        sess = self.hardware.read_sync(self._syncs.get(timeout=WITHIN_S)).sess
        self.say(self.hardware.event("synced", sess=sess))
        return sess

    def say(self, message: Incoming) -> None:
        """Publish, and wait until the broker has it."""
        assert self._client
        info = self._client.publish(message.topic, message.payload, qos=message.qos, retain=message.retained)
        info.wait_for_publish(WITHIN_S)

    def command(self, *, within_s: float = WITHIN_S) -> Command:
        """Return the next command that arrives; queue.Empty when none does."""
        return self.hardware.read_command(self._commands.get(timeout=within_s))

    def sync(self, *, within_s: float = WITHIN_S) -> Sync:
        """Return the next answer to a hello; queue.Empty when none comes."""
        return self.hardware.read_sync(self._syncs.get(timeout=within_s))

    def is_silent_for(self, seconds: float) -> bool:
        """Does no command arrive for so long?"""
        return _stays_empty(self._commands, seconds)

    def no_sync_for(self, seconds: float) -> bool:
        """Does no answer to a hello arrive for so long?"""
        return _stays_empty(self._syncs, seconds)

    @property
    def client(self) -> Client | None:
        """The connection, for what this class does not offer; None: there is none."""
        return self._client

    def leave(self) -> None:
        """Disconnect politely: no last will."""
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()
            self._client = None

    def drop(self) -> None:
        """Lose the connection as in a power cut: the broker publishes the last will."""
        assert self._client
        client, self._client = self._client, None
        sock = client.socket()
        client.loop_stop()
        if isinstance(sock, socket.socket):
            sock.close()

    def _presence(self, *, on: bool) -> bytes:
        return Conn(on=on, boot=self.hardware.boot, c=self.hardware.c).encode()

    def _on_subscribe(
        self,
        client: Client,
        userdata: object,
        mid: int,
        reasons: list[ReasonCode],
        properties: Properties | None,
    ) -> None:
        assert not any(reason.is_failure for reason in reasons), reasons
        self._subscribed.set()

    def _on_message(self, client: Client, userdata: object, message: MQTTMessage) -> None:
        into = self._syncs if message.topic.endswith("/sync") else self._commands
        into.put(bytes(message.payload))


def _stays_empty(waiting: "queue.Queue[bytes]", seconds: float) -> bool:
    try:
        waiting.get(timeout=seconds)
    except queue.Empty:
        return True
    return False


def _subscribe(
    client: Client, userdata: object, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
) -> None:
    name = client._client_id.decode()
    client.subscribe([(Topic.CMD.of(name), 1), (Topic.SYNC.of(name), 1)])
