"""Passes of the auditor: looked twice, written down, and withdrawals stopped where the books are wrong."""

import logging
import time

from django.db import connection

from outbox import clock
from payments import audit, stops
from payments.audit import Breach
from payments.models import AuditPass

KEPT = 1000  # of each sort: most of a day of frequent passes, years of full ones
MOST_TOLD = 100  # breaches written down of one pass; one fault can break every row

_FORGET = """
DELETE FROM payments_auditpass
WHERE "full" = %(full)s AND began_at < (
    SELECT began_at FROM payments_auditpass
    WHERE "full" = %(full)s ORDER BY began_at DESC OFFSET %(kept)s LIMIT 1
)
"""
logger = logging.getLogger(__name__)


def audit_now(*, full: bool) -> AuditPass:
    """Check the books, write down what was seen, and on a confirmed breach stop withdrawals and alarm.

    Nothing else is stopped and nothing repaired. Call it outside any transaction: each look takes its own
    snapshot.
    """
    began_at, began = clock.now(), time.monotonic()
    breaches = audit.confirmed_breaches(full=full)
    seen = AuditPass.objects.create(
        full=full,
        began_at=began_at,
        took_ms=round((time.monotonic() - began) * 1000),
        checks=len(audit.names(full=full)),
        breaches=_told(breaches),
    )
    # After the row is there: a person who resumes at this moment either reads it or is stopped again.
    if breaches:
        stops.stop(reason="\n".join(seen.breaches))
        _alarm(breaches)
    elif stops.books_are_wrong():  # the other sort's newest pass: it may have died before it stopped them
        stops.stop(reason="The books were wrong before; see the newest pass of each sort.")
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, {"full": full, "kept": KEPT - 1})
    return seen


def _alarm(breaches: list[Breach]) -> None:
    for breach in breaches[:MOST_TOLD]:
        logger.critical("The books are wrong: %s", breach)


def _told(breaches: list[Breach]) -> list[str]:
    told = [str(breach) for breach in breaches[:MOST_TOLD]]
    more = len(breaches) - len(told)
    return [*told, f"And {more} more."] if more else told
