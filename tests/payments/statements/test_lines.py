"""A wallet's statement, page by page: what a line says, and what a page costs."""

import json
from datetime import UTC, datetime

import pytest
from django.db import connection

from payments import refunds, withdrawals
from payments.bank import outcomes
from payments.models import Account, Code
from payments.statements import lines
from payments.statements.lines import statement
from people.models import User
from tests.payments.hands import Box, call, capture, claim, has, pay, release, static_code, wallet
from tests.payments.statements.history import live
from tests.payments.statements.plans import rows_read

pytestmark = pytest.mark.django_db

LIMIT = 20


def told(user: User) -> list[tuple[str, int, int, str]]:
    return [
        (line.kind, line.amount, line.balance_after, line.counterparty)
        for line in statement(user_id=user.pk, limit=100)
    ]


def test_a_refund_comes_from_the_shop(rich_alice: User, counter: Code, shop: Account) -> None:
    paid = pay(rich_alice, counter, 10_000)
    refunds.refund(
        call=call(rich_alice), payment_id=paid.pk, payee_account_id=shop.pk, amount=3_000, reason="broken cup"
    )

    newest = statement(user_id=rich_alice.pk, limit=1)[0]
    assert newest.payment_id == paid.pk
    assert told(rich_alice) == [
        ("refund", 3_000, 93_000, "Corner Laundry"),
        ("payment", -10_000, 90_000, "Corner Laundry"),
        ("top_up", 100_000, 100_000, "Bank"),
    ]


def test_what_goes_to_the_bank_comes_back_with_its_fee(rich_alice: User) -> None:
    made = withdrawals.withdraw(call=call(rich_alice), amount=50_000)
    fee = int(str(made.body["fee"]))
    assert fee > 0
    outcomes.cancel(withdrawal_id=made.body["id"], reason="changed my mind")  # type: ignore[arg-type]

    assert told(rich_alice)[:4] == [
        ("withdrawal_fee_return", fee, 100_000, "Fee"),
        ("withdrawal_return", 50_000, 100_000 - fee, "Bank"),
        ("withdrawal_fee", -fee, 50_000 - fee, "Fee"),
        ("withdrawal", -50_000, 50_000, "Bank"),
    ]
    assert {str(line.withdrawal_id) for line in statement(user_id=rich_alice.pk, limit=4)} == {
        str(made.body["id"])
    }
    assert has(rich_alice) == 100_000


def test_escrow_names_whoever_stands_behind_it(rich_alice: User, sticker: Code, box: Box) -> None:
    claim(kept := pay(rich_alice, sticker))
    capture(kept, 400)
    release(pay(rich_alice, sticker))

    assert {(kind, name) for kind, _, _, name in told(rich_alice)} == {
        ("hold", "Corner Laundry"),
        ("release", "Corner Laundry"),
        ("top_up", "Bank"),
    }


def test_a_name_is_that_of_the_day_of_the_payment(rich_alice: User, counter: Code, shop: Account) -> None:
    pay(rich_alice, counter, 100)
    Account.objects.filter(pk=shop.pk).update(name="Another Laundry")
    assert told(rich_alice)[0][3] == "Corner Laundry"


def test_each_side_names_the_other(rich_alice: User, bob: User) -> None:
    pay(rich_alice, static_code(bob), 100)
    assert (told(rich_alice)[0][3], told(bob)[0][3]) == ("Bob", "Alice")


@pytest.mark.unbalanced
class TestCost:
    """A page of twenty reads forty transfers: at the newest of 20,000 lines, in the middle, at the oldest."""

    LINES = 20_000

    @pytest.fixture(autouse=True)
    def long_past(self, alice: User, bob: User) -> None:
        begins = datetime(2026, 1, 1, tzinfo=UTC)
        live(
            account=wallet(alice).pk, other=wallet(bob).pk, lines=self.LINES, begins=begins, step="20 minutes"
        )

    @pytest.mark.parametrize("before", [2**63 - 1, 19_980, 10_000, 300, 21])
    def test_a_page_reads_no_more_than_four_times_its_lines(self, alice: User, before: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                f"EXPLAIN (ANALYZE, FORMAT JSON) {lines._PAGE}",
                {"account": wallet(alice).pk, "before": before, "limit": LIMIT},
            )
            (found,) = cursor.fetchone()
        plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]

        assert plan["Actual Rows"] == LIMIT
        assert rows_read(plan) <= 4 * LIMIT

    def test_pages_meet_without_a_gap_or_a_line_twice(self, alice: User) -> None:
        seen: list[int] = []
        before = None
        while page := statement(user_id=alice.pk, before=before, limit=1_000):
            seen += [line.version for line in page]
            before = page[-1].version
        assert seen == list(range(self.LINES, 0, -1))

    def test_behind_the_last_line_there_is_nothing(self, alice: User) -> None:
        assert statement(user_id=alice.pk, before=1) == []
        assert statement(user_id=alice.pk, before=0) == []
