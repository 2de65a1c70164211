"""The same money as in the money part's own tests, and nobody who waits in a circle for it."""

from collections.abc import Iterator

import pytest
from django.db import connection

from payments import audit
from tests.conftest import overlooked
from tests.payments.conftest import bob_code, box, rich_alice, shop, sticker

__all__ = ["bob_code", "box", "rich_alice", "shop", "sticker"]


@pytest.fixture
def no_deadlock(request: pytest.FixtureRequest, transactional_db: None) -> Iterator[None]:
    """After the test: the database had no circle to break, and the books are right."""
    before = _deadlocks()
    yield
    assert _deadlocks() == before
    audit.assert_conserved(besides=overlooked(request))


def _deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])
