"""POST sessions, DELETE sessions/current, and what a token opens."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import authenticate as django_authenticate
from django.db import IntegrityError
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries
from rest_framework.request import Request

from outbox.clock import now
from people import services, throttle
from people.authentication import BearerSession
from people.errors import WrongCredentials
from people.models import Session, Throttle, User
from people.tokens import token_hash
from tests.cast import PASSWORD
from tests.processes import together

SESSIONS = "/api/v1/sessions"
CURRENT = "/api/v1/sessions/current"


def sign_in(client: Client, phone: str, password: str = PASSWORD) -> Any:
    """Ask for a session."""
    return client.post(SESSIONS, {"phone": phone, "password": password}, content_type="application/json")


def bearer(token: str) -> dict[str, str]:
    """Return the header."""
    return {"Authorization": f"Bearer {token}"}


def caller(header: str) -> Any:
    """Return whom the authentication sees behind a header."""
    return BearerSession().authenticate(Request(RequestFactory().get("/", HTTP_AUTHORIZATION=header)))


def test_the_right_password_buys_a_token_for_thirty_days(client: Client, alice: User) -> None:
    answer = sign_in(client, alice.phone)

    assert answer.status_code == 201
    assert set(answer.json()) == {"token", "expires_at"}
    session = Session.objects.get()
    assert bytes(session.token_hash) == token_hash(answer.json()["token"])
    assert now() + timedelta(days=29) < session.expires_at <= now() + timedelta(days=30)


def test_a_wrong_password_and_an_unknown_number_get_the_same_answer(client: Client, alice: User) -> None:
    wrong = sign_in(client, alice.phone, "not the password")
    unknown = sign_in(client, "+8613899999999")

    assert wrong.status_code == unknown.status_code == 401
    assert wrong["Content-Type"] == "application/problem+json"
    assert wrong.json()["code"] == "wrong_credentials"
    assert wrong.json() | {"request_id": ""} == unknown.json() | {"request_id": ""}


def test_an_unknown_number_costs_a_hash_too(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []
    monkeypatch.setattr(services, "make_password", hashed.append)

    with pytest.raises(WrongCredentials):
        services.authenticate(phone="+8613899999999", password=PASSWORD, address="")

    assert hashed == [PASSWORD]


def test_a_closed_account_gets_no_session(client: Client, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)

    assert sign_in(client, alice.phone).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"phone": "+8613800000001"},
        {"phone": 8613800000001, "password": PASSWORD},
        {"phone": "١٢٣٤٥٦٧", "password": PASSWORD},
        {"phone": "+8613800000001", "password": ["x"]},
        {"phone": "+8613800000001", "password": "x" * 129},
        {"phone": None, "password": None},
    ],
)
def test_bad_input_is_told_by_field(client: Client, db: None, body: dict[str, Any]) -> None:
    answer = client.post(SESSIONS, body, content_type="application/json")

    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid"
    assert set(answer.json()["errors"]) <= {"phone", "password"}


def test_the_eleventh_wrong_try_is_throttled_before_anything_is_hashed(
    client: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(throttle.TRIES_A_PHONE):
        assert sign_in(client, alice.phone, "not the password").status_code == 401
    monkeypatch.setattr(services, "check_password", None)

    answer = sign_in(client, alice.phone)

    assert answer.status_code == 429
    assert answer.json()["code"] == "too_many_tries"
    assert 0 < int(answer["Retry-After"]) <= throttle.WINDOW_S


def test_a_throttled_number_does_not_stop_another(client: Client, alice: User, bob: User) -> None:
    Throttle.objects.create(
        key=f"phone {alice.phone}",
        tries=throttle.TRIES_A_PHONE_ANYWHERE,
        window_ends_at=now() + timedelta(minutes=1),
    )

    assert sign_in(client, alice.phone).status_code == 429
    assert sign_in(client, bob.phone).status_code == 201


def test_an_address_that_tries_many_numbers_is_throttled(client: Client, alice: User) -> None:
    Throttle.objects.create(key="address 127.0.0.1", tries=100, window_ends_at=now() + timedelta(minutes=1))

    assert sign_in(client, alice.phone).status_code == 429


def test_a_window_that_ended_counts_from_the_start(client: Client, alice: User) -> None:
    key = f"phone {alice.phone}"
    Throttle.objects.create(key=key, tries=10, window_ends_at=now() - timedelta(seconds=1))

    assert sign_in(client, alice.phone, "not the password").status_code == 401
    assert Throttle.objects.get(key=key).tries == 1


def test_signing_in_rightly_uses_nothing_up(client: Client, alice: User) -> None:
    for _ in range(throttle.TRIES_A_PHONE + 2):
        assert sign_in(client, alice.phone).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_forty_tries_at_once_do_not_slip_past_the_throttle(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "check_password", lambda *_: False)

    def guess(number: int) -> str:
        try:
            services.authenticate(phone=alice.phone, password=str(number), address="192.0.2.1")
        except WrongCredentials:
            return "compared"
        return "in"

    answers = together(40, guess)

    assert answers.count("compared") == throttle.TRIES_A_PHONE


def test_the_households_of_ipv6_count_as_one() -> None:
    one = throttle.keys_of(phone="1", address="2001:db8:1:2:aaaa::1")
    other = throttle.keys_of(phone="1", address="2001:db8:1:2:bbbb::2")

    assert one == other


def test_the_admins_sign_in_stands_behind_the_same_throttle(alice: User) -> None:
    request = RequestFactory().post("/admin/login/")
    assert django_authenticate(request, username=alice.phone, password=PASSWORD) == alice
    Throttle.objects.filter(key=f"phone {alice.phone}").update(tries=throttle.TRIES_A_PHONE_ANYWHERE)

    assert django_authenticate(request, username=alice.phone, password=PASSWORD) is None


def test_a_token_is_looked_up_in_one_statement(
    alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    _, token = services.start_session(user_id=alice.pk)

    with django_assert_num_queries(1):
        user, auth = caller(f"Bearer {token}")
        assert (user.pk, user.phone, user.name, user.is_active) == (alice.pk, alice.phone, alice.name, True)

    assert auth == token


@pytest.mark.parametrize("header", ["", "Basic YTpi", "Bearer", "Bearer a b", "Bearer sk_abc"])
def test_what_is_no_persons_token_is_left_to_others(header: str) -> None:
    assert caller(header) is None


@pytest.mark.parametrize("change", ["expired", "closed", "browser", "deleted"])
def test_a_token_that_is_none_any_more_is_a_401(client: Client, alice: User, change: str) -> None:
    session, token = services.start_session(user_id=alice.pk)
    sessions = Session.objects.filter(pk=session.pk)
    if change == "expired":
        sessions.update(created_at=now() - timedelta(days=2), expires_at=now() - timedelta(days=1))
    elif change == "closed":
        User.objects.filter(pk=alice.pk).update(is_active=False)
    elif change == "browser":
        sessions.update(kind=Session.Kind.BROWSER)
    else:
        sessions.delete()

    answer = client.delete(CURRENT, headers=bearer(token))

    assert answer.status_code == 401
    assert answer.json()["code"] == "authentication_failed"
    assert answer["WWW-Authenticate"] == "Bearer"


def test_signing_out_ends_this_session_and_no_other(client: Client, alice: User) -> None:
    _, token = services.start_session(user_id=alice.pk)
    _, other = services.start_session(user_id=alice.pk)

    assert client.delete(CURRENT, headers=bearer(token)).status_code == 204

    assert client.delete(CURRENT, headers=bearer(token)).status_code == 401
    assert client.delete(CURRENT, headers=bearer(other)).status_code == 204


def test_a_browser_signs_out_with_csrf_only(alice: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)

    assert browser.delete(CURRENT).status_code == 403
    browser.cookies["csrftoken"] = "a" * 32
    assert browser.delete(CURRENT, headers={"X-CSRFToken": "a" * 32}).status_code == 204
    assert browser.delete(CURRENT, headers={"X-CSRFToken": "a" * 32}).status_code == 401


def test_what_is_over_is_forgotten(alice: User) -> None:
    session, _ = services.start_session(user_id=alice.pk)
    services.start_session(user_id=alice.pk)
    Session.objects.filter(pk=session.pk).update(
        created_at=now() - timedelta(days=2), expires_at=now() - timedelta(days=1)
    )
    Throttle.objects.create(key="old", tries=1, window_ends_at=now() - timedelta(days=1))

    services.forget_ended()

    assert Session.objects.count() == 1
    assert not Throttle.objects.exists()


def test_a_session_cannot_end_before_it_began(alice: User) -> None:
    services.start_session(user_id=alice.pk)

    with pytest.raises(IntegrityError, match="session_ends_after_it_began"):
        Session.objects.update(expires_at=now() - timedelta(days=1))
