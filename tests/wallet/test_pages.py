"""What every page keeps: nothing stored, nothing foreign loaded, few queries, nobody else's things."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

pytestmark = pytest.mark.django_db

PAGES = ["/", "/history/", "/scan/", "/number/", "/receive/", "/receive/amount/", "/top-up/", "/me/"]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_never_stored(alice_at: Client, page: str) -> None:
    answer = alice_at.get(page)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_costs_at_most_twelve_queries(
    alice_at: Client, page: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    alice_at.get(page)  # the first look at a page may make something
    with django_assert_max_num_queries(12):
        alice_at.get(page)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_loads_nothing_inline_or_foreign(alice_at: Client, page: str) -> None:
    policy = alice_at.get(page)["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "'unsafe-eval'" not in policy


@pytest.mark.parametrize("page", PAGES)
def test_only_the_scanner_may_compile_webassembly(alice_at: Client, page: str) -> None:
    policy = alice_at.get(page)["Content-Security-Policy"]
    assert ("'wasm-unsafe-eval'" in policy) == (page == "/scan/")


@pytest.mark.parametrize(
    "page", [*PAGES, "/payments/01990000-0000-7000-8000-000000000001/", "/q/" + "4" * 26]
)
def test_a_page_asks_who_is_there(client: Client, page: str) -> None:
    answer = client.get(page)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/?next=")


def test_a_poll_without_a_session_reloads_the_page(client: Client) -> None:
    answer = client.get("/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Refresh"]) == (204, "true")


def test_a_poll_is_answered_only_when_something_changed(alice_at: Client) -> None:
    seen = alice_at.get("/").context["live"].version
    poll = {"HX-Request": "true"}
    assert alice_at.get("/", {"seen": seen}, headers=poll).status_code == 204
    changed = alice_at.get("/", {"seen": "older"}, headers=poll)
    assert changed.status_code == 200
    assert "<html" not in changed.content.decode()


def test_the_balance_can_be_drawn_hidden(alice_at: Client) -> None:
    alice_at.cookies["hide_balance"] = "1"
    assert "is-hidden" in alice_at.get("/").content.decode()


def test_without_the_demo_money_cannot_be_made(alice_at: Client, settings: Settings) -> None:
    settings.DEMO = False
    assert alice_at.get("/top-up/").status_code == 404
    assert "Top up" not in alice_at.get("/").content.decode()


def test_an_address_that_is_none_is_said_in_our_own_voice(alice_at: Client) -> None:
    answer = alice_at.get("/nothing/")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()


def test_a_form_without_its_token_is_refused_in_our_own_voice(alice_at: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = alice_at.cookies
    answer = strict.post("/top-up/", {"amount": "100", "key": "k"})
    assert answer.status_code == 403
    assert "no money moved" in answer.content.decode()
