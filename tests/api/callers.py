"""Those who call the API, through Django's test client; every answer they get must be in the document."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from django.db import connection
from django.test import Client

from payments import codes, services
from payments.accounts import wallet_of
from payments.idempotency import Call, digest
from payments.models import Account, Code, Lane
from people.models import Session, User
from people.tokens import new_token, session_mac, token_hash
from tests.api import document
from tests.cast import PIN

BASE = "/api/v1/"
WRONG_PIN = "864209"
NOBODYS_ID = "0193f4a2-0000-7000-8000-000000000000"
MEMBERS = {"type", "title", "status", "detail", "code", "request_id"}

# In one round trip: tests ask for it some thousand times.
_BOOKS = """
SELECT
    (SELECT array_agg((account_id, no, amount, version)::text ORDER BY account_id, no)
     FROM payments_lane WHERE version > 0),
    (SELECT count(*) FROM payments_payment),
    (SELECT count(*) FROM payments_transfer),
    (SELECT count(*) FROM payments_hold),
    (SELECT array_agg((id, status)::text ORDER BY id) FROM payments_code),
    (SELECT array_agg((payer_id, rule_id, used)::text ORDER BY payer_id, rule_id) FROM payments_capcounter),
    (SELECT count(*) FROM devices_run),
    (SELECT count(*) FROM devices_command),
    (SELECT count(*) FROM devices_operatoraction),
    (SELECT count(*) FROM people_user),
    (SELECT count(*) FROM people_session),
    (SELECT array_agg((user_id, failures, locked_until)::text ORDER BY user_id) FROM people_pin),
    (SELECT array_agg((id, status)::text ORDER BY id) FROM payments_withdrawal),
    (SELECT array_agg((id, status)::text ORDER BY id) FROM payments_topup),
    (SELECT array_agg(bank.*::text ORDER BY account_id) FROM payments_bankaccount AS bank)
