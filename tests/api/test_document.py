"""GET /api/schema/: the document that programs are written against."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.drainage import GENERATOR_STATS, reset_generator_stats
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from tests.api.document import document

# What the contract promises and the service has.
CONTRACT = {
    "/api/v1/users": {"post"},
    "/api/v1/sessions": {"post"},
    "/api/v1/sessions/current": {"delete"},
    "/api/v1/me": {"get"},
    "/api/v1/me/statement": {"get"},
    "/api/v1/me/statement.csv": {"get"},
    "/api/v1/me/statement.xml": {"get"},
    "/api/v1/codes": {"get", "post"},
    "/api/v1/codes/{code_id}": {"get", "patch"},
    "/api/v1/codes/{code_id}/revoke": {"post"},
    "/api/v1/codes/{code_id}/image.svg": {"get"},
    "/api/v1/codes/{code_id}/image.png": {"get"},
    "/api/v1/codes/{code_id}/image.pdf": {"get"},
    "/api/v1/scan": {"post"},
    "/api/v1/payments": {"get", "post"},
    "/api/v1/payments/{payment_id}": {"get"},
    "/api/v1/top-ups": {"post"},
    "/api/v1/withdrawals": {"get", "post"},
    "/api/v1/withdrawals/{withdrawal_id}": {"get"},
    "/api/v1/me/bank-account": {"get", "put"},
    "/api/v1/payments/{payment_id}/refunds": {"get", "post"},
    "/api/v1/payment-codes": {"post"},
    "/api/v1/charges": {"post"},
    "/api/v1/me/upgrade": {"get", "post"},
    "/api/v1/balance": {"get"},
    "/api/v1/devices": {"get"},
    "/api/v1/devices/{device_id}": {"get"},
    "/api/v1/devices/{device_id}/trigger": {"post"},
    "/api/v1/devices/{device_id}/operate": {"post"},
    "/api/v1/devices/{device_id}/actions": {"get"},
    "/api/v1/runs": {"post"},
    "/api/v1/runs/{run_id}": {"get"},
}
LISTS = ["/api/v1/me/statement", "/api/v1/codes", "/api/v1/payments", "/api/v1/devices"]
UNDER_A_KEY = ["/api/v1/payments", "/api/v1/top-ups"]
OPEN = {("/api/v1/users", "post"), ("/api/v1/sessions", "post")}
FOR_SHOPS = ["/api/v1/balance", "/api/v1/devices", "/api/v1/devices/{device_id}", "/api/v1/runs/{run_id}"]
REFUNDS = "/api/v1/payments/{payment_id}/refunds"
LISTS += [REFUNDS, "/api/v1/withdrawals"]
UNDER_A_KEY += ["/api/v1/withdrawals", REFUNDS, "/api/v1/charges"]
FOR_SHOPS += [REFUNDS, "/api/v1/charges"]
TRIGGER, OPERATE, ACTIONS = (
    f"/api/v1/devices/{{device_id}}/{verb}" for verb in ("trigger", "operate", "actions")
)
LISTS += [ACTIONS]
UNDER_A_KEY += [TRIGGER]
FOR_SHOPS += [TRIGGER, OPERATE, ACTIONS]
UNDER_A_KEY += ["/api/v1/runs"]
OPERATIONS = [(path, method) for path, methods in CONTRACT.items() for method in sorted(methods)]


def operation(path: str, method: str) -> dict[str, Any]:
    found: dict[str, Any] = document()["paths"][path][method]
    return found


def parameters(path: str, method: str, where: str) -> dict[str, dict[str, Any]]:
    found = operation(path, method).get("parameters", [])
    return {parameter["name"]: parameter for parameter in found if parameter["in"] == where}


def routes(resolver: URLResolver, prefix: str = "/") -> list[str]:
    """Return every address below a resolver, as the document writes it."""
    found: list[str] = []
    for pattern in resolver.url_patterns:
        here = prefix + str(pattern.pattern)
        found += routes(pattern, here) if isinstance(pattern, URLResolver) else []
        found += [here.replace("<uuid:", "{").replace(">", "}")] if isinstance(pattern, URLPattern) else []
    return found


def test_it_is_open_to_everybody(client: Client) -> None:
    answer = client.get("/api/schema/", headers={"Accept": "application/vnd.oai.openapi+json"})

    assert answer.status_code == 200
    assert json.loads(answer.content) == json.loads(json.dumps(document()))


def test_it_is_made_without_a_warning_and_valid(capsys: pytest.CaptureFixture[str]) -> None:
    reset_generator_stats()
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]

    assert not GENERATOR_STATS, capsys.readouterr().err
    validate_schema(schema)  # type: ignore[no-untyped-call]


def test_it_describes_what_the_contract_promises() -> None:
    described = {path: set(methods) for path, methods in document()["paths"].items()}

    assert {path: described.get(path) for path in CONTRACT} == CONTRACT


def test_every_address_under_api_v1_is_in_it() -> None:
    below = {route for route in routes(get_resolver()) if route.startswith("/api/v1/")}

    assert below == set(document()["paths"])


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_operation_says_how_it_succeeds_and_how_it_refuses(path: str, method: str) -> None:
    announced = operation(path, method)["responses"]

    assert [status for status in announced if status.startswith("2")]
    assert list(announced["default"]["content"]) == ["application/problem+json"]


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_operation_has_a_name_of_its_own(path: str, method: str) -> None:
    names = [operation(*other)["operationId"] for other in OPERATIONS]

    assert names.count(operation(path, method)["operationId"]) == 1


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_operation_says_who_may_call(path: str, method: str) -> None:
    schemes = [name for way in operation(path, method).get("security", []) for name in way]

    if (path, method) in OPEN:
        assert schemes == []
    else:
        assert ("merchant" if path in FOR_SHOPS else "person") in schemes


@pytest.mark.parametrize("path", LISTS)
def test_every_list_has_pages(path: str) -> None:
    asked = parameters(path, "get", "query")
    limit = asked["limit"]["schema"]
    answered = operation(path, "get")["responses"]["200"]["content"]["application/json"]["schema"]
    page = document()["components"]["schemas"][answered["$ref"].rpartition("/")[2]]

    assert (limit["minimum"], limit["maximum"], limit["default"]) == (1, 100, 20)
    assert asked["cursor"]["schema"] == {"type": "string"}
    assert set(page["required"]) == {"data", "next"}


@pytest.mark.parametrize("path", UNDER_A_KEY)
def test_what_moves_money_asks_for_a_key(path: str) -> None:
    assert parameters(path, "post", "header")["Idempotency-Key"]["required"] is True


@pytest.mark.parametrize("name", ["NewPayment", "NewTopUp", "NewCode", "NewRefund", "NewCharge"])
def test_amounts_are_whole_minor_units(name: str) -> None:
    amount = document()["components"]["schemas"][name]["properties"]["amount"]

    assert amount | {"nullable": True} == {
        "type": "integer",
        "minimum": 1,
        "maximum": 10**12,
        "nullable": True,
    }


def test_a_problem_names_its_members() -> None:
    problem = document()["components"]["schemas"]["Problem"]

    assert set(problem["required"]) == {"type", "title", "status", "detail", "code", "request_id"}
    assert problem["properties"]["errors"]["additionalProperties"]["type"] == "array"
