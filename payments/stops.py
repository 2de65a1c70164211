"""Stopping withdrawals while the books may be wrong: money that has left cannot be counted again.

The auditor stops them by itself, a person lets them run again. Payments, refunds and top-ups go on: they stay
inside the books, where a mistake can still be corrected by a new row.
"""

from uuid import UUID

from django.db import connection, transaction
from django.db.models.functions import Now

from outbox.ids import uuid7
from payments.errors import BooksStillWrong
from payments.models import AuditPass, WithdrawalStop

_STOP = """
INSERT INTO payments_withdrawalstop (id, reason, ended_because) VALUES (%s, %s, '')
ON CONFLICT DO NOTHING
"""


def withdrawals_are_stopped() -> bool:
    """Say whether no withdrawal may leave now, neither a new one nor one that only waits to be submitted.

    A withdrawal asks inside its own transaction and answers 403 `withdrawals_frozen`. A stop that commits
    beside that transaction is not seen by it; so whoever submits to the bank, singly or by file, asks again
    before it moves a withdrawal to SUBMITTED, and leaves it REQUESTED and due while the stop lasts.
    """
    return WithdrawalStop.objects.filter(ended_at__isnull=True).exists()


def stop(*, reason: str) -> bool:
    """Stop withdrawals from now on; False if they were stopped already, and the first reason stays."""
    with connection.cursor() as cursor:
        cursor.execute(_STOP, [uuid7(), reason])
        return bool(cursor.rowcount == 1)


@transaction.atomic
def resume(*, user_id: UUID, reason: str) -> bool:
    """Let withdrawals run again; False if they were not stopped.

    Raises:
        BooksStillWrong: the newest frequent pass or the newest full one shows a breach.
    """
    # First the row, then the look: a pass that is written down meanwhile stops withdrawals again.
    running = WithdrawalStop.objects.filter(ended_at__isnull=True)
    resumed = running.update(ended_at=Now(), ended_by_id=user_id, ended_because=reason) == 1
    if resumed and books_are_wrong():
        raise BooksStillWrong
    return resumed


def books_are_wrong() -> bool:
    """Say whether the newest pass of either sort shows a breach: a frequent one does not see all of them."""
    return any(
        AuditPass.objects.filter(full=full).order_by("-began_at").values_list("breaches", flat=True).first()
        for full in (False, True)
    )
