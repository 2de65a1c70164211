"""The server's side of the wire for one machine: it hears everything and says what it is told to."""

import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit
from uuid import uuid4

from paho.mqtt.client import Client, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from clients.micropython.wire import Refused, encode, sign, verify

SPOKEN = ("evt", "hello", "state", "tel", "conn")
DEFAULT_PORT = 1883
CONNECT_S = 5
HELLO_S = 70  # a machine that nobody answers says hello at least once a minute
ATTEMPTS = 3
ANSWER_S = 5  # enough for a slow module
LIVES_MS = 30_000  # a command

Body = dict[str, Any]


class Broken(Exception):
    """The machine does not keep a rule; the text says what it did instead."""


class Skipped(Exception):
    """A rule cannot be tried here; the text says why."""


class Unreachable(Exception):
    """The bench itself does not get to work; the text says why."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A message of the machine."""

    topic: str
    body: Body
    raw: bytes
    retained: bool


@dataclass(frozen=True, slots=True)
class Setup:
    """Which machine stands on the bench, and how it is reached."""

    device_id: str
    key: bytes
    mqtt_url: str
    user: str = ""
    password: str = ""
    start_op: str = "start"
    start_args: str = '{"dur_s": 60}'
    quiet_s: float = 1.5  # how long nothing must come, where nothing may come


class Bench:
    """Use as a context manager. Every wait raises Broken when the machine does not do its part."""

    def __init__(self, setup: Setup, power_cut: Callable[[], None] | None = None) -> None:
        self.setup, self.power_cut = setup, power_cut
        self.sess = ""
        self.unsigned: list[str] = []  # messages of the machine that nobody can believe
        self.syncs: list[bytes] = []  # those that the machine took
        self._heard: list[Heard] = []
        self._news, self._ready = threading.Condition(), threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv311)
        if setup.user:
            self._client.username_pw_set(setup.user, setup.password)
        self._client.on_socket_open = _no_delay
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = self._on_message

    def __enter__(self) -> Self:
        parts = urlsplit(self.setup.mqtt_url)
        if parts.scheme != "mqtt" or not parts.hostname:
            raise Unreachable("The broker's address is written like mqtt://127.0.0.1:1883.")
        try:
            self._client.connect(parts.hostname, parts.port or DEFAULT_PORT)
        except OSError as error:
            raise Unreachable(f"The broker cannot be reached: {error}.") from None
        self._client.loop_start()
        if not self._ready.wait(CONNECT_S):
            self.__exit__()
            raise Unreachable("The broker does not let the bench in: is --user right?")
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    # Saying

    def publish(self, topic: str, message: bytes) -> None:
        self._client.publish(f"v1/{self.setup.device_id}/{topic}", message, qos=1)

    def say(self, topic: str, body: Body, **otherwise: Any) -> bytes:
        """Publish a signed message; `key`, `device_id`, `signed_as` spoil the signature."""
        message = sign(
            encode(body).encode(),
            otherwise.get("key", self.setup.key),
            otherwise.get("device_id", self.setup.device_id),
            otherwise.get("signed_as", topic),
        )
        self.publish(topic, message)
        return message

    def sync(self, hello: Heard, sess: str, **otherwise: Any) -> bytes:
        body = {"v": 1, "nonce": otherwise.pop("nonce", hello.body.get("nonce")), "now_ms": now_ms()}
        return self.say("sync", body | {"sess": sess, "keepalive_s": 30}, **otherwise)

    def command(self, op: str, args: Body | None = None, **changes: Any) -> Body:
        """A command nobody has sent yet."""
        t = now_ms()
        body: Body = {"v": 1, "id": str(uuid4()), "sess": self.sess, "t": t, "exp": t + LIVES_MS, "op": op}
        return body | {"a": args or {}} | changes

    def start_command(self) -> Body:
        return self.command(self.setup.start_op, json.loads(self.setup.start_args))

    def give(self, command: Body, **otherwise: Any) -> Body:
        self.say("cmd", command, **otherwise)
        return command

    # Hearing

    def mark(self) -> int:
        """How much was heard until now."""
        return len(self._heard)

    def listen_anew(self, topic: str) -> None:
        """Subscribe once more: what is retained there comes again, marked so."""
        self._client.subscribe(f"v1/{self.setup.device_id}/{topic}", 1)

    def heard(self, topic: str, since: int = 0) -> list[Heard]:
        return [one for one in self._heard[since:] if one.topic == topic]

    def events(self, command: Body, since: int = 0) -> list[Heard]:
        return [one for one in self.heard("evt", since) if one.body.get("id") == command["id"]]

    def named(self, command: Body, name: str, since: int = 0) -> list[Heard]:
        return [one for one in self.events(command, since) if one.body.get("ev") == name]

    def wait(self, what: Callable[[], Any], missing: str, within_s: float = ANSWER_S) -> Any:
        """The first true answer; Broken with `missing` when there is none in time."""
        with self._news:
            self._news.wait_for(lambda: bool(what()), within_s)
            found = what()
        if not found:
            raise Broken(missing)
        return found

    def silence(self, since: int, allowed: Callable[[Heard], bool], wrong: str) -> None:
        """Broken with `wrong` if an event comes that is not allowed."""
        time.sleep(self.setup.quiet_s)
        for one in self.heard("evt", since):
            if not allowed(one):
                raise Broken(f"{wrong}: {one.body.get('ev')} {one.body.get('code', '')}")

    # A session

    def next_hello(self, since: int) -> Heard:
        self.sess = ""
        missing = f"no hello within {HELLO_S} s: is it connected, subscribed, and without a session?"
        return self.wait(lambda: self.heard("hello", since), missing, HELLO_S)[-1]  # type: ignore[no-any-return]

    def open_session(self, since: int | None = None) -> Heard:
        """Answer a hello; return the event `synced`."""
        for _ in range(ATTEMPTS):  # our answer may cross the machine's next hello
            hello, since = self.next_hello(self.mark() if since is None else since), self.mark()
            sess = uuid4().hex[:6]
            message = self.sync(hello, sess)
            if synced := self._synced(sess, since):
                self.sess = sess
                self.syncs.append(message)
                return synced
        raise Broken("its hello was answered and no `synced` with that session came")

    def _synced(self, sess: str, since: int) -> Heard | None:
        with suppress(Broken):
            return self.wait(  # type: ignore[no-any-return]
                lambda: [one for one in self.heard("evt", since) if one.body.get("sess") == sess], ""
            )[0]
        return None

    def ensure_session(self) -> None:
        if not self.sess:
            self.open_session()

    def _on_connect(self, client: Client, *_: object) -> None:
        client.subscribe([(f"v1/{self.setup.device_id}/{topic}", 1) for topic in SPOKEN])

    def _on_message(self, client: Client, data: object, message: MQTTMessage) -> None:
        topic, raw = message.topic.rpartition("/")[2], bytes(message.payload)
        with self._news:
            try:
                body = json.loads(raw) if topic == "conn" else self._open(topic, raw)
                self._heard.append(Heard(topic, body, raw, message.retain))
            except (Refused, ValueError) as error:
                self.unsigned.append(f"{topic}: {error}")
            self._news.notify_all()

    def _open(self, topic: str, raw: bytes) -> Body:
        return verify(raw, self.setup.key, self.setup.device_id, topic)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def _no_delay(client: Client, data: object, line: Any) -> None:
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
