"""POST codes, GET codes, GET codes/{id}, POST codes/{id}/revoke: how people are paid."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from outbox.clock import now
from payments import accounts, emv
from payments.models import Code
from tests.api.callers import NOBODYS_ID, Person, nothing_changes, pages, refusal

MEMBERS = {"id", "kind", "status", "token", "payload", "emv", "amount", "memo", "expires_at"}


def test_a_static_code_lives_for_ever_and_fixes_nothing(bob: Person, settings: Any) -> None:
    answer = bob.post("codes", {"kind": "static"})

    assert answer.status_code == 201
    code = answer.json()
    assert set(code) >= MEMBERS
    assert code["payload"] == f"{settings.PUBLIC_URL.upper()}/Q/{code['token']}"
    shown = {name: code[name] for name in ("kind", "status", "amount", "memo", "expires_at")}
    assert shown == {"kind": "static", "status": "active", "amount": None, "memo": "", "expires_at": None}


@pytest.mark.parametrize(
    ("body", "life_s"), [({}, 300), ({"expires_in": 30}, 30), ({"expires_in": 3600}, 3600)]
)
def test_a_dynamic_code_lives_as_long_as_asked(bob: Person, body: dict[str, int], life_s: int) -> None:
    code = bob.post("codes", {"kind": "dynamic", "amount": 1250, "memo": "noodles", **body}).json()

    assert (code["kind"], code["amount"], code["memo"]) == ("dynamic", 1250, "noodles")
    left = datetime.fromisoformat(code["expires_at"]) - now()
    assert timedelta(0) <= timedelta(seconds=life_s) - left < timedelta(seconds=5)


def test_a_token_has_26_digits_of_crockford_s_alphabet_and_is_new_each_time(bob: Person) -> None:
    tokens = {bob.post("codes", {"kind": "static"}).json()["token"] for _ in range(5)}

    assert len(tokens) == 5
    assert set("".join(tokens)) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    assert {len(token) for token in tokens} == {26}


@pytest.mark.parametrize(("kind", "initiation"), [("static", "11"), ("dynamic", "12")])
def test_the_emvco_text_points_at_the_same_token(bob: Person, kind: str, initiation: str) -> None:
    code = bob.post("codes", {"kind": kind, "amount": 1250}).json()

    objects: dict[str, Any] = emv.parse(code["emv"])
    assert objects["01"] == initiation
    assert objects["26"]["01"] == code["token"]
    assert (objects["53"], objects["54"], objects["59"]) == ("156", "12.50", "Bob")


def test_a_name_that_emvco_cannot_spell_has_no_emvco_text(bob: Person) -> None:
    accounts.rename(account_id=bob.wallet.pk, name="王小明")

    assert bob.post("codes", {"kind": "static"}).json()["emv"] is None


def test_unknown_fields_are_ignored(bob: Person) -> None:
    wish = {"kind": "static", "token": "A" * 26, "status": "used", "account": 1, "label": "x", "target": "x"}
    code = bob.post("codes", wish).json()

    assert code["token"] != "A" * 26
    assert code["status"] == "active"


def test_the_right_currency_may_be_named_and_another_one_not(bob: Person) -> None:
    assert bob.post("codes", {"kind": "static", "amount": 1, "currency": "CNY"}).status_code == 201
    with nothing_changes():
        answer = bob.post("codes", {"kind": "static", "amount": 1, "currency": "JPY"})
        refusal(answer, 400, "currency_mismatch")


def test_a_printed_code_cannot_expire(bob: Person) -> None:
    with nothing_changes():
        answer = bob.post("codes", {"kind": "static", "expires_in": 300})
        refusal(answer, 400, "invalid", "expires_in")


def test_one_s_own_codes_are_listed_newest_first_and_read_one_by_one(bob: Person, charlie: Person) -> None:
    made = [bob.post("codes", {"kind": "static", "memo": str(n)}).json() for n in range(3)]
    charlie.post("codes", {"kind": "static"})

    assert bob.get("codes").json() == {"data": made[::-1], "next": None}
    assert bob.get(f"codes/{made[0]['id']}").json() == made[0]


def test_pages_go_on_where_they_were_while_new_codes_arrive(bob: Person) -> None:
    made = [bob.post("codes", {"kind": "static"}).json()["id"] for _ in range(5)]

    first = bob.get("codes", limit=2).json()
    bob.post("codes", {"kind": "static"})
    rest = pages(bob, first["next"])

    seen = [code["id"] for page in [first["data"], *rest] for code in page]
    assert seen == made[::-1]


def test_a_cursor_is_what_next_gave(bob: Person) -> None:
    for cursor in ["x", "", "1", "\0", "' OR 1=1 --", "0" * 200]:
        refusal(bob.get("codes", cursor=cursor), 400, "invalid", "cursor")


def test_somebody_else_s_code_does_not_exist(bob: Person, charlie: Person) -> None:
    code = bob.post("codes", {"kind": "static"}).json()["id"]

    with nothing_changes():
        refusal(charlie.get(f"codes/{code}"), 404, "not_found")
        refusal(charlie.post(f"codes/{code}/revoke"), 404, "not_found")
    assert charlie.get("codes").json()["data"] == []


def test_a_code_that_is_none_does_not_exist(bob: Person) -> None:
    for which in [NOBODYS_ID, "no-uuid", "1", "%00", "..", "A" * 26]:
        refusal(bob.get(f"codes/{which}"), 404, "not_found")


def test_a_revoked_code_is_paid_by_nobody(alice: Person, bob: Person) -> None:
    alice.gets(1_000)
    code = bob.post("codes", {"kind": "static"}).json()

    answer = bob.post(f"codes/{code['id']}/revoke")

    assert (answer.status_code, answer.json()) == (200, code | {"status": "revoked"})
    with nothing_changes():
        refusal(alice.post("scan", {"payload": code["payload"]}), 410, "code_revoked")
        refusal(alice.pay(code["token"], amount=1), 410, "code_revoked")


def test_revoking_twice_does_no_harm(bob: Person) -> None:
    code = bob.post("codes", {"kind": "static"}).json()["id"]
    first = bob.post(f"codes/{code}/revoke")

    assert bob.post(f"codes/{code}/revoke").json() == first.json()


def test_a_used_code_stays_used_when_it_is_revoked(alice: Person, bob: Person) -> None:
    alice.gets(1_000)
    code = bob.post("codes", {"kind": "dynamic", "amount": 10}).json()
    alice.pay(code["token"])

    assert bob.post(f"codes/{code['id']}/revoke").json()["status"] == "used"
    assert bob.get(f"codes/{code['id']}").json()["status"] == "used"


def test_a_code_whose_time_is_over_says_so(bob: Person) -> None:
    code = bob.code(kind="dynamic")
    Code.objects.filter(pk=code.pk).update(expires_at=now() - timedelta(seconds=1))

    assert bob.get(f"codes/{code.pk}").json()["status"] == "expired"


@pytest.mark.parametrize(
    "memo", ["x" * 101, "pay \u202eecila", "a\u200bb", "a\u0007b", "line\nbreak"], ids=ascii
)
def test_a_memo_is_one_line_that_reads_as_it_looks(bob: Person, memo: str) -> None:
    with nothing_changes():
        refusal(bob.post("codes", {"kind": "static", "memo": memo}), 400, "invalid", "memo")


@pytest.mark.parametrize("memo", ["", "面条 🍜", "Zoë & Søn", "x" * 100], ids=ascii)
def test_a_memo_may_be_written_in_any_script(bob: Person, memo: str) -> None:
    assert bob.post("codes", {"kind": "static", "memo": memo}).json()["memo"] == memo


def test_a_person_has_at_most_100_codes_that_pay(alice: Person, bob: Person) -> None:
    for _ in range(99):
        bob.code()
    past = bob.code(kind="dynamic")
    Code.objects.filter(pk=past.pk).update(expires_at=now() - timedelta(seconds=1))
    last = bob.post("codes", {"kind": "static"})
    assert last.status_code == 201

    with nothing_changes():
        body = refusal(bob.post("codes", {"kind": "dynamic"}), 403, "limit_exceeded")
    assert "100" in body["detail"]

    assert alice.post("codes", {"kind": "static"}).status_code == 201
    bob.post(f"codes/{last.json()['id']}/revoke")
    assert bob.post("codes", {"kind": "static"}).status_code == 201
