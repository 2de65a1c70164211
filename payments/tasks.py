"""What the workers do for the money part. Each entry point is safe to run twice, and late."""

import logging
from typing import Any

from celery import shared_task

from payments import audit, codes

logger = logging.getLogger(__name__)


@shared_task
def expire_codes(**_: Any) -> None:
    """Mark codes whose time is over. They pay nobody even before."""
    codes.expire_past()


@shared_task
def audit_ledger(*, full: bool = False, **_: Any) -> None:
    """Check the books, and make an alarm of every breach that a second look confirms."""
    for breach in audit.confirmed_breaches(full=full):
        logger.critical("The books are wrong: %s", breach)
