"""Storing a batch of messages: first stored, then acknowledged, and no message can stop the others."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from uuid import UUID

from django.db import OperationalError, transaction

from devices import keys
from devices.gateway.line import Incoming
from devices.gateway.reading import Acquaintances, Message, read, sender
from devices.protocol.envelope import sign
from devices.protocol.errors import ProtocolError
from devices.protocol.events import Event, State, Telemetry
from devices.protocol.sessions import Conn, Hello, Sync
from devices.protocol.topics import Topic
from devices.services import sessions, strangers
from devices.services.drive import Outgoing
from devices.services.greetings import greet
from devices.services.hear import Heard, hear
from devices.services.strangers import Stranger

log = logging.getLogger(__name__)

TRIES = 3  # of a transaction that the database refused for reasons of its own: a deadlock, a lock, no space
PAUSE_S = 0.2
REFUSED = {Heard.FOREIGN: "foreign_command", Heard.TOO_MANY: "too_many"}
Outcome = Outgoing | Stranger


class Intake:
    """Takes batches in; remembers who spoke until `flush`."""

    def __init__(self, *, still_ours: Callable[[], bool]) -> None:
        """`still_ours` tells, after an error, whether our database connection and its lock outlived it."""
        self._still_ours = still_ours
        self._known = Acquaintances()
        self._seen: set[UUID] = set()

    def store(self, batch: Sequence[Incoming]) -> list[Outgoing]:
        """Store a batch and return what to answer. Afterwards all of it may be acknowledged.

        Raises:
            Exception: the database is gone; nothing of the batch may be acknowledged.
        """
        messages, refused = self._read(batch)
        outcomes = [outcome for chunk in _chunks(messages) for outcome in self._store_chunk(chunk)]
        self._seen |= {message.device_id for message in messages if message.shows_life}
        refused += [outcome for outcome in outcomes if isinstance(outcome, Stranger)]
        if refused:
            strangers.keep(refused)
        return [outcome for outcome in outcomes if isinstance(outcome, Outgoing)]

    def flush(self) -> None:
        """Store who was heard since the last time."""
        if self._seen:
            sessions.seen(device_ids=self._seen)
            self._seen = set()

    def _read(self, batch: Sequence[Incoming]) -> tuple[list[Message], list[Stranger]]:
        versions = self._known.among({one for incoming in batch if (one := sender(incoming))})
        messages: list[Message] = []
        refused: list[Stranger] = []
        for incoming in batch:
            try:
                messages.append(read(incoming, versions=versions))
            except ProtocolError as error:
                refused.append(Stranger(incoming.topic, error.code, incoming.payload))
            except Exception:
                log.exception("A message cannot be read")
                refused.append(Stranger(incoming.topic, "error", incoming.payload))
        return messages, refused

    def _store_chunk(self, chunk: Sequence[Message]) -> list[Outcome]:
        try:
            return self._transact(chunk)
        except Exception:
            if not self._still_ours():
                raise
            if len(chunk) > 1:
                return [outcome for message in chunk for outcome in self._store_chunk([message])]
            log.exception("A message of device %s cannot be stored", chunk[0].device_id)
            return [Stranger(chunk[0].incoming.topic, "error", chunk[0].incoming.payload)]

    def _transact(self, chunk: Sequence[Message]) -> list[Outcome]:
        """Store messages in one transaction, again when the database refuses although it is there."""
        for number in range(1, TRIES):
            try:
                return self._take(chunk)
            except OperationalError:
                if not self._still_ours():
                    raise
                time.sleep(PAUSE_S * number)
        return self._take(chunk)

    def _take(self, chunk: Sequence[Message]) -> list[Outcome]:
        with transaction.atomic():
            outcomes = [_take_one(message) for message in chunk]
            return [*_greet(chunk), *(outcome for outcome in outcomes if outcome is not None)]


def _chunks(messages: Iterable[Message]) -> Iterator[list[Message]]:
    """Split a batch, in its order: quiet neighbours share a transaction, each other message has its own."""
    for quiet, neighbours in groupby(messages, key=lambda message: message.is_quiet):
        if quiet:
            yield list(neighbours)
        else:
            yield from ([message] for message in neighbours)


def _take_one(message: Message) -> Outcome | None:
    device_id = message.device_id
    match message.content:
        case Event() as event:
            return _take_event(message, event)
        case Conn() as conn:
            sessions.lose(device_id=device_id, conn=conn)
        case State() as state:
            sessions.picture(device_id=device_id, state=state)
        case Telemetry() as telemetry:
            sessions.measure(device_id=device_id, telemetry=telemetry)
    return None


def _take_event(message: Message, event: Event) -> Stranger | None:
    reason = REFUSED.get(_heard(message, event))
    return None if reason is None else Stranger(message.incoming.topic, reason, message.incoming.payload)


def _heard(message: Message, event: Event) -> Heard:
    return hear(device_id=message.device_id, event=event, body=message.body, key_version=message.key_version)


def _greet(chunk: Sequence[Message]) -> list[Outgoing]:
    """Answer the hellos of a chunk, all at once."""
    hellos = [(message, message.content) for message in chunk if isinstance(message.content, Hello)]
    if not hellos:
        return []
    syncs = greet(hellos=[(message.device_id, hello) for message, hello in hellos])
    return [_answer(message, sync) for (message, _), sync in zip(hellos, syncs, strict=True) if sync]


def _answer(message: Message, sync: Sync) -> Outgoing:
    name = str(message.device_id)
    key = keys.key_of(name, message.key_version)
    return Outgoing(Topic.SYNC.of(name), sign(sync.body(), key=key, device_id=name, topic=Topic.SYNC))
