"""An account's period: every line of it, none of another, and balances that they lead to."""

import csv
import io
import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings

from merchants.models import Merchant
from payments import ledger
from payments.books import System, Transfer
from payments.ledger import Leg
from payments.models import Account
from payments.statements import booked, camt_export, csv_export
from payments.statements.booked import Booked
from payments.statements.periods import Period
from people.models import User
from tests.payments.hands import fill, wallet
from tests.payments.statements.history import live
from tests.payments.statements.plans import rows_read

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def period(first: str, last: str | None = None) -> Period:
    return Period.read(first, last or first, today=date(2026, 11, 20))


def read(account: Account, days: Period) -> tuple[int, list[int], int]:
    """Return the balances around the amounts of a period."""
    with closing(booked.read(account=account, period=days)) as found:
        lines = list(found.lines)
    assert found.opening + sum(line.amount for line in lines) == found.closing
    running = found.opening
    for line in lines:
        running += line.amount
        assert line.balance == running
    return found.opening, [line.amount for line in lines], found.closing


@pytest.fixture(params=["wallet", "shop"])
def account(request: pytest.FixtureRequest, alice: User, bob: User, mei_shop: Merchant) -> Account:
    """Ten lines each ten hours from noon of 1 March in Shanghai: of Alice's wallet, or of a shop."""
    of_shop = request.param == "shop"
    found: Account = mei_shop.account if of_shop else wallet(alice)
    noon = datetime(2026, 3, 1, 4, tzinfo=UTC)
    live(account=found.pk, other=wallet(bob).pk, lines=10, begins=noon, step="10 hours", shop=of_shop)
    return found


@pytest.mark.unbalanced
class TestDays:
    """1 March 12:00 and 22:00, 2 March 08:00 and 18:00, 3 March 04:00 and 14:00, 4 March 00:00, ..."""

    def test_a_day_holds_what_was_booked_in_it(self, account: Account) -> None:
        assert read(account, period("2026-03-01")) == (0, [300, -100], 200)
        assert read(account, period("2026-03-02")) == (200, [300, -100], 400)
        assert read(account, period("2026-03-03")) == (400, [300, -100], 600)
        assert read(account, period("2026-03-04")) == (600, [300, -100, 300], 1100)  # from 00:00 on

    def test_midnight_is_the_deployment_s_own(self, account: Account) -> None:
        with override_settings(BUSINESS_TIME_ZONE="UTC"):
            assert read(account, period("2026-03-02")) == (200, [300, -100, 300], 700)
            assert read(account, period("2026-03-03")) == (700, [-100, 300], 900)

    def test_days_follow_each_other_without_a_gap(self, account: Account) -> None:
        balance, seen = 0, 0
        for number in range(8):
            opening, amounts, balance_after = read(account, period(str(date(2026, 2, 27) + number * DAY)))
            assert opening == balance
            balance, seen = balance_after, seen + len(amounts)
        assert (balance, seen) == (1000, 10)

    def test_before_and_after_everything_nothing_moved(self, account: Account) -> None:
        assert read(account, period("2026-02-01", "2026-02-28")) == (0, [], 0)
        assert read(account, period("2026-04-01", "2027-03-31")) == (1000, [], 1000)

    def test_a_year_holds_all(self, account: Account) -> None:
        opening, amounts, balance = read(account, period("2026-01-01", "2026-12-31"))
        assert (opening, len(amounts), balance) == (0, 10, 1000)


def test_what_happens_while_it_is_read_is_not_in_it(alice: User) -> None:
    fill(alice, 1000)
    today = period(str(datetime.now(UTC).date() - DAY), str(datetime.now(UTC).date() + DAY))
    with closing(booked.read(account=wallet(alice), period=today)) as found:
        fill(alice, 5)
        assert (found.closing, [line.amount for line in found.lines]) == (1000, [1000])


@pytest.mark.unbalanced
def test_an_account_of_many_lanes_is_as_exact(rich_alice: User, shop: Account) -> None:
    for _ in range(3):
        ledger.post([Leg(Transfer.Kind.TOP_UP, System.BANK, shop.pk, 100)])
    ledger.post([Leg(Transfer.Kind.WITHDRAWAL, shop.pk, System.WITHDRAWAL_CLEARING, 250)])
    today = period(str(datetime.now(UTC).date() - DAY), str(datetime.now(UTC).date() + DAY))
    assert read(shop, today) == (0, [100, 100, 100, -250], 50)


class TestStreaming:
    """A file of any length costs the same memory."""

    LINES = 20_000

    @pytest.fixture
    def long_past(self, alice: User, bob: User) -> Iterator[Booked]:
        begins = datetime(2026, 1, 1, tzinfo=UTC)
        live(
            account=wallet(alice).pk, other=wallet(bob).pk, lines=self.LINES, begins=begins, step="20 minutes"
        )
        with closing(booked.read(account=wallet(alice), period=period("2026-01-01", "2026-12-31"))) as found:
            yield found

    @pytest.mark.unbalanced
    def test_csv_is_handed_out_in_pieces(self, long_past: Booked) -> None:
        pieces = list(csv_export.chunks(long_past))
        assert len(pieces) > 20 and max(map(len, pieces)) < 70_000
        rows = list(csv.DictReader(io.StringIO(b"".join(pieces).decode(), newline="")))
        assert len(rows) == self.LINES + 2
        assert rows[0]["balance_minor"] == "0" and rows[-1]["balance_minor"] == str(self.LINES * 100)

    @pytest.mark.unbalanced
    def test_camt_is_handed_out_in_pieces(self, long_past: Booked) -> None:
        pieces = camt_export.chunks(long_past)
        first = next(pieces)
        sizes = [len(first), *map(len, pieces)]
        assert len(sizes) > 50 and max(sizes) < 140_000

    @pytest.mark.unbalanced
    def test_the_database_hands_lines_out_as_they_are_asked_for(self, long_past: Booked) -> None:
        next(long_past.lines)
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_cursors WHERE name LIKE '_django_curs_%%'")
            assert cursor.fetchone() == (1,)

    @pytest.mark.unbalanced
    def test_a_file_that_nobody_reads_to_its_end_leaves_no_cursor(self, long_past: Booked) -> None:
        long_past.close()
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_cursors WHERE name LIKE '_django_curs_%%'")
            assert cursor.fetchone() == (0,)


@pytest.mark.unbalanced
def test_a_shop_s_file_reads_nothing_of_what_was_before(mei_shop: Merchant, bob: User) -> None:
    shop, begins = mei_shop.account, datetime(2026, 1, 1, tzinfo=UTC)
    live(account=shop.pk, other=wallet(bob).pk, lines=20_000, begins=begins, step="20 minutes", shop=True)
    last_day = period("2026-10-05")
    asked: dict[str, Any] = {"account": shop.pk, "begins_at": last_day.begins_at, "ends_at": last_day.ends_at}
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {booked._PERIOD_OF_OTHERS}", asked)
        (found,) = cursor.fetchone()
    since = 20_000 - (last_day.begins_at - begins) // timedelta(minutes=20)

    assert 72 <= since < 500
    assert rows_read((json.loads(found) if isinstance(found, str) else found)[0]["Plan"]) <= since
