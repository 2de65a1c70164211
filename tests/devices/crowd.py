"""Thousands of light machines in one thread: they speak the contract, obey at once, and keep no rules.

For load, not for faults: nothing is stored, and a run is over as soon as it began.
"""

import heapq
import random
import secrets
import selectors
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from devices.protocol.commands import Command, Op
from devices.protocol.envelope import sign, verify
from devices.protocol.events import Event, EventName, Telemetry
from devices.protocol.sessions import Conn, Hello, Sync, new_nonce
from devices.protocol.topics import Topic
from tests.devices import mqtt_bytes

KEEPALIVE_S = 30
TELEMETRY_S = 30
HELLO_AGAIN_S = 2, 4, 8, 16, 32, 60
SYNC_WITHIN_S = 5
READ = 65536
AGAIN_S = 0.5, 3.0  # after a connection was lost, unevenly


class LightMachine:
    """One connection and its session."""

    def __init__(self, name: str, key: bytes, password: str) -> None:
        self.name = name
        self._key, self._password = key, password
        self._boot, self._c, self._n, self._mid = secrets.randbits(32), 0, 0, 0
        self._nonce, self._asked_at, self._asked = "", 0.0, 0
        self.sess = ""
        self.buffer = bytearray()
        self.sock: socket.socket | None = None

    def connect(self, address: tuple[str, int]) -> socket.socket:
        """Open a connection and sign in."""
        self._c += 1
        self._asked, self.sess = 0, ""
        self.buffer.clear()
        self.sock = sock = socket.create_connection(address)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(
            mqtt_bytes.connect(
                self.name,
                password=self._password,
                will_topic=Topic.CONN.of(self.name),
                will=self._presence(on=False),
                keepalive_s=2 * KEEPALIVE_S,
            )
        )
        return sock

    def subscribe(self) -> None:
        self._send(mqtt_bytes.subscribe(Topic.CMD.of(self.name), Topic.SYNC.of(self.name)))

    def greet(self) -> float:
        """Say hello; return how long to wait for a sync before the next one."""
        if not self._asked:
            self.publish(Topic.CONN, self._presence(on=True))
        self._nonce, self._asked_at = new_nonce(), time.monotonic()
        hello = Hello(
            nonce=self._nonce, boot=self._boot, c=self._c, fw="light 1", running=(), more=False, sess=""
        )
        self.say(Topic.HELLO, hello.body())
        self._asked += 1
        return HELLO_AGAIN_S[min(self._asked, len(HELLO_AGAIN_S)) - 1]

    def synced(self, message: bytes) -> bool:
        """Take a sync in; False if it is not the answer to the last hello, or late."""
        sync = Sync.parse(verify(message, keys=[self._key], device_id=self.name, topic=Topic.SYNC))
        if sync.nonce != self._nonce or time.monotonic() - self._asked_at > SYNC_WITHIN_S:
            return False
        self.sess, self._nonce = sync.sess, ""
        self.event(EventName.SYNCED, sess=sync.sess)
        return True

    def told(self, message: bytes) -> Command:
        return Command.parse(verify(message, keys=[self._key], device_id=self.name, topic=Topic.CMD))

    def event(self, ev: EventName, about: Command | None = None, *, sess: str = "", code: str = "ok") -> None:
        self._n += 1
        event = Event(
            id=about.id if about else None,
            boot=self._boot,
            n=self._n,
            ev=ev,
            t=int(time.time() * 1000),
            sess=sess,
            code=code,
        )
        self.say(Topic.EVT, event.body())

    def say(self, topic: Topic, body: dict[str, object]) -> None:
        self.publish(topic, sign(body, key=self._key, device_id=self.name, topic=topic))

    def publish(self, topic: Topic, payload: bytes) -> None:
        """Publish anything, also what no machine may say."""
        self._mid = self._mid % 65535 + 1
        mid = self._mid if topic.qos else 0
        self._send(mqtt_bytes.publish(topic.of(self.name), payload, mid=mid, retained=topic.retained))

    def keep_alive(self) -> None:
        self._send(mqtt_bytes.PING)
        if self.sess:
            self.say(Topic.TEL, Telemetry(rssi=-60).body())

    def _presence(self, *, on: bool) -> bytes:
        return Conn(on=on, boot=self._boot, c=self._c).encode()

    def _send(self, packet: bytes) -> None:
        if self.sock is not None:
            with suppress(OSError):  # whoever reads from it learns that it ended
                self.sock.sendall(packet)


