"""Many want the same money at the same time, in several processes: nobody gets more than there is."""

import http.client
import json
import random
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from functools import partial
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.db import connection, transaction

from outbox.errors import Refusal
from payments import accounts, audit, ledger, queries, services
from payments.books import System, Transfer
from payments.idempotency import Answer
from payments.ledger import Leg
from payments.models import Account, CapCounter, Code, Hold, IdempotentAnswer, Payment
from people.models import User
from people.services import start_session
from tests.cast import PIN, person
from tests.payments.hands import (
    Box,
    box_code,
    box_of,
    call,
    capture,
    claim,
    dynamic_code,
    fill,
    has,
    holds_money,
    lanes,
    pay,
    release,
    static_code,
    wallet,
)
from tests.processes import in_processes, together
from tests.rig.service import Service

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_deadlock")]

PROCESSES, THREADS = 5, 10
ROUNDS = 15
PRICE = 700


def statuses() -> Counter[int]:
    """Return what the calls were answered, by status; top-ups left out."""
    answers = IdempotentAnswer.objects.filter(key__startswith="race")
    return Counter(answers.values_list("status", flat=True))


def key() -> str:
    return f"race-{uuid4()}"


def everywhere(act: Callable[[int], object]) -> None:
    """Do something in ten threads of each of five processes at once; refusals are part of the game."""
    in_processes(PROCESSES, partial(_in_threads, act))


def _in_threads(act: Callable[[int], object]) -> None:
    answers = together(THREADS, act)
    failures = [one for one in answers if isinstance(one, Exception) and not isinstance(one, Refusal)]
    assert not failures, failures


def test_fifty_payments_from_a_wallet_with_money_for_one(alice: User, bob: User) -> None:
    fill(alice, PRICE)
    code = static_code(bob)

    everywhere(lambda _: pay(alice, code, PRICE, key=key()))

    assert statuses() == {201: 1, 402: 49}
    assert (has(alice), has(bob)) == (0, PRICE)


def test_fifty_payments_of_which_some_come_over_http(alice: User, bob: User, service: Service) -> None:
    fill(alice, PRICE)
    code = static_code(bob)
    service.start("web")
    token = start_session(user_id=alice.pk)[1]
    post(service, token, {"code": "0" * 26, "pin": PIN})  # the session's first PIN is hashed slowly
    body = {"code": code.token, "pin": PIN, "amount": PRICE}

    def act(number: int) -> object:
        return post(service, token, body) if number % 2 else pay(alice, code, PRICE, key=key())

    everywhere(act)

    assert statuses() == {201: 1, 402: 49, 404: 1}
    assert (has(alice), has(bob)) == (0, PRICE)


def post(service: Service, token: str, body: dict[str, object]) -> int:
    host = urlsplit(service.url)
    client = http.client.HTTPConnection(str(host.hostname), host.port, timeout=30)
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Idempotency-Key": key(),
    }
    with closing(client):
        client.request("POST", "/api/v1/payments", json.dumps(body), headers)
        answer = client.getresponse()
        assert answer.status in {201, 402, 404}, answer.read()
        return answer.status


def test_many_payers_of_one_single_use_code(bob: User) -> None:
    payers = [person(f"Payer {number}", f"+86139000000{number:02}") for number in range(THREADS)]
    for payer in payers:
        fill(payer, PRICE)
    code = dynamic_code(bob, amount=PRICE)

    everywhere(lambda number: pay(payers[number], code, key=key()))

    assert statuses() == {201: 1, 410: 49}
    assert has(bob) == PRICE and sum(has(payer) for payer in payers) == PRICE * (THREADS - 1)


def test_one_key_pays_once_however_often_it_is_sent(alice: User, bob: User) -> None:
    fill(alice, PRICE * 100)
    code = static_code(bob)
    for number in range(ROUNDS):
        one = call(alice, f"race-{number}")
        answers = together(8, lambda _, one=one: services.pay(call=one, code=code.token, amount=PRICE))  # type: ignore[misc]

        paid = [answer.body["id"] for answer in answers if isinstance(answer, Answer)]
        refused = {getattr(answer, "code", answer) for answer in answers if not isinstance(answer, Answer)}
        assert len(set(paid)) == 1 and refused <= {"idempotency_in_progress"}
    assert Payment.objects.count() == ROUNDS
    assert has(bob) == PRICE * ROUNDS


def test_one_key_in_five_processes(alice: User, bob: User) -> None:
    fill(alice, PRICE * 100)
    code = static_code(bob)
    everywhere(lambda _: pay(alice, code, PRICE, key="race"))
    assert Payment.objects.count() == 1


