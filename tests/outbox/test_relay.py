"""Every fact reaches its handler: exactly once in the database, at least once outside it."""

import os
import signal
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import F

from outbox import relay, services, tasks
from outbox.clock import now
from outbox.models import Delivery
from outbox.registry import on
from people.models import Throttle
from tests.processes import fork, in_processes
from tests.rig.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)
FACT = "tests.tree.fell"


def note(*, tree: str, **_: object) -> None:
    """Count how often each tree was heard of."""
    if not Throttle.objects.filter(key=tree).update(tries=F("tries") + 1):
        Throttle.objects.create(key=tree, tries=1, window_ends_at=now())


def note_and_die(*, tree: str, **_: object) -> None:
    """Write, then end like a process out of memory."""
    note(tree=tree)
    os.kill(os.getpid(), signal.SIGKILL)


def fail_on_oak(*, tree: str, **_: object) -> None:
    """Write, then fail on one of them."""
    note(tree=tree)
    if tree == "oak":
        raise ValueError("no oaks here")


def publish(*trees: str) -> None:
    """Tell of fallen trees."""
    for tree in trees:
        services.publish(FACT, tree=tree)


def fell(*trees: str) -> None:
    """Tell of fallen trees, each in a transaction."""
    with transaction.atomic():
        publish(*trees)


def heard() -> dict[str, int]:
    """Return how often each tree was heard of."""
    return dict(Throttle.objects.values_list("key", "tries"))


def make_everything_due() -> None:
    """Let the leases and back-offs end."""
    Delivery.objects.update(next_at=now() - timedelta(seconds=1))


def drain(most: int = 1000) -> int:
    """Hand over what is due."""
    return relay.drain(queue="default", most=most)


def test_a_handled_delivery_is_gone() -> None:
    on(FACT)(note)
    fell("oak", "elm")

    assert drain() == 2

    assert heard() == {"oak": 1, "elm": 1}
    assert not Delivery.objects.exists()


def test_another_queue_is_left_alone() -> None:
    on(FACT, queue="webhooks")(note)
    fell("oak")

    assert drain() == 0
    assert relay.due_queues() == ["webhooks"]


def test_what_a_failing_handler_wrote_is_taken_back_and_the_others_go_on() -> None:
    on(FACT)(fail_on_oak)
    fell("ash", "oak", "elm")

    drain()

    assert heard() == {"ash": 1, "elm": 1}
    left = Delivery.objects.get()
    assert (left.payload, left.attempts, left.last_error) == ({"tree": "oak"}, 1, "ValueError: no oaks here")
    assert now() < left.next_at <= now() + timedelta(seconds=1)


def test_the_back_off_doubles_up_to_an_hour() -> None:
    on(FACT)(fail_on_oak)
    fell("oak")
    waits = []
    for attempt in (1, 2, 5, 13, 19):
        Delivery.objects.update(attempts=attempt - 1)
        make_everything_due()
        drain(1)
        waits.append(round((Delivery.objects.get().next_at - now()).total_seconds()))

    assert waits == [1, 2, 16, 3600, 3600]


def test_after_twenty_attempts_it_is_dead_and_nobody_takes_it() -> None:
    on(FACT)(fail_on_oak)
    fell("oak")
    Delivery.objects.update(attempts=relay.MOST_ATTEMPTS - 1)

    drain()
    make_everything_due()

    assert Delivery.objects.get().dead_at is not None
    assert drain() == 0
    assert relay.due_queues() == []


def test_a_dead_one_is_handled_after_a_retry() -> None:
    on(FACT)(note)
    fell("oak")
    Delivery.objects.update(attempts=20, dead_at=now())
    assert drain() == 0

    assert services.retry(delivery_ids=list(Delivery.objects.values_list("pk", flat=True))) == 1
    drain()

    assert heard() == {"oak": 1}


def test_a_handler_that_no_longer_exists_keeps_its_delivery() -> None:
    on(FACT)(note)
    fell("oak")
    Delivery.objects.update(handler="somewhere.else.gone")

    drain()

    assert "no longer handles" in Delivery.objects.get().last_error


def test_a_network_handler_runs_outside_any_transaction_under_a_lease() -> None:
    seen: list[tuple[bool, int]] = []

    def call(**_: object) -> None:
        seen.append((connection.in_atomic_block, drain()))

    on(FACT, network=True)(call)
    fell("oak")

    assert drain() == 1
    assert seen == [(False, 0)], "while it runs nobody else gets it"
    assert not Delivery.objects.exists()


def test_a_network_handler_that_was_overtaken_does_not_delete_the_other_ones_claim() -> None:
    def call(**_: object) -> None:
        Delivery.objects.update(attempts=7)  # the lease ended and another worker claimed it

    on(FACT, network=True)(call)
    fell("oak")
    drain()

    assert Delivery.objects.get().attempts == 7


def test_four_processes_hand_over_two_hundred_exactly_once() -> None:
    on(FACT)(note)
    trees = [f"tree {number}" for number in range(200)]
    fell(*trees)

    in_processes(4, drain)

    assert heard() == dict.fromkeys(trees, 1)
    assert not Delivery.objects.exists()


def test_a_killed_process_loses_nothing_and_repeats_nothing() -> None:
    on(FACT)(note)
    trees = [f"tree {number}" for number in range(300)]
    fell(*trees)

    children = [fork(drain) for _ in range(3)]
    eventually(lambda: len(heard()) > 20)
    for child in children:
        child.kill()
        child.join()
    assert len(heard()) < 300, "they were killed in the middle"
    make_everything_due()
    drain()

    assert heard() == dict.fromkeys(trees, 1)


def test_a_delivery_that_kills_its_workers_does_not_starve_the_others_and_dies() -> None:
    on(FACT)(note_and_die)
    fell("oak")
    Delivery.objects.update(next_at=now() - timedelta(hours=1))
    on(FACT)(note)
    with transaction.atomic():
        services.publish(FACT, tree="elm")
    Delivery.objects.filter(payload={"tree": "elm"}, handler__endswith="note_and_die").delete()

    fork(drain).join()
    fork(drain).join()  # not here: on a slow machine the oak may be due again

    assert heard() == {"elm": 1}
    assert Delivery.objects.get().attempts == 1
    Delivery.objects.update(attempts=relay.MOST_ATTEMPTS)
    make_everything_due()
    tasks.sweep()
    assert Delivery.objects.get().dead_at is not None
