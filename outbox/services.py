"""Telling facts."""

import json

from django.db import connection, transaction

from outbox import registry, wake

DRAIN = "outbox.tasks.drain"

_INSERT = "INSERT INTO outbox_delivery (fact, handler, queue, payload) VALUES "
_ROW = "(%s, %s, %s, %s)"
_RETRY = """
UPDATE outbox_delivery SET attempts = 0, dead_at = NULL, next_at = now()
WHERE id = ANY(%s) RETURNING queue
"""


def publish(fact: str, **payload: object) -> None:
    """Store a delivery per subscriber with the caller's change, and wake their queues when it commits.

    Args:
        fact: past tense, `app.noun.verb`.
        payload: what JSON can hold; ids as text. Handlers look the rest up.

    Raises:
        TransactionManagementError: outside a transaction a fact could outlive the change it tells of.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            f"Publish {fact} inside the transaction that makes it true."
        )
    subscriptions = registry.subscriptions_to(fact)
    if not subscriptions:
        return
    body = json.dumps(payload)
    values = [value for each in subscriptions for value in (fact, each.handler, each.queue, body)]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT + ", ".join([_ROW] * len(subscriptions)), values)
    for queue in {each.queue for each in subscriptions}:
        wake.wake(DRAIN, queue=queue, queue_name=queue)


def retry(*, delivery_ids: list[int]) -> int:
    """Make deliveries due now with a fresh count of attempts; return how many there were."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_RETRY, [delivery_ids])
        queues = [queue for (queue,) in cursor.fetchall()]
        for queue in set(queues):
            wake.wake(DRAIN, queue=queue, queue_name=queue)
    return len(queues)
