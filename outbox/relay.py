"""Handing stored facts to their handlers: claim, handle, delete.

1. Claim: one committed statement takes the delivery that is due longest, counts the attempt and moves
   `next_at` behind a lease. A process that dies from here on has lost nothing, the delivery falls due again;
   and one that kills its workers cannot starve the rest.
2. Handle. A database handler runs in the transaction that deletes the delivery, so both happen or neither. A
   network handler runs outside any transaction and the delivery is deleted afterwards, so it may run twice.
3. A handler that raises: the error is kept, the back-off doubles up to an hour, and after twenty attempts the
   delivery is dead: a person looks at it in the admin.

`attempts` is the fence: whoever claims later has a higher one, and the earlier owner's delete finds no row.
"""

import json
import logging
from dataclasses import dataclass

from django.db import connection, transaction

from outbox import registry
from outbox.models import Delivery

MOST_ATTEMPTS = 20
DATABASE_LEASE_S = 5  # only bridges a crash: while a database handler runs, its row lock keeps others away
NETWORK_LEASE_S = 30
LONGEST_BACK_OFF_S = 3600
LONGEST_ERROR = 1000

_CLAIM = """
UPDATE outbox_delivery
SET attempts = attempts + 1,
    next_at = clock_timestamp() + make_interval(secs => GREATEST(
        LEAST(power(2, attempts), %(longest_back_off_s)s),
        CASE WHEN handler = ANY(%(network)s) THEN %(network_lease_s)s ELSE %(database_lease_s)s END))
WHERE id = (
    SELECT id FROM outbox_delivery
    WHERE queue = %(queue)s AND dead_at IS NULL
      AND next_at <= clock_timestamp() AND attempts < %(most_attempts)s
    ORDER BY next_at LIMIT 1
    FOR UPDATE SKIP LOCKED)
RETURNING id, fact, handler, payload::text, attempts
"""

_FAIL = """
UPDATE outbox_delivery
SET last_error = %(error)s,
    next_at = clock_timestamp()
        + make_interval(secs => LEAST(power(2, attempts - 1), %(longest_back_off_s)s)),
    dead_at = CASE WHEN attempts >= %(most_attempts)s THEN clock_timestamp() END
WHERE id = %(id)s AND attempts = %(attempts)s
RETURNING dead_at IS NOT NULL
"""

_BURY = """
UPDATE outbox_delivery SET dead_at = now()
WHERE dead_at IS NULL AND next_at <= now() AND attempts >= %s
RETURNING id, fact, handler
"""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that is ours until its lease ends."""

    id: int
    fact: str
    handler: str
    payload: dict[str, object]
    attempts: int


def drain(*, queue: str, most: int) -> int:
    """Hand over due deliveries of a queue until none is left or `most` were tried; return how many were."""
    for done in range(most):
        claim = _claim(queue)
        if claim is None:
            return done
        _deliver(claim)
    return most


def bury() -> int:
    """Mark deliveries dead whose last attempt ended without a word, with its process; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(_BURY, [MOST_ATTEMPTS])
        lost = cursor.fetchall()
    for number, fact, handler in lost:
        logger.error("Delivery %s of %s to %s is dead: its processes died with it", number, fact, handler)
    return len(lost)


def due_queues() -> list[str]:
    """Return the queues in which something is due."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT queue FROM outbox_delivery WHERE dead_at IS NULL AND next_at <= now()"
        )
        return [queue for (queue,) in cursor.fetchall()]


def _claim(queue: str) -> Claim | None:
    parameters: dict[str, str | int | list[str]] = {
        "queue": queue,
        "network": registry.network_handlers(),
        "network_lease_s": NETWORK_LEASE_S,
        "database_lease_s": DATABASE_LEASE_S,
        "longest_back_off_s": LONGEST_BACK_OFF_S,
        "most_attempts": MOST_ATTEMPTS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, parameters)
        row = cursor.fetchone()
    return Claim(row[0], row[1], row[2], json.loads(row[3]), row[4]) if row else None


def _deliver(claim: Claim) -> None:
    """Run the handler; whatever it raises stays with its own delivery."""
    try:
        subscription = registry.find(claim.fact, claim.handler)
        if subscription.network:
            subscription.call(**claim.payload)
            _delete(claim)
        else:
            _deliver_in_transaction(claim, subscription)
    except Exception as error:  # noqa: BLE001 - one bad delivery must not stop the others
        _fail(claim, error)


def _deliver_in_transaction(claim: Claim, subscription: registry.Subscription) -> None:
    with transaction.atomic():
        # Deleting first locks the row and proves that the claim still stands; raising takes the delete back.
        if _delete(claim):
            subscription.call(**claim.payload)


def _delete(claim: Claim) -> bool:
    deleted, _ = Delivery.objects.filter(pk=claim.id, attempts=claim.attempts).delete()
    return deleted == 1


def _fail(claim: Claim, error: Exception) -> None:
    text = f"{type(error).__name__}: {error}".replace("\x00", "")[:LONGEST_ERROR]
    parameters: dict[str, str | int | list[str]] = {
        "error": text,
        "longest_back_off_s": LONGEST_BACK_OFF_S,
        "most_attempts": MOST_ATTEMPTS,
        "id": claim.id,
        "attempts": claim.attempts,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FAIL, parameters)
        row = cursor.fetchone()
    level = logging.ERROR if row and row[0] else logging.WARNING
    logger.log(
        level, "%s failed on delivery %s, attempt %s", claim.handler, claim.id, claim.attempts, exc_info=error
    )
