"""Signing in, up and out."""

import pytest
from django.test import Client
from pytest_django import Settings

from people.models import User
from tests.cast import PASSWORD

pytestmark = pytest.mark.django_db


def sign_in(client: Client, user: User, password: str = PASSWORD, **fields: str) -> object:
    return client.post("/sign-in/", {"phone": user.phone, "password": password, **fields})


def test_a_stranger_is_sent_to_the_sign_in_and_back(client: Client, alice: User) -> None:
    asked = client.get("/history/")
    assert asked.status_code == 302
    assert asked["Location"] == "/sign-in/?next=/history/"
    answer = client.post(asked["Location"], {"phone": alice.phone, "password": PASSWORD, "next": "/history/"})
    assert answer["Location"] == "/history/"


@pytest.mark.parametrize(
    "target",
    [
        *(
            "https://evil.example/",
            "//evil.example",
            "javascript:alert(1)",
            "///evil.example",
            "/\\evil.example",
        ),
        *("foo", "wallet:home", "http:foo", "[", "\x00", " /history/"),
    ],
)
def test_the_way_back_never_leads_elsewhere(client: Client, alice: User, target: str) -> None:
    assert client.get("/sign-in/", {"next": target}).status_code == 200
    answer = client.post("/sign-in/", {"phone": alice.phone, "password": PASSWORD, "next": target})
    assert answer["Location"] == "/"


def test_who_is_signed_in_is_sent_on_and_never_elsewhere(alice_at: Client) -> None:
    assert alice_at.get("/sign-in/?next=/history/")["Location"] == "/history/"
    assert alice_at.get("/sign-in/?next=foo")["Location"] == "/"


def test_a_phone_number_may_be_written_with_spaces(client: Client, alice: User) -> None:
    spaced = f"{alice.phone[:3]} {alice.phone[3:7]}-{alice.phone[7:]}"
    assert client.post("/sign-in/", {"phone": spaced, "password": PASSWORD}).status_code == 302


def test_a_wrong_password_says_so_and_shows_neither(client: Client, alice: User) -> None:
    answer = client.post("/sign-in/", {"phone": alice.phone, "password": "not the password"})
    assert answer.status_code == 422
    assert "wrong" in answer.content.decode()
    assert "not the password" not in answer.content.decode()


def test_too_many_tries_are_refused_before_anything_is_compared(client: Client, alice: User) -> None:
    for _ in range(10):
        client.post("/sign-in/", {"phone": alice.phone, "password": "wrong"})
    answer = client.post("/sign-in/", {"phone": alice.phone, "password": PASSWORD})
    assert "Too many" in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_signing_out_ends_the_session(alice_at: Client) -> None:
    assert alice_at.post("/sign-out/")["Location"] == "/sign-in/"
    assert alice_at.get("/").status_code == 302


def test_signing_out_needs_a_post(alice_at: Client) -> None:
    assert alice_at.get("/sign-out/").status_code == 405


NEW = {"name": "Dora", "phone": "+8613900000009", "password": "correct horse battery", "pin": "193750"}


def test_the_demo_opens_wallets(client: Client) -> None:
    assert client.post("/sign-up/", NEW)["Location"] == "/"
    home = client.get("/")
    assert home.status_code == 200
    assert "Nothing yet" in home.content.decode()


@pytest.mark.parametrize(
    ("field", "text"), [("pin", "123456"), ("password", "12345678"), ("name", "   "), ("phone", "none")]
)
def test_a_refused_sign_up_says_which_field(client: Client, field: str, text: str) -> None:
    answer = client.post("/sign-up/", NEW | {field: text})
    assert answer.status_code == 422
    assert answer.context["form"].errors[field]
    assert not User.objects.filter(phone=NEW["phone"]).exists()


def test_without_the_demo_nobody_signs_up(client: Client, settings: Settings) -> None:
    settings.DEMO = False
    assert client.get("/sign-up/").status_code == 404
    assert client.post("/sign-up/", NEW).status_code == 404
