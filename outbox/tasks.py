"""Entry points of the workers."""

from celery import shared_task

from outbox import relay, wake
from outbox.services import DRAIN

BATCH = 101  # the delivery that woke us and up to a hundred more: one queue must not hold a worker for ever


@shared_task(name=DRAIN)
def drain(*, queue_name: str, **_: object) -> None:
    """Hand over what is due in a queue; wake another worker if that was not all."""
    if relay.drain(queue=queue_name, most=BATCH) == BATCH:
        wake.wake(DRAIN, queue=queue_name, queue_name=queue_name)


@shared_task(name="outbox.tasks.sweep")
def sweep(**_: object) -> None:
    """Wake every queue in which something is due: the wake-up was lost, a lease ended, or a back-off did."""
    relay.bury()
    for queue in relay.due_queues():
        wake.wake(DRAIN, queue=queue, queue_name=queue)
