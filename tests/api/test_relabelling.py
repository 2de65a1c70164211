"""PATCH codes/{id}: another label or memo for a code that is printed already."""

from datetime import timedelta
from typing import Any

import pytest

from outbox.clock import now
from payments import codes
from payments.models import Code
from tests.api.callers import NOBODYS_ID, Caller, Person, nothing_changes, refusal


@pytest.fixture
def code(bob: Person) -> dict[str, Any]:
    made: dict[str, Any] = bob.post("codes", {"kind": "static", "memo": "old"}).json()
    return made


def test_a_code_says_its_label_to_its_owner(bob: Person, code: dict[str, Any]) -> None:
    assert code["label"] == ""
    assert bob.patch(f"codes/{code['id']}", {"label": "door"}).json()["label"] == "door"
    assert bob.get("codes").json()["data"][0]["label"] == "door"


@pytest.mark.parametrize(
    "change",
    [{"label": "by the door"}, {"memo": "面条 🍜"}, {"label": "x" * 100, "memo": "y" * 100}, {"memo": ""}],
)
def test_what_is_named_changes_and_the_symbol_stays(
    bob: Person, code: dict[str, Any], change: dict[str, str]
) -> None:
    answer = bob.patch(f"codes/{code['id']}", change)

    assert (answer.status_code, answer.json()) == (200, code | change)
    assert bob.get(f"codes/{code['id']}").json() == code | change


def test_the_payer_reads_the_new_memo_and_never_the_label(
    alice: Person, bob: Person, code: dict[str, Any]
) -> None:
    bob.patch(f"codes/{code['id']}", {"label": "secret", "memo": "new"})
    shown = alice.post("scan", {"payload": code["payload"]})

    assert shown.json()["memo"] == "new"
    assert "secret" not in shown.text


def test_what_was_paid_keeps_the_memo_of_its_day(alice: Person, bob: Person, code: dict[str, Any]) -> None:
    alice.gets(100)
    paid = alice.pay(code["token"], amount=10).json()

    bob.patch(f"codes/{code['id']}", {"memo": "new"})

    assert alice.get(f"payments/{paid['id']}").json()["memo"] == "old"


def test_the_sticker_of_one_s_own_shop_is_relabelled_too(mei: Person, counter: Code) -> None:
    assert mei.patch(f"codes/{counter.pk}", {"label": "till 2"}).json()["label"] == "till 2"


@pytest.mark.parametrize("field", ["label", "memo"])
@pytest.mark.parametrize(
    "text",
    ["x" * 101, "pay \u202eecila", "a\u200bb", "a\u0007b", "line\nbreak", 7, None, ["a"], {}],
    ids=ascii,
)
def test_bad_text_is_refused_and_changes_nothing(
    bob: Person, code: dict[str, Any], field: str, text: object
) -> None:
    other = {"label": "memo", "memo": "label"}[field]
    refusal(bob.patch(f"codes/{code['id']}", {field: text, other: "fine"}), 400, "invalid", field)

    assert bob.get(f"codes/{code['id']}").json() == code


@pytest.mark.parametrize(
    "body", [{}, {"status": "used"}, {"amount": 5, "token": "A" * 26}, {"Label": "x"}], ids=str
)
def test_nothing_else_can_be_changed(bob: Person, code: dict[str, Any], body: dict[str, Any]) -> None:
    with nothing_changes():
        refusal(bob.patch(f"codes/{code['id']}", body), 400, "invalid", "label")
    bob.patch(f"codes/{code['id']}", {"label": "x", **body})
    assert bob.get(f"codes/{code['id']}").json() == code | {"label": "x"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b'"label"',
        b'{"label": "a", "label": "b"}',
        b'{"memo": "a\\u0000b"}',
        b"\xff",
    ],
)
def test_what_is_no_object_is_refused(bob: Person, code: dict[str, Any], body: bytes) -> None:
    refusal(bob.patch(f"codes/{code['id']}", body), 400, "invalid")


def test_somebody_else_s_code_does_not_exist(
    alice: Person, nobody: Caller, till: Caller, code: dict[str, Any]
) -> None:
    change = {"label": "mine"}
    refusal(alice.patch(f"codes/{code['id']}", change), 404, "not_found")
    refusal(alice.patch(f"codes/{NOBODYS_ID}", change), 404, "not_found")
    refusal(nobody.patch(f"codes/{code['id']}", change), 401, "not_authenticated")
    assert till.patch(f"codes/{code['id']}", change).status_code in {401, 403}
    assert Code.objects.get(pk=code["id"]).label == ""


def test_a_revoked_code_cannot_be_relabelled(bob: Person, code: dict[str, Any]) -> None:
    revoked = bob.post(f"codes/{code['id']}/revoke").json()

    refusal(bob.patch(f"codes/{code['id']}", {"label": "x"}), 410, "code_revoked")
    assert bob.get(f"codes/{code['id']}").json() == revoked


def test_a_used_or_expired_code_cannot_be_relabelled(alice: Person, bob: Person) -> None:
    alice.gets(100)
    used = bob.post("codes", {"kind": "dynamic", "amount": 10}).json()
    alice.pay(used["token"])
    past = bob.code(kind="dynamic")
    Code.objects.filter(pk=past.pk).update(expires_at=now() - timedelta(seconds=1))

    refusal(bob.patch(f"codes/{used['id']}", {"label": "x"}), 410, "code_used")
    refusal(bob.patch(f"codes/{past.pk}", {"label": "x"}), 410, "code_expired")
    codes.expire_past()
    refusal(bob.patch(f"codes/{past.pk}", {"label": "x"}), 410, "code_expired")


def test_the_browser_s_session_needs_its_token_against_forgery(bob: Person, code: dict[str, Any]) -> None:
    answer = bob.at_the_browser().patch(f"codes/{code['id']}", {"label": "x"})

    refusal(answer, 403, "permission_denied")
