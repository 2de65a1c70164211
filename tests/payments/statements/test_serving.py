"""A statement on its way to a slow reader, from the real server: it holds up nothing in the database."""

import http.client
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from django.db import connection

from people.models import User
from people.services import start_session
from tests.payments.hands import wallet
from tests.payments.statements.history import live
from tests.rig.service import Service

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.unbalanced]

LINES = 20_000
YEAR = "from=2026-01-01&to=2026-12-31"
_OTHERS = """
SELECT count(*) FILTER (WHERE state LIKE 'idle in transaction%%' OR backend_xmin IS NOT NULL)
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


@contextmanager
def asking(service: Service, token: str, path: str) -> Iterator[http.client.HTTPResponse]:
    host = urlsplit(service.url)
    client = http.client.HTTPConnection(str(host.hostname), host.port, timeout=60)
    try:
        client.request("GET", f"/api/v1/{path}", headers={"Authorization": f"Bearer {token}"})
        yield client.getresponse()
    finally:
        client.close()


def open_transactions() -> int:
    with connection.cursor() as cursor:
        cursor.execute(_OTHERS)
        return int(cursor.fetchone()[0])


@pytest.fixture
def token(service: Service, alice: User, bob: User) -> str:
    """Alice's token, at a server that runs, with a long past behind her."""
    begins = datetime(2026, 1, 1, tzinfo=UTC)
    live(account=wallet(alice).pk, other=wallet(bob).pk, lines=LINES, begins=begins, step="20 minutes")
    service.start("web")
    return start_session(user_id=alice.pk)[1]


@pytest.mark.parametrize(("suffix", "ends_with"), [("csv", b"2000000,CNY,,,,\r\n"), ("xml", b"</Document>")])
def test_a_slow_reader_gets_all_of_it_and_keeps_no_transaction_open(
    service: Service, token: str, suffix: str, ends_with: bytes
) -> None:
    with asking(service, token, f"me/statement.{suffix}?{YEAR}") as answer:
        assert (answer.status, answer.getheader("Content-Length")) == (200, None)
        text = answer.read(10_000)
        time.sleep(0.5)  # the server waits for us, and not inside a transaction
        assert open_transactions() == 0
        text += answer.read()
    assert text.endswith(ends_with)
    assert text.count(b"top_up") == LINES // 2 + (suffix == "csv")  # and once in the header


def test_a_reader_who_goes_away_leaves_the_connection_to_the_next(service: Service, token: str) -> None:
    for _ in range(12):  # more than the server has threads
        with asking(service, token, f"me/statement.xml?{YEAR}") as answer:
            answer.read(1_000)
    with asking(service, token, "me/statement?limit=1") as answer:
        assert answer.status == 200
    assert open_transactions() == 0
