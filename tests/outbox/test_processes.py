"""Real workers hand over what is due, woken or not."""

import pytest

from outbox import services
from outbox.models import Delivery
from tests.rig.service import Service
from tests.rig.waiting import eventually


@pytest.fixture
def delivery(transactional_db: None) -> Delivery:
    """A delivery to a handler that is gone: whoever takes it writes down that it failed."""
    return Delivery.objects.create(fact="tests.tree.fell", handler="gone", queue="default", payload={})


def was_taken() -> bool:
    """Look for the trace of a worker."""
    return "no longer handles" in Delivery.objects.get().last_error


def test_a_woken_worker_takes_it_without_any_beat(service: Service, delivery: Delivery) -> None:
    service.default.start()

    services.retry(delivery_ids=[delivery.pk])

    eventually(was_taken, within_s=10, what="the worker took the delivery")


def test_without_a_wake_up_the_sweep_finds_it(service: Service, delivery: Delivery) -> None:
    service.start("default", "beat")

    eventually(was_taken, within_s=10, what="the sweep found the delivery")
