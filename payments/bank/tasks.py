"""What a worker does about the bank. Each task looks into the rows: it may be lost, or come twice."""

from uuid import UUID

from celery import shared_task

from outbox import clock
from payments import top_ups
from payments.bank import driving
from payments.withdrawals import ATTEND


@shared_task(name=ATTEND)
def attend(*, withdrawal_id: str, **_: object) -> None:
    """Take one withdrawal to the bank that has just been asked for."""
    driving.attend(withdrawal_id=UUID(withdrawal_id), at=clock.now())


@shared_task(name="payments.bank.tasks.sweep")
def sweep(**_: object) -> int:
    """Attend to everything that is due by the database's clock."""
    at = clock.now()
    return driving.attend_to_due(at=at) + top_ups.attend_to_due(at=at)
