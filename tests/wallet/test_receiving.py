"""Own codes, history, top-ups."""

import json
from copy import copy
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client

from outbox import clock
from outbox.ids import first_id_of
from payments import accounts, codes, idempotency, payloads, queries, services
from payments.idempotency import Call
from payments.models import Account, Code, Payment
from people.models import User
from tests.wallet.conftest import Fill
from wallet import movements, receiving

pytestmark = pytest.mark.django_db


def pay(payer: User, code: Code, amount: int | None, key: str) -> None:
    call = Call(payer.pk, key, idempotency.digest("POST", "test", {"key": key}))
    services.pay(call=call, code=code.token, amount=amount)


def test_the_own_code_is_made_once(alice: User, alice_at: Client) -> None:
    first = alice_at.get("/receive/").context["code"]
    assert alice_at.get("/receive/").context["code"].id == first.id
    assert Code.objects.filter(account__owner=alice).count() == 1


@pytest.mark.unbalanced
def test_a_page_that_asks_each_second_reads_its_own_rows_alone(
    alice: User, bob: User, charlie: User, fill: Fill
) -> None:
    fill(alice, 5_000)
    others, mine = (accounts.wallet_of(user.pk) for user in (charlie, bob))
    _many_codes(others, 5_000)
    code = codes.create(account_id=mine.pk)
    pay(alice, code, 100, "k")
    _many_old_payments(Payment.objects.get(), 5_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE payments_code, payments_payment, payments_account")

    reads = Reads()
    with connection.execute_wrapper(reads):
        assert receiving.own_code(user_id=bob.pk).id == code.pk
        assert receiving.today(user_id=bob.pk).times == 1

    assert 0 < reads.rows < 50


class Reads:
    """Counts the rows of codes and payments that statements read, those they throw away included."""

    rows = 0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params, many, context)
        (found,) = context["cursor"].fetchone()
        self._add((json.loads(found) if isinstance(found, str) else found)[0]["Plan"])
        return execute(sql, params, many, context)

    def _add(self, plan: dict[str, Any]) -> None:
        if plan.get("Relation Name") in {"payments_code", "payments_payment"}:
            read = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
            self.rows += int(plan["Actual Loops"] * read)
        for part in plan.get("Plans", []):
            self._add(part)


def _many_codes(account: Account, number: int) -> None:
    Code.objects.bulk_create(
        Code(token=payloads.new_token(), kind="static", account=account, payable="person")
        for _ in range(number)
    )


def _many_old_payments(like: Payment, number: int) -> None:
    first, at = first_id_of(clock.now() - timedelta(days=9)).int, clock.now() - timedelta(days=9)
    old = []
    for nth in range(number):
        like.pk, like.confirmed_at, like.resolved_at = UUID(int=first + nth), at, at
        old.append(copy(like))
    Payment.objects.bulk_create(old)


def test_the_code_is_drawn_for_its_owner_alone(alice_at: Client, charlie_at: Client) -> None:
    code = alice_at.get("/receive/").context["code"]
    assert alice_at.get(code.image)["Content-Type"] == "image/svg+xml"
    assert alice_at.get(code.png)["Content-Type"] == "image/png"
    assert charlie_at.get(code.image).status_code == 404


def test_money_that_arrives_is_announced_to_who_is_looking(
    alice: User, bob: User, bob_at: Client, fill: Fill
) -> None:
    fill(alice, 5_000)
    page = bob_at.get("/receive/")
    code = Code.objects.get(account__owner=bob)
    pay(alice, code, 2_000, "k")
    poll = bob_at.get("/receive/", {"seen": page.context["live"].version}, headers={"HX-Request": "true"})
    assert "Received ¥20.00" in poll.content.decode()
    assert alice.name in poll.content.decode()


def test_a_code_for_one_sum_leads_to_its_receipt(alice: User, bob: User, bob_at: Client, fill: Fill) -> None:
    fill(alice, 5_000)
    page = bob_at.post("/receive/amount/", {"amount": "2050"})
    code = Code.objects.get(account__owner=bob, amount=2050)
    assert bob_at.get(page["Location"]).status_code == 200
    pay(alice, code, None, "k")
    poll = bob_at.get(page["Location"], {"seen": "active"}, headers={"HX-Request": "true"})
    assert poll.status_code == 204
    assert f"Received from {alice.name}" in bob_at.get(poll["HX-Redirect"]).content.decode()


def test_a_code_of_somebody_else_is_not_shown(bob: User, charlie_at: Client) -> None:
    code = codes.create(account_id=accounts.wallet_of(bob.pk).pk, kind="dynamic", amount=5)
    assert charlie_at.get(f"/receive/{code.pk}/").status_code == 404


def test_topping_up_twice_with_one_form_adds_once(alice: User, alice_at: Client) -> None:
    key = alice_at.get("/top-up/").context["key"]
    for _ in range(2):
        assert alice_at.post("/top-up/", {"amount": "10000", "key": key})["Location"] == "/"
    assert queries.balance(alice.pk).available == 10_000


@pytest.mark.parametrize("amount", ["", "0", "-1", "1.5", "NaN", str(10**12 + 1)])
def test_no_other_amount_is_taken(alice: User, alice_at: Client, amount: str) -> None:
    assert alice_at.post("/top-up/", {"amount": amount, "key": "k"}).status_code == 200
    assert queries.balance(alice.pk).available == 0


def test_the_history_tells_both_sides(
    alice: User, bob: User, alice_at: Client, bob_at: Client, fill: Fill
) -> None:
    fill(alice, 5_000)
    pay(alice, codes.create(account_id=accounts.wallet_of(bob.pk).pk), 2_000, "k")
    (today,) = alice_at.get("/history/").context["days"]
    assert [(row.name, row.state, row.net) for row in today.rows] == [
        (bob.name, "Paid", -2_000),
        ("Top up", "Added", 5_000),
    ]
    assert (today.heading, today.net) == ("Today", 3_000)
    (today,) = bob_at.get("/history/").context["days"]
    assert [(row.name, row.state, row.net) for row in today.rows] == [(alice.name, "Received", 2_000)]


def test_a_long_day_is_paged_and_its_total_left_out(
    alice: User, alice_at: Client, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(movements, "PAGE", 3)
    for amount in (1, 2, 3, 4, 5):
        fill(alice, amount)
    first = alice_at.get("/history/")
    assert [row.net for row in first.context["days"][0].rows] == [5, 4, 3]
    assert first.context["days"][0].net is None
    second = alice_at.get(first.context["more"], headers={"HX-Request": "true"})
    assert [row.net for row in second.context["days"][0].rows] == [2, 1]
    assert second.context["days"][0].continued
    assert not second.context["more"]


@pytest.mark.parametrize("query", ["before=x", "before=-1", "day=2026-99-99", "before=99999999999999999999"])
def test_a_bent_address_of_the_history_is_still_answered(alice_at: Client, query: str) -> None:
    assert alice_at.get(f"/history/?{query}").status_code == 200


def test_who_has_100_codes_is_told_so(bob: User, bob_at: Client) -> None:
    for _ in range(100):
        receiving.ask_for(user_id=bob.pk, amount=1)

    answer = bob_at.post("/receive/amount/", {"amount": "1250"})

    assert "at most 100" in answer.content.decode()
