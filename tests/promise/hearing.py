"""Taking in what machines say, over rows in memory: as the gateway's intake and the services behind it."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from devices import handshake, keys
from devices.decide import decide
from devices.gateway.line import Incoming
from devices.gateway.reading import Message, read
from devices.machines.base import Machine
from devices.protocol.envelope import sign
from devices.protocol.errors import ProtocolError
from devices.protocol.events import Event, EventName, State
from devices.protocol.sessions import Conn, Hello, Sync
from devices.protocol.topics import Topic
from devices.services.drive import Outgoing
from devices.services.hear import VERDICTS
from devices.states import CommandStatus, Trouble
from devices.wiretime import milliseconds_up
from tests.promise.books import Books

KEY_VERSION = 1


class Hearing:
    """What one gateway does with one machine's messages."""

    def __init__(
        self, *, device_id: UUID, machine: Machine, books: Books, new_sess: Callable[[], str]
    ) -> None:
        self._device_id, self._machine, self._books, self.new_sess = device_id, machine, books, new_sess
        self._rows = books.rows

    def take(self, incoming: Incoming, *, at: datetime) -> list[Outgoing]:
        """Take in a message; one that cannot be read is dropped, and acknowledged all the same."""
        try:
            message = read(incoming, versions={self._device_id: (KEY_VERSION,)})
        except ProtocolError:
            return []
        sync = self._take(message, at=at)
        if message.shows_life:
            self._rows.session.last_seen_at = at
        return [self._answer(sync)] if sync else []

    def _take(self, message: Message, *, at: datetime) -> Sync | None:
        match message.content:
            case Event() as event:
                self._hear(event, at=at)
            case Hello() as hello:
                return self._greet(hello, at=at)
            case Conn() as conn:
                self._lose(conn, at=at)
            case State() as state:
                self._rows.session.says = state.status
        return None

    def _answer(self, sync: Sync) -> Outgoing:
        name = str(self._device_id)
        payload = sign(sync.body(), key=keys.key_of(name), device_id=name, topic=Topic.SYNC)
        return Outgoing(Topic.SYNC.of(name), payload)

    # Sessions

    def _greet(self, hello: Hello, *, at: datetime) -> Sync | None:
        session = self._rows.session
        if handshake.is_outdated(hello, session):
            return None
        session.offer_sess = handshake.known_sess(hello, session) or self.new_sess()
        session.offer_boot, session.offer_c = hello.boot, hello.c
        for run_id in hello.running:
            run = self._rows.runs.get(run_id)
            # SQL: what the machine says it runs although the money went back.
            if run and not run.is_open and run.started_at is None:
                self._books.note(run.id, Trouble.LATE_START)
                self._books.stop(run, at=at)
        return Sync(nonce=hello.nonce, now_ms=milliseconds_up(at), sess=session.offer_sess)

    def _adopt(self, event: Event, *, at: datetime) -> None:
        """SQL: by compare-and-set on what was offered; then everything open is due at once."""
        session = self._rows.session
        if not session.offer_sess or (event.sess, event.boot) != (session.offer_sess, session.offer_boot):
            return
        session.sess, session.boot, session.c = event.sess, event.boot, session.offer_c
        session.synced_at, session.gone_at = at, None
        for command in self._rows.commands.values():
            if command.is_open:
                command.due_at = at

    def _lose(self, conn: Conn, *, at: datetime) -> None:
        """SQL: only the last will of the current connection counts."""
        session = self._rows.session
        if not conn.on and (conn.boot, conn.c) == (session.boot, session.c) and session.gone_at is None:
            session.gone_at = at

    # Events

    def _hear(self, event: Event, *, at: datetime) -> None:
        if event.id is not None and event.id not in self._rows.commands:
            return  # foreign: not stored
        if (event.boot, event.n) in self._rows.events:  # SQL: unique per machine
            return
        self._rows.events.add((event.boot, event.n))
        if event.id is not None:
            self._hear_of_a_command(event.id, event, at=at)
        elif event.ev is EventName.SYNCED:
            self._adopt(event, at=at)

    def _hear_of_a_command(self, command_id: UUID, event: Event, *, at: datetime) -> None:
        command, run = self._rows.commands[command_id], self._rows.runs.get(command_id)
        if run:
            self._books.carry_out(run, decide(run.facts, event, self._machine), at=at)
        elif event.ev in VERDICTS and command.status is CommandStatus.SENT:
            command.status = VERDICTS[event.ev]
