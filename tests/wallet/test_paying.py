"""From a code to a payment, as the sheet does it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from payments import accounts, codes, queries
from payments.models import Code, IdempotentAnswer, Payment
from people.models import User
from tests.cast import PIN
from tests.wallet.conftest import Fill

pytestmark = pytest.mark.django_db

Sheet = Callable[..., Any]


@pytest.fixture
def bobs_code(bob: User) -> Code:
    return codes.create(account_id=accounts.wallet_of(bob.pk).pk)


@pytest.fixture
def send(alice: User, alice_at: Client, bobs_code: Code, fill: Fill) -> Sheet:
    """Send the sheet that Alice filled in for Bob's code; she has 300.00."""
    fill(alice, 30_000)
    version = alice_at.get(f"/q/{bobs_code.token}").context["payable"].version

    def post(headers: dict[str, str] | None = None, **changes: str) -> Any:
        fields = {"key": "k1", "pin": PIN, "version": version, "amount": "1280"}
        return alice_at.post(f"/q/{bobs_code.token}/pay", fields | changes, headers=headers)

    return post


def test_a_code_shows_whom_it_pays(alice_at: Client, bob: User, bobs_code: Code) -> None:
    page = alice_at.get(f"/q/{bobs_code.token}").content.decode()
    assert bob.name in page
    assert "Personal" in page


@pytest.mark.parametrize("change", [str.lower, lambda token: token.replace("0", "o").replace("1", "l")])
def test_what_a_camera_opens_ignores_case_and_folds(
    alice_at: Client, bobs_code: Code, change: Callable[[str], str]
) -> None:
    assert alice_at.get(f"/Q/{change(bobs_code.token)}").status_code == 200


def test_paying_leads_to_the_payment(alice: User, bob: User, send: Sheet, alice_at: Client) -> None:
    answer = send()
    assert answer.status_code == 201
    receipt = alice_at.get(answer.json()["next"]).content.decode()
    assert f"Paid to {bob.name}" in receipt
    assert queries.balance(alice.pk).available == 28_720
    assert queries.balance(bob.pk).available == 1_280


def test_sending_the_same_sheet_again_pays_once(bob: User, send: Sheet) -> None:
    first, second = send(), send()
    assert first.json() == second.json()
    assert queries.balance(bob.pk).available == 1_280


def test_another_sheet_under_the_same_key_is_not_paid(bob: User, send: Sheet) -> None:
    send()
    answer = send(amount="5")
    assert answer.json()["code"] == "idempotency_key_reused"
    assert queries.balance(bob.pk).available == 1_280


def test_a_wrong_pin_moves_nothing_and_keeps_the_key(bob: User, send: Sheet) -> None:
    answer = send(pin="000000")
    assert answer.status_code == 403
    assert answer.json() == {
        "code": "wrong_pin",
        "words": "That PIN is not right. No money moved",
        "spent": False,
    }
    assert send().status_code == 201
    assert queries.balance(bob.pk).available == 1_280


def test_no_money_is_said_and_the_key_is_spent(alice: User, send: Sheet) -> None:
    answer = send(amount="30001")
    assert (answer.status_code, answer.json()["spent"]) == (402, True)
    assert "not enough money" in answer.json()["words"]
    assert queries.balance(alice.pk).available == 30_000


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": "0"},
        {"amount": "-5"},
        {"amount": "1.5"},
        {"amount": "1e3"},
        {"amount": str(10**13)},
        {"pin": "12345"},
        {"pin": "abcdef"},
        {"pin": "１２３４５６"},
        {"key": ""},
        {"key": "a\nb"},
        {"version": ""},
        {"memo": "pay \u202eecila"},
        {"memo": "a\u200bb"},
        {"memo": "line\nbreak"},
        {"memo": "\u3164"},
        {"memo": "x" * 101},
    ],
)
def test_a_sheet_that_is_not_whole_moves_nothing(alice: User, send: Sheet, changes: dict[str, str]) -> None:
    answer = send(**changes)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert queries.balance(alice.pk).available == 30_000


def test_a_price_that_changed_is_not_paid(alice: User, send: Sheet) -> None:
    answer = send(version="what was shown before")
    assert answer.json()["code"] == "payable_changed"
    assert queries.balance(alice.pk).available == 30_000


def test_nobody_pays_without_a_session(client: Client, bobs_code: Code) -> None:
    answer = client.post(f"/q/{bobs_code.token}/pay", {"key": "k", "pin": PIN, "version": "v"})
    assert answer.status_code == 401
    assert answer.json()["words"] == "You were signed out. No money moved"
    assert bobs_code.token in answer.json()["sign_in"]


def test_a_lost_answer_is_found_by_its_key(send: Sheet, alice_at: Client, charlie_at: Client) -> None:
    paid = send().json()
    assert alice_at.get("/answer/", {"key": "k1"}).json() == paid
    assert charlie_at.get("/answer/", {"key": "k1"}).json()["code"] == "unknown_key"


def test_a_lost_refusal_is_found_by_its_key(send: Sheet, alice_at: Client) -> None:
    send(amount="30001")
    answer = alice_at.get("/answer/", {"key": "k1"}).json()
    assert (answer["code"], answer["spent"]) == ("insufficient_funds", True)


def test_a_payment_nobody_sent_is_not_known(alice_at: Client) -> None:
    answer = alice_at.get("/answer/", {"key": "never"})
    assert answer.status_code == 404
    assert answer.json()["words"] == "Your payment never reached us. No money moved"


def test_a_payment_belongs_to_two(
    send: Sheet, alice_at: Client, bob_at: Client, charlie_at: Client, alice: User
) -> None:
    url = send().json()["next"]
    assert f"Received from {alice.name}" in bob_at.get(url).content.decode()
    assert charlie_at.get(url).status_code == 404
    assert Payment.objects.count() == 1


@pytest.mark.parametrize("path", ["/q/" + "0" * 26, "/q/nonsense", "/q/" + "9" * 26])
def test_an_unknown_code_is_said_to_be_unknown(alice_at: Client, path: str) -> None:
    answer = alice_at.get(path)
    assert answer.status_code == 404
    assert "We do not know this code" in answer.content.decode()


def test_a_revoked_code_pays_nobody(alice_at: Client, bobs_code: Code) -> None:
    codes.revoke(code_id=bobs_code.pk)
    assert alice_at.get(f"/q/{bobs_code.token}").status_code == 410


def test_ones_own_code_is_not_paid(alice: User, alice_at: Client) -> None:
    code = codes.create(account_id=accounts.wallet_of(alice.pk).pk)
    page = alice_at.get(f"/q/{code.token}").content.decode()
    assert "This is your own code" in page


@pytest.mark.parametrize("memo", ["", "面条 🍜", " lunch "])
def test_a_memo_is_kept_as_clean_as_the_apis(send: Sheet, memo: str) -> None:
    assert send(memo=memo).status_code == 201
    assert Payment.objects.get().memo == memo.strip()


def test_a_key_that_no_sheet_sends_is_unknown(alice_at: Client) -> None:
    for key in ("\x00", "a\nb", "x" * 256, ""):
        answer = alice_at.get("/answer/", {"key": key})
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_key")


def test_a_stored_refusal_names_its_request_as_the_answer_did(send: Sheet) -> None:
    answer = send(amount="30001", headers={"X-Request-Id": "<script>"})

    stored = json.loads(IdempotentAnswer.objects.get(key="k1").body)
    assert stored["request_id"] == answer["X-Request-Id"] != "<script>"
