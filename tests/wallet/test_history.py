"""The history: one row for each thing that happened, and totals that say what a day did to the wallet."""

from dataclasses import dataclass

import pytest
from django.test import Client
from django.utils import timezone

from merchants.models import Merchant
from payments import codes, refunds, withdrawals
from payments.bank import outcomes
from people.models import User
from tests.payments.hands import call, has, pay
from tests.wallet.conftest import Fill
from wallet import movements

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Seen:
    """What a row says."""

    name: str
    state: str
    net: int
    tone: str = ""


def rows(user: User) -> list[Seen]:
    """Return today's rows; their total is the wallet's balance, for everything happened today."""
    page = movements.page(user_id=user.pk, before=None, after_day=None, today=timezone.localdate())
    (day,) = page.days
    assert day.net == has(user)
    return [Seen(row.name, row.state, row.net, row.tone) for row in day.rows]


@pytest.fixture
def rich_alice(alice: User, fill: Fill) -> User:
    """Alice with 1000.00."""
    fill(alice, 100_000)
    return alice


TOP_UP = Seen("Top up", "Added", 100_000)


def test_a_refund_has_a_row_of_its_own(rich_alice: User, mei_shop: Merchant) -> None:
    counter = codes.create(account_id=mei_shop.account_id, payable="merchant")
    paid = pay(rich_alice, counter, 10_000)
    refunds.refund(
        call=call(rich_alice),
        payment_id=paid.pk,
        payee_account_id=mei_shop.account_id,
        amount=3_000,
        reason="broken cup",
    )

    assert rows(rich_alice) == [
        Seen("Corner Laundry", "Refunded", 3_000),
        Seen("Corner Laundry", "Paid", -10_000),
        TOP_UP,
    ]


def withdraw(user: User) -> tuple[str, int]:
    """Take 500.00 out; return the withdrawal's id and what left the wallet in all."""
    made = withdrawals.withdraw(call=call(user), amount=50_000)
    return str(made.body["id"]), 50_000 + int(str(made.body["fee"]))


def test_a_withdrawal_and_its_fee_are_one_row(rich_alice: User) -> None:
    _, whole = withdraw(rich_alice)
    assert rows(rich_alice) == [Seen("To the bank", "On its way", -whole, "wait"), TOP_UP]


def test_what_did_not_arrive_comes_back_in_one_row(rich_alice: User) -> None:
    withdrawal, whole = withdraw(rich_alice)
    outcomes.cancel(withdrawal_id=withdrawal, reason="changed my mind")  # type: ignore[arg-type]

    assert rows(rich_alice) == [
        Seen("From the bank", "Came back", whole),
        Seen("To the bank", "Did not arrive", -whole, "fail"),
        TOP_UP,
    ]


def test_what_the_bank_paid_is_withdrawn_until_it_sends_it_back(rich_alice: User) -> None:
    withdrawal, whole = withdraw(rich_alice)
    outcomes.submit(withdrawal_id=withdrawal)  # type: ignore[arg-type]
    outcomes.pay(withdrawal_id=withdrawal)  # type: ignore[arg-type]
    assert rows(rich_alice)[0] == Seen("To the bank", "Withdrawn", -whole)

    outcomes.give_back(withdrawal_id=withdrawal, said="account closed")  # type: ignore[arg-type]
    assert rows(rich_alice)[:2] == [
        Seen("From the bank", "Came back", whole),
        Seen("To the bank", "Sent back by the bank", -whole, "fail"),
    ]


def test_the_history_links_to_the_statement(rich_alice: User, alice_at: Client) -> None:
    page = alice_at.get("/history/").content.decode()
    address = page.partition('href="/api/v1/me/statement.csv?')[2].partition('"')[0].replace("&amp;", "&")
    assert "Download statement (CSV)" in page

    answer = alice_at.get(f"/api/v1/me/statement.csv?{address}")
    assert answer.status_code == 200
    assert b"top_up,Bank" in answer.getvalue()
