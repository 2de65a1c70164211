"""kill -9 of the web processes in mid-load: what was acknowledged is there, nothing is there by half."""

import http.client
import json
import random
import time
from dataclasses import dataclass, field
from functools import partial
from threading import Event, Thread
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.db.models import Sum

from merchants.models import Merchant
from payments import codes, queries
from payments.models import CapRule, IdempotentAnswer, Payment, Transfer
from people.models import User
from people.services import start_session
from tests.cast import PIN, person
from tests.payments.hands import fill, has, static_code
from tests.rig.service import Service
from tests.rig.waiting import eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

KILLS = 30
CLIENTS = 6
RICH = 10_000_000
PRICE = 125  # 0.8 % of it is exactly one minor unit


@dataclass
class Client(Thread):
    """Somebody who pays and pays, and remembers what was answered."""

    url: str
    payer: User
    tokens: list[str]  # of the codes
    enough: Event
    answered: dict[str, int] = field(default_factory=dict)  # key -> status
    unanswered: dict[str, str] = field(default_factory=dict)  # key -> the code's token

    def __post_init__(self) -> None:
        super().__init__()
        self.session = start_session(user_id=self.payer.pk)[1]

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        dice = random.Random(self.payer.phone)
        while not self.enough.is_set():
            key, token = str(uuid4()), dice.choice(self.tokens)
            self.pay(key, token)

    def pay(self, key: str, token: str) -> None:
        client = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=10)
        try:
            client.request("POST", "/api/v1/payments", self._body(token), self._headers(key))
            answer = client.getresponse()
            answer.read()
            self.answered[key] = answer.status
            self.unanswered.pop(key, None)
        except (OSError, http.client.HTTPException):
            self.unanswered[key] = token
            time.sleep(0.01)
        finally:
            client.close()

    def _body(self, token: str) -> str:
        return json.dumps({"code": token, "amount": PRICE, "pin": PIN})

    def _headers(self, key: str) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self.session}",
            "Content-Type": "application/json",
            "Idempotency-Key": key,
        }


def test_web_processes_killed_thirty_times_in_mid_load(
    bob: User, mei_shop: Merchant, service: Service
) -> None:
    CapRule.objects.update(cap=CLIENTS * RICH)
    tokens = [
        static_code(bob).token,
        codes.create(account_id=mei_shop.account_id, payable="merchant").token,
    ]
    enough = Event()
    clients = [Client(service.url, payer, tokens, enough) for payer in rich_people()]
    service.start("web")
    for client in clients:
        client.start()
    try:
        kill_and_start(service, clients)
    finally:
        enough.set()
        for client in clients:
            client.join()

    acknowledged = {key for client in clients for key, status in client.answered.items() if status == 201}
    assert {status for client in clients for status in client.answered.values()} == {201}
    assert len(acknowledged) > KILLS
    stored = dict(IdempotentAnswer.objects.filter(status=201).values_list("key", "body"))
    answers = (json.loads(body) for body in stored.values())
    paid = {answer["id"] for answer in answers if "payer" in answer}  # the others are top-ups
    assert acknowledged <= set(stored)
    assert {str(each) for each in Payment.objects.values_list("pk", flat=True)} == paid

    lost = sum(len(client.unanswered) for client in clients)
    assert lost  # some were really cut off
    for client in clients:
        for key, token in list(client.unanswered.items()):
            client.pay(key, token)  # the same key again, as a wallet does
        assert not client.unanswered
    assert Payment.objects.count() == len(acknowledged) + lost
    everybody_has_what_the_payments_say(clients, bob, mei_shop)


def rich_people() -> list[User]:
    people = [person(f"Payer {number}", f"+86137000000{number:02}") for number in range(CLIENTS)]
    for each in people:
        fill(each, RICH)
    return people


def kill_and_start(service: Service, clients: list[Client]) -> None:
    """Kill while payments flow: each new process answers a few before its turn comes."""
    dice = random.Random(7)
    for _ in range(KILLS):
        enough = _answered(clients) + 2
        eventually(partial(_have_answered, clients, enough), what="payments between two kills")
        time.sleep(dice.uniform(0.05, 0.4))
        service.web.kill()
        service.web.start()
    time.sleep(0.2)


def _have_answered(clients: list[Client], enough: int) -> bool:
    return _answered(clients) >= enough


def _answered(clients: list[Client]) -> int:
    return sum(len(client.answered) for client in clients)


def everybody_has_what_the_payments_say(clients: list[Client], bob: User, shop: Merchant) -> None:
    for client in clients:
        spent = Payment.objects.filter(payer__owner=client.payer).aggregate(sum=Sum("amount"))["sum"]
        assert has(client.payer) == RICH - spent
    fees = Transfer.objects.filter(kind=Transfer.Kind.FEE).count()
    to_shop = Payment.objects.filter(payee=shop.account_id).count()
    assert fees == to_shop
    assert queries.account_balance(shop.account_id) == to_shop * (PRICE - 1)
    assert has(bob) == Payment.objects.filter(payee__owner=bob).count() * PRICE
