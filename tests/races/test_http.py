"""Many calls at once over HTTP, from client processes of their own, against the real web process."""

import http.client
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from payments import codes, services
from payments.accounts import wallet_of
from payments.idempotency import Call, digest
from payments.models import Code, IdempotentAnswer, Lane, Payment
from people.models import Pin, User
from people.services import start_session
from tests.cast import PIN, person
from tests.processes import fork, together
from tests.rig.service import Service

PROCESSES = 5
WRONG_PIN = "864209"
FORKING = get_context("fork")


@dataclass(frozen=True)
class Wish:
    """One POST payments, ready to be sent."""

    token: str
    key: str
    body: Mapping[str, object]


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: str
    replayed: bool

    @property
    def code(self) -> str:
        return str(json.loads(self.body).get("code", "paid"))


@pytest.fixture
def service(service: Service) -> Service:
    service.start("web")
    return service


def wish(payer_token: str, code: Code, *, key: str = "", **changed: object) -> Wish:
    return Wish(payer_token, key or str(uuid4()), {"code": code.token, "pin": PIN, "amount": 100} | changed)


def send(url: str, wish: Wish, ready: Callable[[], object]) -> Answer:
    """Open a connection, wait until everybody has one, and pay."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    connection.connect()
    ready()
    headers = {"Authorization": f"Bearer {wish.token}", "Idempotency-Key": wish.key}
    connection.request(
        "POST", "/api/v1/payments", json.dumps(wish.body), headers | {"Content-Type": "application/json"}
    )
    response = connection.getresponse()
    body = response.read().decode()
    connection.close()
    return Answer(response.status, body, response.headers["Idempotent-Replayed"] == "true")


def sent_at_once(url: str, wishes: list[Wish], *, processes: int = PROCESSES) -> list[Answer]:
    """Send every wish from a thread of its own, in several processes that let go together."""
    start, results = FORKING.Barrier(len(wishes)), FORKING.SimpleQueue()

    def client(mine: list[Wish]) -> None:
        results.put(together(len(mine), lambda number: send(url, mine[number], lambda: start.wait(10))))

    children = [fork(partial(client, wishes[number::processes])) for number in range(processes)]
    answers = [answer for _ in children for answer in results.get()]
    for child in children:
        child.join()
    assert all(isinstance(answer, Answer) for answer in answers), answers
    return answers


def give(user: User, amount: int) -> None:
    services.top_up(call=Call(user.pk, str(uuid4()), digest("POST", "/test", {})), amount=amount)


def money(user: User) -> int:
    return sum(Lane.objects.filter(account=wallet_of(user.pk)).values_list("amount", flat=True))


def token_of(user: User) -> str:
    return start_session(user_id=user.pk)[1]


def code_of(user: User, **options: Any) -> Code:
    return codes.create(account_id=wallet_of(user.pk).pk, **options)


def test_of_fifty_payments_from_a_wallet_with_money_for_one_exactly_one_succeeds(
    service: Service, alice: User, bob: User
) -> None:
    give(alice, 100)
    code, token = code_of(bob), token_of(alice)

    answers = sent_at_once(service.url, [wish(token, code) for _ in range(50)])

    outcomes = Counter((answer.status, answer.code) for answer in answers)
    assert outcomes == {(201, "paid"): 1, (402, "insufficient_funds"): 49}
    assert (money(alice), money(bob), Payment.objects.count()) == (0, 100, 1)


def test_fifty_payments_that_fit_all_succeed_and_add_up(service: Service, alice: User, bob: User) -> None:
    give(alice, 50 * 100)
    code, token = code_of(bob), token_of(alice)

    answers = sent_at_once(service.url, [wish(token, code) for _ in range(50)])

    assert Counter(answer.status for answer in answers) == {201: 50}
    assert (money(alice), money(bob)) == (0, 5_000)


def test_of_twenty_calls_with_one_key_one_pays_and_all_hear_the_same(
    service: Service, alice: User, bob: User
) -> None:
    give(alice, 10_000)
    code, token = code_of(bob), token_of(alice)
    same = wish(token, code, key="one intention")

    answers = sent_at_once(service.url, [same] * 20)

    paid = [answer for answer in answers if answer.status == 201]
    others = {(answer.status, answer.code) for answer in answers} - {(201, "paid")}
    assert len({answer.body for answer in paid}) == 1
    assert [answer.replayed for answer in paid].count(False) == 1
    assert others <= {(409, "idempotency_in_progress")}
    assert (money(bob), Payment.objects.count()) == (100, 1)
    assert sent_at_once(service.url, [same], processes=1) == [Answer(201, paid[0].body, replayed=True)]


def test_of_twenty_calls_with_one_key_that_is_refused_all_hear_the_same(
    service: Service, alice: User, bob: User
) -> None:
    code, token = code_of(bob), token_of(alice)

    answers = sent_at_once(service.url, [wish(token, code, key="no money")] * 20)

    refused = [answer for answer in answers if answer.status == 402]
    assert len({answer.body for answer in refused}) == 1
    assert {answer.code for answer in answers} <= {"insufficient_funds", "idempotency_in_progress"}
    assert IdempotentAnswer.objects.filter(caller=alice.pk).count() == 1


def test_of_two_payers_of_one_dynamic_code_one_pays(
    service: Service, alice: User, charlie: User, bob: User
) -> None:
    give(alice, 10_000)
    give(charlie, 10_000)
    tokens = [token_of(alice), token_of(charlie)]

    for _ in range(8):
        code = code_of(bob, kind="dynamic", amount=100)
        answers = sent_at_once(service.url, [wish(token, code) for token in tokens], processes=2)
        assert {(answer.status, answer.code) for answer in answers} == {(201, "paid"), (410, "code_used")}

    assert money(bob) == 800
    assert money(alice) + money(charlie) == 20_000 - 800


def test_two_wallets_that_pay_each_other_at_once_never_hang(service: Service, alice: User, bob: User) -> None:
    give(alice, 2_000)
    give(bob, 2_000)
    there, back = wish(token_of(alice), code_of(bob)), wish(token_of(bob), code_of(alice))
    wishes = [Wish(each.token, str(uuid4()), each.body) for _ in range(20) for each in (there, back)]

    answers = sent_at_once(service.url, wishes)

    assert Counter(answer.status for answer in answers) == {201: 40}
    assert (money(alice), money(bob)) == (2_000, 2_000)


def test_of_fifty_wrong_pins_at_once_five_are_counted(service: Service, alice: User, bob: User) -> None:
    give(alice, 10_000)
    code, tokens = code_of(bob), [token_of(alice) for _ in range(PROCESSES)]

    guesses = [wish(tokens[n % PROCESSES], code, pin=WRONG_PIN) for n in range(50)]
    answers = sent_at_once(service.url, guesses)

    outcomes = Counter((answer.status, answer.code) for answer in answers)
    assert outcomes == {(403, "wrong_pin"): 4, (423, "pin_locked"): 46}
    assert Pin.objects.get(user=alice).failures == 5
    (right,) = sent_at_once(service.url, [wish(tokens[0], code)], processes=1)
    assert right.status == 423
    assert money(bob) == 0
    assert not service.web.says(WRONG_PIN)


def test_many_payers_of_one_payee_all_pay(service: Service, bob: User) -> None:
    payers = [person(f"Payer {number}", f"+86139000000{number:02}") for number in range(20)]
    for payer in payers:
        give(payer, 100)
    code = code_of(bob)

    answers = sent_at_once(service.url, [wish(token_of(payer), code) for payer in payers])

    assert Counter(answer.status for answer in answers) == {201: 20}
    assert money(bob) == 2_000
