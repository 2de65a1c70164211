"""One answer per key, for life. docs/money.md says what a caller may rely on."""

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import OperationalError, connection, transaction

from outbox.errors import Refusal
from payments import wire
from payments.errors import InProgress, KeyReused
from payments.models import IdempotentAnswer

# The caller may repair these and try again under the same key: a body, a token, a PIN, a pause.
_NOT_STORED = frozenset({400, 401, 423, 429})
_TRIES = 3
_UNDONE = frozenset(
    {"40P01", "40001"}
)  # deadlock, serialization failure: nobody's fault, nothing was written

_KNOWN = b"""
SELECT encode(body_hash, 'hex'), status, body FROM payments_idempotentanswer WHERE caller = $1 AND key = $2
"""
# The lock that idempotency_begin only tries to get; who has it tries successfully.
_WAIT = "SELECT pg_advisory_xact_lock(hashtextextended(%s::uuid::text || %s, 20201))"
_BEGIN = "SELECT state, known_hash, known_status, known_body, begun_at FROM idempotency_begin(%s, %s)"


@dataclass(frozen=True, slots=True)
class Call:
    """One call under a key.

    Attributes:
        caller: the user or merchant, never a token.
        body_hash: see `digest`.
        request_id: stands in a stored refusal, so that it is repeated to the letter.
    """

    caller: UUID
    key: str
    body_hash: bytes
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call was answered: the HTTP status and the JSON body."""

    status: int
    body: dict[str, object]
    replayed: bool = False


class StoredRefusal(Refusal):
    """The same no as the first time."""

    replayed = True

    def __init__(self, status: int, body: Mapping[str, object]) -> None:
        errors = body["errors"]
        super().__init__(str(body["detail"]), errors=errors if isinstance(errors, dict) else None)
        self.status = status
        self.code = str(body["code"])
        self.request_id = str(body["request_id"])


def digest(method: str, path: str, body: Mapping[str, object]) -> bytes:
    """Return the hash by which a repeated call is told from another one; a PIN leaves no trace in it.

    It is keyed: other short secrets stand in bodies, too, a parcel's code for one, and nobody shall find them
    by trying all of them against the database.
    """
    without_pin = {name: value for name, value in body.items() if name != "pin"}
    text = json.dumps([method, path, without_pin], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hmac.digest(settings.PIN_PEPPER.encode(), b"call|" + text.encode(), "sha256")


def replay(call: Call) -> Answer | None:
    """Return the stored answer of a finished call, None if there is none. Comes before the PIN check.

    Raises:
        KeyReused: the key was used for another body.
        StoredRefusal: the first answer was a refusal.
    """
    known = wire.row(_KNOWN, [call.caller, call.key])
    if known is None:
        return None
    body_hash, status, body = known
    return again(call, bytes.fromhex(str(body_hash)), int(str(status)), str(body))


def run(call: Call, work: Callable[[datetime], Answer]) -> Answer:
    """Do the work and store its answer, in one transaction; a repeated call gets the stored answer.

    Args:
        work: takes the transaction's time; runs inside a savepoint.

    Raises:
        InProgress: the first call under this key is still running.
        KeyReused, StoredRefusal: as `replay`.
        Refusal: what the work refused; stored already unless the caller may repair it.
    """

    def stored(now: datetime) -> Answer:
        with transaction.atomic():
            answer = work(now)
        store(call, answer)
        return answer

    return run_storing(call, stored)


def run_storing(call: Call, work: Callable[[datetime], Answer], *, waits: bool = False) -> Answer:
    """As `run`, for work that stores its own answer and, when it refuses, leaves nothing written behind.

    Args:
        waits: this ends a call that began in an earlier transaction: it waits for whoever holds the key.
    """
    return repeat_if_undone(partial(_once, call, work, waits=waits))


def refuse(call: Call, refusal: Refusal) -> Answer:
    """Store a refusal and raise it, unless the call was answered before: then return or raise that.

    Raises:
        InProgress, KeyReused, StoredRefusal: as `run`.
        Refusal: this one.
    """

    def work(_: datetime) -> Answer:
        raise refusal

    return run_storing(call, work)


def repeat_if_undone(attempt: Callable[[], Answer]) -> Answer:
    """Try a whole transaction again when the database had to undo it, three times at most."""
    for _ in range(_TRIES - 1):
        try:
            return attempt()
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) not in _UNDONE:
                raise
    return attempt()


def store(call: Call, answer: Answer) -> None:
    """Keep an answer for life, in the transaction of the work."""
    IdempotentAnswer.objects.create(
        caller=call.caller,
        key=call.key,
        body_hash=call.body_hash,
        status=answer.status,
        body=json.dumps(answer.body, ensure_ascii=False),
    )


def _once(call: Call, work: Callable[[datetime], Answer], *, waits: bool) -> Answer:
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            if waits:
                cursor.execute(_WAIT, [call.caller, call.key])
            cursor.execute(_BEGIN, [call.caller, call.key])
            state, known_hash, known_status, known_body, now = cursor.fetchone()
        if state == "busy":
            raise InProgress
        if state == "known":
            return again(call, known_hash, known_status, known_body)
        try:
            return work(now)
        except Refusal as refusal:
            if refusal.status in _NOT_STORED:
                raise
            store(call, _answer_of(refusal, call.request_id))
            refused = refusal
    raise refused


def _answer_of(refusal: Refusal, request_id: str) -> Answer:
    body: dict[str, object] = {
        "code": refusal.code,
        "detail": refusal.detail,
        "errors": refusal.errors,
        "request_id": request_id,
    }
    return Answer(refusal.status, body)


def again(call: Call, body_hash: bytes, status: int, body: str) -> Answer:
    """Return what is stored under a key.

    Raises:
        KeyReused, StoredRefusal: as `replay`.
    """
    if bytes(body_hash) != call.body_hash:
        raise KeyReused
    if status >= 400:
        raise StoredRefusal(status, json.loads(body))
    return Answer(status, json.loads(body), replayed=True)