"""

Body = Mapping[str, Any] | str | bytes


class Caller:
    """Somebody with a token, or nobody."""

    def __init__(self, token: str = "") -> None:
        self.token = token
        self._client = Client(raise_request_exception=False)

    def get(self, path: str, *, headers: Mapping[str, str] | None = None, **query: Any) -> Any:
        """Ask; `path` is below /api/v1/, or what `next` gave."""
        return self._call("get", path, headers, query)

    def post(
        self,
        path: str,
        body: Body | None = None,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> Any:
        """Send a body: JSON to be, or bytes as they are."""
        sent = json.dumps(body, ensure_ascii=False) if isinstance(body, Mapping) else body or b""
        keyed = {} if key is None else {"Idempotency-Key": key}
        answer = self._call("post", path, {**keyed, **(headers or {})}, sent, content_type=content_type)
        if answer.status_code < 300 and isinstance(body, Mapping) and "Idempotent-Replayed" not in answer:
            document.check_body("post", address_of(path), dict(body))
        return answer

    def patch(self, path: str, body: Body) -> Any:
        """Send a change: JSON to be, or bytes as they are."""
        sent = json.dumps(body, ensure_ascii=False) if isinstance(body, Mapping) else body
        answer = self._call("patch", path, {}, sent, content_type="application/json")
        if answer.status_code < 300 and isinstance(body, Mapping):
            document.check_body("patch", address_of(path), dict(body))
        return answer

    def put(self, path: str, body: Body) -> Any:
        """Send what shall stand there: JSON to be, or bytes as they are."""
        sent = json.dumps(body, ensure_ascii=False) if isinstance(body, Mapping) else body
        answer = self._call("put", path, {}, sent, content_type="application/json")
        if answer.status_code < 300 and isinstance(body, Mapping):
            document.check_body("put", address_of(path), dict(body))
        return answer

    def delete(self, path: str) -> Any:
        return self._call("delete", path, None)

    def pay(self, code: str, *, key: str | None = None, pin: str = PIN, **wish: object) -> Any:
        """Pay what a token stands for, under a new key unless one is given."""
        return self.post("payments", {"code": code, "pin": pin, **wish}, key=key or str(uuid4()))

    def _call(
        self, method: str, path: str, headers: Mapping[str, str] | None, *args: Any, **options: Any
    ) -> Any:
        address = address_of(path)
        bearer = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        send = getattr(self._client, method)
        answer = send(address, *args, headers={**bearer, **(headers or {})}, **options)
        assert answer.status_code < 500, answer.content
        document.check_answer(method, address, answer)
        return answer


class Person(Caller):
    """One of the cast at the phone. Its session saw the right PIN before, which is quick; see `knows_pin`."""

    def __init__(self, user: User, *, knows_pin: bool = True) -> None:
        super().__init__(new_token())
        self.user = user
        self.pk = user.pk
        Session.objects.create(
            token_hash=token_hash(self.token),
            user=user,
            kind=Session.Kind.API,
            pin_mac=session_mac(token=self.token, pin=PIN) if knows_pin else None,
            expires_at=datetime.now(UTC) + timedelta(days=1),
        )

    @property
    def wallet(self) -> Account:
        return wallet_of(self.pk)

    @property
    def money(self) -> int:
        """What the wallet holds, in minor units."""
        return sum(Lane.objects.filter(account=self.wallet).values_list("amount", flat=True))

    def gets(self, amount: int) -> None:
        """Bring minor units into the wallet."""
        services.top_up(call=Call(self.pk, str(uuid4()), digest("POST", "/test", {})), amount=amount)

    def code(self, **wish: Any) -> Code:
        """Make a code that pays the wallet."""
        return codes.create(account_id=self.wallet.pk, **wish)

    def at_the_browser(self) -> "Browser":
        """Return the same person in the wallet, signed in with a cookie."""
        return Browser(self.user)


class Browser(Caller):
    """A person with a cookie instead of a token."""

    def __init__(self, user: User) -> None:
        super().__init__()
        self._client = Client(raise_request_exception=False, enforce_csrf_checks=True)
        self._client.force_login(user)

    def csrf(self) -> str:
        """Return what a page of ours would send along."""
        self._client.cookies["csrftoken"] = "a" * 32
        return "a" * 32


def address_of(path: str) -> str:
    """Return the address of a path below the API, or of what `next` gave."""
    if not path.startswith("http"):
        return BASE + path
    parts = urlsplit(path)
    return f"{parts.path}?{parts.query}"


def refusal(answer: Any, status: int, code: str, *fields: str) -> dict[str, Any]:
    """Return a refusal's body after a look at every member; it complains about exactly these `fields`."""
    body: dict[str, Any] = answer.json()
    asked = answer.wsgi_request
    assert (answer.status_code, body.get("code")) == (status, code), f"{asked.path} {asked.GET}: {body}"
    assert answer["Content-Type"] == "application/problem+json"
    assert set(body) == MEMBERS | ({"errors"} if "errors" in body else set())
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    if "Idempotent-Replayed" not in answer:
        assert body["request_id"] == answer["X-Request-Id"]
    if status == 400:
        assert body["errors"]
        assert all(isinstance(text, str) for texts in body["errors"].values() for text in texts)
    if fields:
        assert set(body["errors"]) == set(fields)
    return body


def same(answer: Any, first: Any) -> bool:
    """Whether an answer is the first one again, and says so."""
    again = answer.get("Idempotent-Replayed") == "true" and "Idempotent-Replayed" not in first
    return again and (answer.status_code, answer.content) == (first.status_code, first.content)


def books() -> tuple[object, ...]:
    """Return everything that a refusal must leave as it was."""
    with connection.cursor() as cursor:
        cursor.execute(_BOOKS)
        row: tuple[object, ...] = cursor.fetchone()
    return row


@contextmanager
def nothing_changes(on: str = "") -> Iterator[None]:
    """Fail, naming `on`, if money, codes, people, sessions or counted PINs are not the same afterwards."""
    before = books()
    yield
    assert books() == before, on


def pages(caller: Caller, path: str, **query: Any) -> list[list[dict[str, Any]]]:
    """Return a list page by page, as `next` leads through it."""
    answer = caller.get(path, **query).json()
    found = [answer["data"]]
    while answer["next"]:
        answer = caller.get(answer["next"]).json()
        found.append(answer["data"])
    return found