def test_a_cap_is_counted_to_the_last_fen(rich_alice: User, bob: User, charlie: User) -> None:
    codes = [static_code(bob), static_code(charlie)]
    everywhere(lambda number: pay(rich_alice, codes[number % 2], 1100, key=key()))

    assert statuses() == {201: 45, 403: 5}  # 500.00 a day
    assert CapCounter.objects.get(payer=wallet(rich_alice)).used == 49_500


@pytest.mark.usefixtures("causeless")
@pytest.mark.parametrize("amount", [60, 400])  # less and more than a lane holds
def test_what_a_shop_has_is_given_out_once(shop: Account, rich_alice: User, bob: User, amount: int) -> None:
    in_processes(4, partial(together, 4, lambda _: spread(shop, rich_alice)))
    total = holds_money(shop.pk)

    everywhere(lambda _: ledger.post([Leg(Transfer.Kind.PAYMENT, shop.pk, wallet(bob).pk, amount)]))

    assert has(bob) == min(total // amount, 50) * amount
    assert holds_money(shop.pk) == total - has(bob)


@pytest.mark.usefixtures("causeless")
def test_a_debit_passes_by_the_lane_that_another_one_holds(shop: Account, bob: User) -> None:
    bring = [Leg(Transfer.Kind.TOP_UP, System.BANK, shop.pk, 137)]
    in_processes(3, lambda: ledger.post(bring))  # three connections, three lanes
    assert sorted(lanes(shop.pk).values()) == [137, 137, 137]
    take = [Leg(Transfer.Kind.PAYMENT, shop.pk, wallet(bob).pk, 100)]

    def act(_: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
        assert ledger.post(take)

    with transaction.atomic():
        ledger.post([Leg(Transfer.Kind.PAYMENT, shop.pk, System.FEE_REVENUE, 100)])
        assert together(2, act) == [None, None]
    assert sorted(lanes(shop.pk).values()) == [37, 37, 37]


def spread(shop: Account, payer: User) -> None:
    ledger.post([Leg(Transfer.Kind.PAYMENT, wallet(payer).pk, shop.pk, 137)])


def test_a_freeze_stops_every_payment_that_begins_after_it(rich_alice: User, bob: User) -> None:
    code = static_code(bob)
    for _ in range(ROUNDS):
        acts = [
            lambda: accounts.freeze(account_id=wallet(bob).pk, reason="race"),
            *[lambda: pay(rich_alice, code, 1, key=key())] * 5,
        ]
        together(6, lambda n, acts=acts: acts[n]())  # type: ignore[misc]
        before = has(bob)
        together(3, lambda _: pay(rich_alice, code, 1, key=key()))
        assert has(bob) == before
        accounts.unfreeze(account_id=wallet(bob).pk, reason="race")


def test_mixed_traffic_in_every_direction_never_waits_in_a_circle(
    shop: Account, box: Box, alice: User, bob: User, charlie: User
) -> None:
    people = [alice, bob, charlie]
    for one in people:
        fill(one, 30_000)
    printed = [static_code(one) for one in people]
    counter = Code.objects.create(
        token="0" * 26, kind="static", status="active", account=shop, payable="merchant"
    )
    sticker = box_code(shop)

    everywhere(partial(_live, people, [*printed, counter], sticker))

    assert Payment.objects.count() > 200
    assert not Hold.objects.filter(status="claimed").exists()
    total = sum(has(one) for one in people) + holds_money(shop.pk) + holds_money(System.FEE_REVENUE)
    assert total + holds_money(System.ESCROW) == 90_000


def _live(people: list[User], codes: list[Code], sticker: Code, number: int) -> None:
    dice = random.Random(number)
    for _ in range(8):
        payer = dice.choice(people)
        try:
            pay(payer, dice.choice(codes), dice.randint(1, 400))
            payment = pay(payer, sticker)
        except Refusal:
            continue
        if dice.random() < 0.5:
            release(payment)
        else:
            claim(payment)
            capture(payment, dice.randint(0, 1000))


def test_a_balance_is_exact_at_every_moment(rich_alice: User, bob: User, box: Box, shop: Account) -> None:
    box_of(wallet(bob), price=10)
    sticker = box_code(wallet(bob))

    def act(number: int) -> None:
        if number:
            for _ in range(20):
                release(pay(rich_alice, sticker))
        else:
            for _ in range(40):
                found = queries.balance(rich_alice.pk)
                assert 0 <= found.available <= 100_000
                assert audit.audit(full=False) == []

    failures = [one for one in together(4, act) if one is not None]
    assert not failures, failures
    assert has(rich_alice) == 100_000
