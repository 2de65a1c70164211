"""Entry points of the workers."""

from celery import shared_task

from people import services


@shared_task(name="people.tasks.purge")
def purge(**_: object) -> None:
    """Delete what is over: sessions, throttle windows."""
    services.forget_ended()
