"""People who pay for machines as fast as they are let, and ask with the same key until somebody answers."""

import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from people.models import User
from people.services import start_session
from tests.cast import PIN

PAUSE_S = 0.1
ANSWER_S = 10


@dataclass(frozen=True)
class Wish:
    """What one machine sells: what a wallet sends for it."""

    code: str
    option: str
    args: dict[str, Any]


@dataclass
class Till:
    """Counts what was paid, over all wallets."""

    wanted: int
    paid: list[UUID] = field(default_factory=list)  # payments
    refused: Counter[str] = field(default_factory=Counter)  # by code of the refusal
    repeated: int = 0  # requests that got no answer and were sent again
    enough: threading.Event = field(default_factory=threading.Event)
    closed: threading.Event = field(default_factory=threading.Event)

    def take(self, status: int, body: dict[str, Any]) -> None:
        """Note an answer, and when enough was paid."""
        if status == 201:
            self.paid.append(UUID(body["id"]))
            if len(self.paid) >= self.wanted:
                self.enough.set()
        else:
            self.refused[body["code"]] += 1


class Wallet(threading.Thread):
    """One payer."""

    def __init__(self, *, url: str, payer: User, wishes: Sequence[Wish], till: Till, seed: str) -> None:
        super().__init__(name=payer.name)
        self._address = urlsplit(url).netloc
        self._wishes, self._till = wishes, till
        self._dice = random.Random(seed)
        self._token = start_session(user_id=payer.pk)[1]

    def run(self) -> None:
        """Pay for one machine after another until the till closes."""
        while not self._till.closed.is_set():
            status, body = self._pay(self._dice.choice(self._wishes))
            self._till.take(status, body)
            time.sleep(self._dice.uniform(PAUSE_S, 5 * PAUSE_S))

    def _pay(self, wish: Wish) -> tuple[int, dict[str, Any]]:
        """Ask until there is an answer: the key makes it one payment."""
        key = str(uuid4())
        while True:
            try:
                status, body = self._ask(wish, key)
                if body.get("code") != "idempotency_in_progress":
                    return status, body
            except (OSError, http.client.HTTPException, ValueError):
                self._till.repeated += 1
            time.sleep(PAUSE_S)

    def _ask(self, wish: Wish, key: str) -> tuple[int, dict[str, Any]]:
        client = http.client.HTTPConnection(self._address, timeout=ANSWER_S)
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/json",
            "Idempotency-Key": key,
        }
        body = {"code": wish.code, "option": wish.option, "args": wish.args, "pin": PIN}
        try:
            client.request("POST", "/api/v1/payments", json.dumps(body), headers)
            answer = client.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            client.close()
