"""The smallest server there can be: it answers every hello, sends commands, remembers what it hears."""

import socket
import threading
import time
from collections.abc import Callable
from typing import Any, Self
from uuid import UUID, uuid4

from paho.mqtt.client import Client, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from devices.protocol.commands import Command, Op
from devices.protocol.envelope import Body, sign, verify
from devices.protocol.errors import ProtocolError
from devices.protocol.sessions import Conn, Hello, Sync
from devices.protocol.topics import FROM_DEVICE, Topic, parse_topic
from simulator.client import Broker
from simulator.player import Device

NAME, PASSWORD = "server", "only-for-tests"
SESS = "9f3c21"


class Server:
    """Knows the keys of its devices. Use as a context manager."""

    def __init__(self, broker: Broker, devices: list[Device]) -> None:
        self._broker = broker
        self._keys = {device.id: device.key for device in devices}
        self.sess = SESS  # given to whoever says hello
        self._heard: list[tuple[str, Topic, Body]] = []
        self._news = threading.Condition()
        self._ready = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=NAME, protocol=MQTTv311)
        self._client.username_pw_set(NAME, PASSWORD)
        self._client.on_socket_open = _no_delay
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = self._on_message

    def __enter__(self) -> Self:
        self._client.connect(self._broker.host, self._broker.port)
        self._client.loop_start()
        assert self._ready.wait(20)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def command(self, device: Device, op: str, args: dict[str, Any], *, expires_s: float = 30) -> Command:
        """Send a command."""
        now_ms = _now_ms()
        command = Command(uuid4(), self.sess, now_ms, now_ms + round(expires_s * 1000), op, args)
        self.send(device, command)
        return command

    def start(self, device: Device, *, dur_s: int = 600, expires_s: float = 30) -> Command:
        course = {} if device.type == "chair" else {"course": "quick"}
        return self.command(device, Op.START, {**course, "dur_s": dur_s}, expires_s=expires_s)

    def send(self, device: Device, command: Command) -> None:
        self._publish(device.id, Topic.CMD, command.body())

    def events(self, command_id: UUID) -> list[str]:
        return [
            body["ev"]
            for _, topic, body in self._heard
            if topic is Topic.EVT and body["id"] == str(command_id)
        ]

    def events_of_machine(self, device: Device) -> list[str]:
        """Events that belong to no command, like `synced`."""
        return [
            body["ev"]
            for name, topic, body in self._heard
            if topic is Topic.EVT and name == device.id and body["id"] is None
        ]

    def connections(self, device: Device) -> list[bool]:
        return [body["on"] for name, topic, body in self._heard if topic is Topic.CONN and name == device.id]

    def wait(self, condition: Callable[[], bool], within_s: float = 20) -> None:
        with self._news:
            assert self._news.wait_for(condition, within_s), self._heard[-10:]

    def _publish(self, device_id: str, topic: Topic, body: Body) -> None:
        message = sign(body, key=self._keys[device_id], device_id=device_id, topic=topic)
        self._client.publish(topic.of(device_id), message, qos=topic.qos)

    def _on_connect(self, client: Client, *_: object) -> None:
        client.subscribe([(topic.of("+"), 1) for topic in FROM_DEVICE])

    def _on_message(self, client: Client, data: object, message: MQTTMessage) -> None:
        device_id, topic = parse_topic(message.topic)
        try:
            body = self._open(device_id, topic, bytes(message.payload))
        except ProtocolError:
            return
        if topic is Topic.HELLO:
            sync = Sync(nonce=Hello.parse(body).nonce, now_ms=_now_ms(), sess=self.sess)
            self._publish(device_id, Topic.SYNC, sync.body())
        with self._news:
            self._heard.append((device_id, topic, body))
            self._news.notify_all()

    def _open(self, device_id: str, topic: Topic, message: bytes) -> Body:
        if topic is Topic.CONN:
            conn = Conn.decode(message)
            return {"on": conn.on, "boot": conn.boot, "c": conn.c}
        return verify(message, keys=[self._keys[device_id]], device_id=device_id, topic=topic)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _no_delay(client: Client, data: object, line: Any) -> None:
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
