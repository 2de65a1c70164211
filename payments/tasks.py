"""What the workers do for the money part. Each entry point is safe to run twice, and late."""

from typing import Any

from celery import shared_task

from outbox import clock
from payments import audit_passes, codes, shown, watch


@shared_task
def expire_codes(**_: Any) -> None:
    """Mark codes whose time is over. They pay nobody even before."""
    codes.expire_past()
    shown.forget_past()


@shared_task
def audit_ledger(*, full: bool = False, **_: Any) -> None:
    """Check the books; a confirmed breach stops withdrawals and alarms."""
    audit_passes.audit_now(full=full)


@shared_task
def watch_payments(**_: Any) -> None:
    """Look for what a person should look at, and write it down."""
    watch.look(now=clock.now())
