"""A client that tries what it is not allowed to: any user, any client id, any topic."""

import threading
from types import TracebackType
from typing import Self

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

WITHIN_S = 5.0


class Probe:
    """One connection; `got` is every message it was ever delivered."""

    def __init__(
        self, port: int, *, user: str, password: str, client_id: str = "", clean: bool = True
    ) -> None:
        self.got: list[tuple[str, bytes]] = []
        self.admitted: bool | None = None
        self._port = port
        self._answered = threading.Event()
        self._granted: dict[int, bool] = {}
        self._grants = threading.Condition()
        self.client = Client(
            CallbackAPIVersion.VERSION2, client_id=client_id or user, clean_session=clean, protocol=MQTTv311
        )
        self.client.username_pw_set(user, password)
        self.client.on_connect, self.client.on_subscribe = self._on_connect, self._on_subscribe
        self.client.on_message = self._on_message

    def __enter__(self) -> Self:
        self.client.connect("127.0.0.1", self._port, keepalive=30)
        self.client.loop_start()
        assert self._answered.wait(WITHIN_S), "no answer to CONNECT"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def subscribe(self, topic: str, qos: int = 1) -> bool:
        """Subscribe; did the broker say that it granted that? It may say so and deliver nothing."""
        _, mid = self.client.subscribe(topic, qos)
        with self._grants:
            assert self._grants.wait_for(lambda: mid in self._granted, WITHIN_S), "no SUBACK"
        return self._granted[mid or 0]

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish and wait for the broker's acknowledgement, which even forbidden messages get."""
        self.client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(WITHIN_S)

    def _on_connect(
        self,
        client: Client,
        userdata: object,
        flags: ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        self.admitted = not reason.is_failure
        self._answered.set()

    def _on_subscribe(
        self,
        client: Client,
        userdata: object,
        mid: int,
        reasons: list[ReasonCode],
        properties: Properties | None,
    ) -> None:
        with self._grants:
            self._granted[mid] = not any(reason.is_failure for reason in reasons)
            self._grants.notify_all()

    def _on_message(self, client: Client, userdata: object, message: MQTTMessage) -> None:
        self.got.append((message.topic, bytes(message.payload)))
