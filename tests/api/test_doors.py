"""What holds for every address: who may enter, by which method, and what every answer carries."""

from typing import Any
from uuid import UUID

import pytest

from tests.api.callers import NOBODYS_ID, Caller, Person, nothing_changes, refusal

ID = NOBODYS_ID
READS = [
    *("me", "me/statement", "me/statement.csv", "me/statement.xml"),
    *("codes", f"codes/{ID}", f"codes/{ID}/image.svg", f"codes/{ID}/image.png"),
    *("payments", f"payments/{ID}", "balance", "devices", f"devices/{ID}", f"runs/{ID}"),
    *("me/upgrade", f"payments/{ID}/refunds"),
    *("withdrawals", f"withdrawals/{ID}", "me/bank-account", f"devices/{ID}/actions"),
]
WRITES = ["users", "sessions", "codes", f"codes/{ID}/revoke", "scan", "payments", "top-ups"]
WRITES += ["payment-codes", "charges", "me/upgrade", f"payments/{ID}/refunds"]
WRITES += ["withdrawals", f"devices/{ID}/trigger", f"devices/{ID}/operate", "runs"]
CLOSED = [("get", path) for path in READS] + [("post", path) for path in WRITES[2:]]
WRONG_METHODS = [
    *(("post", path) for path in READS if path not in WRITES),
    *(("get", path) for path in WRITES if path not in READS),
    *(("delete", path) for path in [*READS, *WRITES]),
    ("get", "sessions/current"),
    ("post", "sessions/current"),
]
FOR_SHOPS = ["balance", "devices", f"devices/{ID}", f"runs/{ID}", "charges", f"payments/{ID}/refunds"]
FOR_SHOPS += [f"devices/{ID}/trigger", f"devices/{ID}/operate", f"devices/{ID}/actions"]
LISTS = ["me/statement", "codes", "payments", "withdrawals"]


@pytest.mark.parametrize(("method", "path"), [*CLOSED, ("delete", "sessions/current")])
def test_without_a_token_nobody_enters(nobody: Caller, method: str, path: str) -> None:
    with nothing_changes():
        answer = getattr(nobody, method)(path)

    refusal(answer, 401, "not_authenticated")
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_with_a_made_up_token_nobody_enters(db: None, method: str, path: str) -> None:
    answer = getattr(Caller("sk_made-up" if "devices" in path else "made-up"), method)(path)

    assert answer.json()["code"] in {"authentication_failed", "not_authenticated"}
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "Basic YTpi",
        "Token x",
        "bearer\tx",
        "Bearer \xff\xfe",
        "x" * 9_000,
    ],
    ids=lambda header: ascii(header)[:20],
)
def test_an_odd_authorization_is_nobody_s(nobody: Caller, header: str) -> None:
    answer = nobody.get("me", headers={"Authorization": header})

    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_read_without_case(alice: Person, nobody: Caller, scheme: str) -> None:
    assert nobody.get("me", headers={"Authorization": f"{scheme} {alice.token}"}).status_code == 200


def test_another_method_is_told_which_ones_there_are(alice: Person, till: Caller) -> None:
    for method, path in WRONG_METHODS:
        with nothing_changes(f"{method} {path}"):
            answer = getattr(till if path in FOR_SHOPS else alice, method)(path)
        refusal(answer, 405, "method_not_allowed")
        assert method.upper() not in answer["Allow"]


@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_an_address_that_is_none_says_so(alice: Person, method: str) -> None:
    for path in ("", "nothing", "me/", "payments/", "PAYMENTS", "me/nothing", "codes//revoke"):
        refusal(getattr(alice, method)(path), 404, "not_found")


@pytest.mark.parametrize("path", LISTS)
def test_a_limit_is_1_to_100(alice: Person, path: str) -> None:
    for limit in ("0", "101", "-1", "x", "1.0", "1e1", "", "١", "９", "9" * 50, "\0", "1,2"):
        refusal(alice.get(path, limit=limit), 400, "invalid", "limit")
    for limit in ("1", "100"):
        assert alice.get(path, limit=limit).json() == {"data": [], "next": None}


@pytest.mark.parametrize("path", LISTS)
def test_unknown_parameters_are_ignored(alice: Person, path: str) -> None:
    assert alice.get(path, kind="x", owner="x", offset="9").status_code == 200


def test_next_keeps_what_was_asked_for(alice: Person) -> None:
    for _ in range(3):
        alice.gets(1)
    following = alice.get("me/statement", limit=2).json()["next"]

    assert following.startswith("http://testserver/api/v1/me/statement?")
    assert "limit=2" in following


def test_every_answer_names_its_request(alice: Person, nobody: Caller) -> None:
    answers = [alice.get("me"), alice.get("me"), nobody.get("me"), alice.get("nothing"), alice.post("scan")]

    names = [answer["X-Request-Id"] for answer in answers]
    assert {UUID(name).version for name in names} == {7}
    assert len(set(names)) == len(names)


def test_a_caller_may_name_the_request_himself(nobody: Caller) -> None:
    answer = nobody.get("me", headers={"X-Request-Id": "till-4.2026_11-20"})

    assert (
        answer["X-Request-Id"]
        == refusal(answer, 401, "not_authenticated")["request_id"]
        == "till-4.2026_11-20"
    )


def test_a_name_that_would_spoil_the_logs_is_replaced(nobody: Caller) -> None:
    for name in ("", "x" * 65, "a b", "a\tb", "名", "<script>", '"'):
        assert UUID(nobody.get("me", headers={"X-Request-Id": name})["X-Request-Id"]).version == 7


@pytest.mark.parametrize("path", ["me", "payments", "nothing"])
def test_who_wants_html_gets_a_problem_in_json(alice: Person, path: str) -> None:
    answer = alice.get(path, headers={"Accept": "text/html"})

    assert answer.status_code in {404, 406}
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("language", ["ja", "zh-hans", "xx", "*", "x" * 2_000])
def test_codes_do_not_depend_on_the_language(alice: Person, language: str) -> None:
    answer = alice.post("scan", {"payload": "x"}, headers={"Accept-Language": language})

    refusal(answer, 404, "unknown_code")


def test_answers_are_not_for_caches_of_others(alice: Person) -> None:
    for path in ("me", "payments"):
        answer: Any = alice.get(path)
        assert "public" not in answer.get("Cache-Control", "")
        assert answer["X-Content-Type-Options"] == "nosniff"