class Crowd:
    """Machines connected to one broker, served by a thread of their own."""

    def __init__(
        self,
        machines: Iterable[LightMachine],
        *,
        url: str,
        answers: Sequence[EventName] = (EventName.ACCEPTED, EventName.FINISHED),
    ) -> None:
        parts = urlsplit(url)
        self._address = parts.hostname or "", parts.port or 0
        self.machines = list(machines)
        self.answers = answers
        self.obeyed: Counter[str] = Counter()  # commands by op
        self.late_syncs = 0
        self.lost = 0  # connections
        self.online = 0
        self._selector = selectors.DefaultSelector()
        self._clock: list[tuple[float, int, LightMachine, Callable[[LightMachine], None]]] = []
        self._ticket = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self.run, name="crowd")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def run(self) -> None:
        """Connect all, then serve them until the end."""
        for machine in self.machines:
            self._connect(machine)
            self._turn(0)
        while not self._over.is_set():
            self._turn(0.05)
            self._tick(time.monotonic())
        for machine in self.machines:
            if machine.sock is not None:
                machine.sock.close()
        self._selector.close()

    def _connect(self, machine: LightMachine) -> None:
        try:
            line = machine.connect(self._address)
        except OSError:
            self._come_back(machine)
        else:
            self._selector.register(line, selectors.EVENT_READ, machine)

    def _come_back(self, machine: LightMachine) -> None:
        machine.sock, machine.sess = None, ""
        self._later(random.uniform(*AGAIN_S), machine, self._connect)

    def _turn(self, wait_s: float) -> None:
        for key, _ in self._selector.select(wait_s):
            self._read(key.data)

    def _read(self, machine: LightMachine) -> None:
        assert machine.sock is not None
        try:
            data = machine.sock.recv(READ)
        except ConnectionError:
            data = b""
        if not data:
            self._selector.unregister(machine.sock)
            machine.sock.close()
            self.online -= bool(machine.sess)
            self.lost += 1
            self._come_back(machine)
            return
        machine.buffer += data
        for kind, body in mqtt_bytes.packets(machine.buffer):
            self._take(machine, kind, body)

    def _take(self, machine: LightMachine, kind: int, body: bytes) -> None:
        if kind == mqtt_bytes.CONNACK:
            assert body[1] == 0, f"refused: {body!r}"
            machine.subscribe()
        elif kind == mqtt_bytes.SUBACK:
            self._greet(machine)
            self._later(random.uniform(0, TELEMETRY_S), machine, self._keep_alive)
        elif kind == mqtt_bytes.PUBLISH:
            topic, payload = mqtt_bytes.published(body)
            (self._sync if topic.endswith("sync") else self._obey)(machine, payload)

    def _sync(self, machine: LightMachine, payload: bytes) -> None:
        if machine.synced(payload):
            self.online += 1
        elif not machine.sess:
            self.late_syncs += 1

    def _obey(self, machine: LightMachine, payload: bytes) -> None:
        command = machine.told(payload)
        self.obeyed[command.op] += 1
        for ev in self.answers if command.op == Op.START else (EventName.ACCEPTED,):
            machine.event(ev, command)

    def _greet(self, machine: LightMachine) -> None:
        """Say hello, again and again until there is a session."""
        if machine.sock is not None and not machine.sess:
            self._later(machine.greet(), machine, self._greet)

    def _keep_alive(self, machine: LightMachine) -> None:
        if machine.sock is not None:
            machine.keep_alive()
            self._later(TELEMETRY_S, machine, self._keep_alive)

    def _later(self, seconds: float, machine: LightMachine, what: Callable[[LightMachine], None]) -> None:
        self._ticket += 1
        heapq.heappush(self._clock, (time.monotonic() + seconds, self._ticket, machine, what))

    def _tick(self, now: float) -> None:
        while self._clock and self._clock[0][0] <= now:
            _, _, machine, what = heapq.heappop(self._clock)
            what(machine)
