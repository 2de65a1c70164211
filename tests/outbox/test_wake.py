"""A wake-up is sent at commit, costs little, and never harms who sends it."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction
from redis import Redis

from outbox import wake
from tests.rig.servers import Servers

QUEUE = "tests-wake"


@pytest.fixture
def redis(servers: Servers) -> Iterator[Redis]:
    """The broker's Redis, seen from outside."""
    with Redis.from_url(servers.redis.url) as client:
        client.delete(QUEUE)
        yield client


@pytest.fixture(autouse=True)
def circuit_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start every test as a process that has seen no failure."""
    monkeypatch.setattr(wake._circuit, "open_until", 0.0)


@contextmanager
def _stopped(pid: int) -> Iterator[None]:
    """Let a process hang for a while."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.django_db(transaction=True)
def test_it_leaves_at_commit_and_not_before(redis: Redis) -> None:
    with transaction.atomic():
        wake.wake("tests.task", queue=QUEUE, thing="1")
        assert redis.llen(QUEUE) == 0

    assert redis.llen(QUEUE) == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_one_twice_in_a_transaction_is_one_message(redis: Redis) -> None:
    with transaction.atomic():
        wake.wake("tests.task", queue=QUEUE, thing="1")
        wake.wake("tests.task", queue=QUEUE, thing="1")
        wake.wake("tests.task", queue=QUEUE, thing="2")

    assert redis.llen(QUEUE) == 2


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_transaction_wakes_nobody(redis: Redis) -> None:
    with transaction.atomic():
        wake.wake("tests.task", queue=QUEUE)
        transaction.set_rollback(True)

    assert redis.llen(QUEUE) == 0


@pytest.mark.django_db(transaction=True)
def test_without_redis_the_commit_stands_and_nobody_waits(servers: Servers, redis: Redis) -> None:
    wake.wake("tests.task", queue=QUEUE)  # warm: a web process keeps its connection
    servers.redis.stop()
    try:
        started = time.monotonic()
        with transaction.atomic():
            wake.wake("tests.task", queue=QUEUE)
        first_s = time.monotonic() - started
        wake.wake("tests.task", queue=QUEUE)
        second_s = time.monotonic() - started - first_s
    finally:
        servers.redis.start()

    assert first_s < 0.5
    assert second_s < 0.01, "the circuit is open: nobody tries"


@pytest.mark.django_db(transaction=True)
def test_a_redis_that_hangs_costs_less_than_half_a_second(servers: Servers, redis: Redis) -> None:
    wake.wake("tests.task", queue=QUEUE)
    pid = int(redis.info("server")["process_id"])
    with _stopped(pid):
        started = time.monotonic()
        wake.wake("tests.task", queue=QUEUE)
        took_s = time.monotonic() - started

    assert took_s < 0.5


@pytest.mark.django_db(transaction=True)
def test_it_works_again_when_redis_is_back(
    servers: Servers, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers.redis.stop()
    wake.wake("tests.task", queue=QUEUE)
    servers.redis.start()
    redis.delete(QUEUE)
    assert wake._circuit.open_until > time.monotonic()
    monkeypatch.setattr(wake._circuit, "open_until", 0.0)  # five seconds later

    wake.wake("tests.task", queue=QUEUE)

    assert redis.llen(QUEUE) == 1


def test_the_rest_of_the_process_need_not_wait_for_the_client_to_load() -> None:
    wake.warm_up()

    assert wake._connected().connection.transport.driver_type == "redis"
