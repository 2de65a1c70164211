"""What is refused before anything reads it, and what no cache may keep."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from people.models import User

pytestmark = pytest.mark.django_db
LARGE = b"x" * (64 * 1024 + 1)


@pytest.mark.parametrize("path", ["/api/v1/sessions", "/api/v1/nothing", "/api/v1/me"])
def test_a_large_request_is_refused_by_the_api(client: Client, path: str) -> None:
    answer = client.post(path, LARGE, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer["X-Request-Id"]


@pytest.mark.parametrize("path", ["/sign-in/", "/admin/login/", "/nothing/", "/healthz"])
def test_a_large_request_is_refused_by_a_page_in_a_sentence(client: Client, path: str) -> None:
    answer = client.post(path, {"file": SimpleUploadedFile("photo.png", LARGE)})

    assert (answer.status_code, answer.text) == (413, "The request is too large.")
    assert answer["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("length", ["", "x", "-1", "65536"])
def test_another_length_is_left_to_whoever_reads(client: Client, length: str) -> None:
    assert client.get("/healthz", CONTENT_LENGTH=length).status_code == 200


@pytest.mark.parametrize("path", ["me", "codes", "nothing"])
def test_no_cache_keeps_what_the_api_answers(client: Client, alice: User, path: str) -> None:
    client.force_login(alice)

    assert client.get(f"/api/v1/{path}")["Cache-Control"] == "no-store"


def test_no_cache_keeps_a_token_or_a_refusal(client: Client) -> None:
    assert client.post("/api/v1/sessions", {}, content_type="application/json")["Cache-Control"] == "no-store"
    assert client.post("/api/v1/me", LARGE, content_type="text/plain")["Cache-Control"] == "no-store"
