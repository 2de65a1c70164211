"""Ids that lie close together in an index, and the one clock."""

import time
from datetime import UTC

import pytest
from django.db import transaction

from outbox.clock import now
from outbox.ids import uuid7


def test_an_id_is_of_version_7_and_tells_its_millisecond() -> None:
    before_ms = time.time_ns() // 1_000_000
    made = uuid7()
    after_ms = time.time_ns() // 1_000_000

    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert before_ms <= made.int >> 80 <= after_ms


def test_no_id_comes_twice() -> None:
    assert len({uuid7() for _ in range(50_000)}) == 50_000


def test_later_ids_sort_later() -> None:
    ids = []
    for _ in range(20):
        ids.append(uuid7())
        time.sleep(0.0001)

    assert ids == sorted(ids)


@pytest.mark.django_db(transaction=True)
def test_the_clock_stands_still_in_a_transaction_and_runs_outside() -> None:
    with transaction.atomic():
        first = now()
        assert now() == first

    assert now() > first
    assert first.tzinfo is UTC
