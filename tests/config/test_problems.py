"""Every refusal under /api/ is problem+json and tells nothing it should not."""

from typing import Any

import pytest
from django.test import Client

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.config.urls")]
MEMBERS = {"type", "title", "status", "detail", "code", "request_id"}


@pytest.fixture
def client() -> Client:
    """A client that sees what a caller sees: an answer, whatever the view raised."""
    return Client(raise_request_exception=False)


def problem(answer: Any) -> dict[str, Any]:
    """Return the body of a problem, checked for its form."""
    assert answer["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert MEMBERS <= set(body) <= MEMBERS | {"errors"}
    assert body["status"] == answer.status_code
    assert body["request_id"] == answer["X-Request-Id"]
    return body


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("refusal", 409, "out_of_tea"),
        ("nothing-here", 404, "not_found"),
        ("denied", 403, "permission_denied"),
        ("suspicious", 400, "invalid"),
        ("throttled", 429, "too_many_requests"),
        ("model", 400, "invalid"),
        ("nested", 400, "invalid"),
        ("outage", 503, "unavailable"),
        ("bug", 500, "internal_error"),
    ],
)
def test_whatever_a_view_raises_has_a_status_and_a_code(
    client: Client, kind: str, status: int, code: str
) -> None:
    answer = client.get(f"/api/v1/tests/raise/{kind}")

    body = problem(answer)
    assert (body["status"], body["code"]) == (status, code)
    assert "secret" not in answer.text


def test_a_refusal_carries_its_reasons_and_when_to_come_back(client: Client) -> None:
    answer = client.get("/api/v1/tests/raise/refusal")

    assert answer.json()["detail"] == "There is no tea."
    assert answer.json()["errors"] == {"tea": ["green"]}
    assert answer["Retry-After"] == "7"


@pytest.mark.parametrize(("kind", "wait"), [("throttled", "4"), ("outage", "1")])
def test_what_passes_says_when(client: Client, kind: str, wait: str) -> None:
    assert client.get(f"/api/v1/tests/raise/{kind}")["Retry-After"] == wait


@pytest.mark.parametrize(
    ("kind", "errors"),
    [("model", {"name": ["too long"]}), ("nested", {"items.1.sku": ["unknown"]})],
)
def test_errors_are_flat(client: Client, kind: str, errors: dict[str, list[str]]) -> None:
    assert client.get(f"/api/v1/tests/raise/{kind}").json()["errors"] == errors


def test_an_error_outside_the_api_s_machinery_is_a_problem_too(client: Client) -> None:
    answer = client.get("/api/v1/tests/broken")

    assert problem(answer)["code"] == "internal_error"
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    "address", ["/api/v1/nothing", "/api/v1/", "/api/", "/api/v2/sessions", "/api/v1/sessions/"]
)
@pytest.mark.parametrize("method", ["get", "post", "delete", "options"])
def test_an_unknown_address_is_a_problem_whatever_the_method(
    client: Client, address: str, method: str
) -> None:
    assert problem(getattr(client, method)(address))["code"] == "not_found"


def test_an_unknown_page_is_not(client: Client) -> None:
    answer = client.get("/nothing")

    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")


def test_without_a_token_it_is_a_401_that_says_how(client: Client) -> None:
    answer = client.delete("/api/v1/sessions/current")

    assert (problem(answer)["status"], answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_another_method_is_a_405_that_says_which(client: Client) -> None:
    answer = client.get("/api/v1/sessions")

    assert problem(answer)["code"] == "method_not_allowed"
    assert "POST" in answer["Allow"]


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_another_content_type_is_a_415(client: Client, content_type: str) -> None:
    answer = client.post("/api/v1/sessions", "a=b", content_type=content_type)

    assert (problem(answer)["status"], answer.json()["code"]) == (415, "unsupported_media_type")


def test_a_caller_who_wants_html_gets_a_406_in_json(client: Client) -> None:
    answer = client.get("/api/v1/tests/raise/bug", headers={"Accept": "text/html"})

    assert problem(answer)["code"] == "not_acceptable"


def test_a_foreign_host_is_refused_in_json(client: Client) -> None:
    answer = client.get("/api/v1/tests/raise/bug", headers={"Host": "evil.example"})

    assert problem(answer)["code"] == "invalid"
