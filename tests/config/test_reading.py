"""What the API accepts: JSON with one meaning, whole amounts, keys, pages."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from people.models import Throttle

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.config.urls")]


def post(client: Client, address: str, body: str | bytes, **headers: str) -> Any:
    """Send a body as it is."""
    return client.post(f"/api/v1/tests/{address}", body, content_type="application/json", headers=headers)


def test_json_is_understood(client: Client) -> None:
    body = '{"text": "王 😀 \\u00e9", "number": 12, "list": [1, null, true], "empty": {}}'

    assert post(client, "echo", body).json() == {
        "text": "王 😀 é",
        "number": 12,
        "list": [1, None, True],
        "empty": {},
    }


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "",
        "nothing",
        "[]",
        '"text"',
        "12",
        "null",
        '{"a": NaN}',
        '{"a": Infinity}',
        '{"a": -Infinity}',
        '{"a": 1, "a": 2}',
        '{"b": {"a": 1, "a": 2}}',
        '{"a": "\\u0000"}',
        '{"\\u0000": 1}',
        '{"a": "\\ud800"}',
        '{"a": "\x01"}',
        '{"a": 01}',
        "{'a': 1}",
        '{"a": 1,}',
        '{"a": 1} x',
        "\ufeff{}",
        b'{"a": "\xff"}',
        '{"a": 1}'.encode("utf-16"),
        '{"a": ' + "9" * 5000 + "}",
        '{"a": ' + "[" * 20 + "]" * 20 + "}",
        "[" * 30_000,
        '{"a":' * 10_000,
    ],
)
def test_other_json_is_a_400(client: Client, body: str | bytes) -> None:
    answer = post(client, "echo", body)

    if body == "":
        assert answer.json() == {}  # no body is an empty object
        return
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "invalid"


def test_a_body_of_64_kb_is_read_and_a_larger_one_is_not(client: Client) -> None:
    fits = '{"a": "' + "x" * (64 * 1024 - 9) + '"}'

    assert post(client, "echo", fits).status_code == 200
    answer = post(client, "echo", fits.replace("x", "xx", 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize("amount", ["1", "1000000000000", " 12 "])
def test_an_amount_is_a_whole_number(client: Client, amount: str) -> None:
    answer = post(client, "pay", f'{{"amount": {amount}}}', **{"Idempotency-Key": "k"})

    assert answer.json()["amount"] == int(amount)


@pytest.mark.parametrize(
    "amount",
    [
        "1.0",
        '"12"',
        "1e3",
        "true",
        "false",
        "null",
        "0",
        "-1",
        "1000000000001",
        "[1]",
        "{}",
        "1" + "0" * 4000,
    ],
)
def test_anything_else_is_no_amount(client: Client, amount: str) -> None:
    answer = post(client, "pay", f'{{"amount": {amount}}}', **{"Idempotency-Key": "k"})

    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {"amount"}


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("abc", "abc"),
        ('"abc"', "abc"),
        ("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        ("x" * 255, "x" * 255),
        ('"' + "x" * 255 + '"', "x" * 255),
        ("two words", "two words"),
        ('a"b', 'a"b'),
    ],
)
def test_an_idempotency_key_is_quoted_or_bare(client: Client, header: str, key: str) -> None:
    assert post(client, "pay", '{"amount": 1}', **{"Idempotency-Key": header}).json()["key"] == key


@pytest.mark.parametrize(
    "header", [None, "", " ", '""', '"', '"abc', "x" * 256, '"' + "x" * 256 + '"', "ключ", "a\tb"]
)
def test_any_other_key_is_none(client: Client, header: str | None) -> None:
    headers = {} if header is None else {"Idempotency-Key": header}
    answer = post(client, "pay", '{"amount": 1}', **headers)

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")


def test_pages_follow_each_other_newest_first_and_end(client: Client) -> None:
    end = datetime(2026, 11, 20, tzinfo=UTC)
    Throttle.objects.bulk_create(Throttle(key=f"{n:02}", tries=0, window_ends_at=end) for n in range(25))

    seen: list[str] = []
    address = "/api/v1/tests/list?limit=10"
    while address:
        page = client.get(address).json()
        assert set(page) == {"data", "next"}
        seen += page["data"]
        address = page["next"]

    assert seen == [f"{n:02}" for n in reversed(range(25))]
    assert len(client.get("/api/v1/tests/list").json()["data"]) == 20


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "1.5", "", "١", "9" * 50])
def test_a_limit_is_1_to_100(client: Client, limit: str) -> None:
    answer = client.get("/api/v1/tests/list", {"limit": limit})

    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {"limit"}
