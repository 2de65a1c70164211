"""Ids that lie close together in an index, and the one clock."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from outbox.clock import now
from outbox.ids import first_id_of, uuid7


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


def test_the_first_id_of_an_instant_comes_before_those_made_since() -> None:
    before = uuid7()
    time.sleep(0.002)
    at = datetime.now(UTC)
    after = uuid7()

    first = first_id_of(at)

    assert (first.version, first.variant) == (7, "specified in RFC 4122")
    assert before < first <= after
    assert first_id_of(at - timedelta(milliseconds=1)) < first < first_id_of(at + timedelta(milliseconds=1))


@pytest.mark.django_db(transaction=True)
def test_the_clock_stands_still_in_a_transaction_and_runs_outside() -> None:
    with transaction.atomic():
        first = now()
        assert now() == first

    assert now() > first
    assert first.tzinfo is UTC
