"""POST sessions and DELETE sessions/current. What guards them stands in tests/people/test_sessions.py."""

from datetime import datetime, timedelta

import pytest

from outbox.clock import now
from people import throttle
from people.models import Throttle
from tests.api.callers import Caller, Person, nothing_changes, refusal
from tests.cast import PASSWORD


def test_phone_and_password_buy_a_token(nobody: Caller, alice: Person, secrets: list[str]) -> None:
    answer = nobody.post("sessions", {"phone": alice.user.phone, "password": PASSWORD})

    assert answer.status_code == 201
    assert set(answer.json()) == {"token", "expires_at"}
    secrets.append(answer.json()["token"])
    assert datetime.fromisoformat(answer.json()["expires_at"]) > now() + timedelta(days=1)
    assert Caller(secrets[-1]).get("me").json()["id"] == str(alice.pk)


def test_unknown_fields_are_ignored(nobody: Caller, alice: Person) -> None:
    body = {"phone": alice.user.phone, "password": PASSWORD, "expires_in": 10**9}

    assert nobody.post("sessions", body).status_code == 201


@pytest.mark.parametrize(("phone", "password"), [("", "wrong password"), ("9", PASSWORD)])
def test_wrong_credentials_are_a_401(nobody: Caller, alice: Person, phone: str, password: str) -> None:
    with nothing_changes():
        answer = nobody.post("sessions", {"phone": alice.user.phone + phone, "password": password})

    refusal(answer, 401, "wrong_credentials")


def test_too_many_tries_are_a_429_that_says_when_to_come_back(nobody: Caller, alice: Person) -> None:
    ends_at = now() + timedelta(minutes=5)
    for key, most in throttle.keys_of(phone=alice.user.phone, address="127.0.0.1").items():
        Throttle.objects.create(key=key, tries=most, window_ends_at=ends_at)

    answer = nobody.post("sessions", {"phone": alice.user.phone, "password": PASSWORD})

    refusal(answer, 429, "too_many_tries")
    assert 290 <= int(answer["Retry-After"]) <= 300


def test_a_session_ends_when_it_is_deleted(alice: Person) -> None:
    answer = alice.delete("sessions/current")

    assert (answer.status_code, answer.content) == (204, b"")
    refusal(alice.get("me"), 401, "authentication_failed")
