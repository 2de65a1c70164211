"""POST payments, GET payments and GET payments/{id}: paying, and what both sides see of it."""

from typing import Any

import pytest

from merchants.models import Plan
from payments import accounts, queries
from payments.models import Account, Code
from tests.api.callers import NOBODYS_ID, Caller, Person, nothing_changes, pages, refusal
from tests.api.machines import Machine

TIMES = ("created_at", "confirmed_at", "settled_at", "released_at", "release_by")


def without_times(payment: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in payment.items() if name not in TIMES}


@pytest.fixture
def alice(alice: Person) -> Person:
    alice.gets(10_000)
    return alice


def test_a_payment_to_a_person_is_settled_at_once_and_whole(alice: Person, bob: Person) -> None:
    answer = alice.pay(bob.code().token, amount=1250, memo="noodles 🍜")

    assert answer.status_code == 201
    payment = answer.json()
    assert payment["created_at"] == payment["confirmed_at"] == payment["settled_at"] is not None
    assert payment["released_at"] is payment["release_by"] is None
    assert payment.pop("id")
    assert without_times(payment) == {
        "status": "settled",
        "kind": "person",
        "amount": 1250,
        "captured_amount": 1250,
        "released_amount": 0,
        "refunded_amount": 0,
        "currency": "CNY",
        "payer": {"name": "Alice"},
        "payee": {"name": "Bob", "tier": "personal", "verified": False, "place": ""},
        "memo": "noodles 🍜",
        "option": None,
        "run": None,
    }
    assert (alice.money, bob.money) == (8_750, 1_250)


def test_a_shop_gets_the_amount_less_its_fee_and_the_payer_pays_the_amount(
    alice: Person, counter: Code, mei: Person
) -> None:
    Plan.objects.update(fee_bp=60, fee_minimum=0)
    payment = alice.pay(counter.token, amount=2_500).json()

    assert payment["amount"] == payment["captured_amount"] == 2_500
    assert alice.money == 7_500
    assert queries.account_balance(counter.account_id) == 2_485
    assert payment["payee"]["verified"] is True


def test_the_payee_sees_the_fee_and_the_payer_does_not(alice: Person, counter: Code, mei: Person) -> None:
    Plan.objects.update(fee_bp=60, fee_minimum=0)
    answered = alice.pay(counter.token, amount=2_500).json()

    assert "fee" not in answered
    assert "fee" not in alice.get(f"payments/{answered['id']}").json()
    assert "fee" not in alice.get("payments").json()["data"][0]
    assert mei.get(f"payments/{answered['id']}").json() == answered | {"fee": 15, "fee_returned": 0}
    assert mei.get("payments").json()["data"] == [answered | {"fee": 15, "fee_returned": 0}]


def test_a_person_who_is_paid_sees_that_it_cost_nothing(alice: Person, bob: Person) -> None:
    payment = alice.pay(bob.code().token, amount=100).json()

    assert bob.get(f"payments/{payment['id']}").json()["fee"] == 0


def test_a_payment_for_a_machine_waits_in_escrow_with_its_run(alice: Person, ready_chair: Machine) -> None:
    payment = alice.pay(ready_chair.token, option="10min").json()

    assert (payment["status"], payment["kind"], payment["option"]) == ("confirmed", "machine", "10min")
    assert (payment["amount"], payment["captured_amount"], payment["released_amount"]) == (1_000, 0, 0)
    assert payment["settled_at"] is payment["released_at"] is None
    assert payment["release_by"] > payment["created_at"]
    run = payment["run"]
    assert set(run) == {
        "id",
        "status",
        "machine",
        "option",
        "ends_at",
        "release_at",
        "unlock_code",
        "failure",
    }
    assert run["machine"] == {"id": ready_chair.id, "number": "07", "name": "Chair", "type": "chair"}
    assert (run["status"], run["option"]) == ("paid", "10min")
    assert alice.money == 9_000


def test_what_a_payment_says_now_follows_its_machine(alice: Person, ready_chair: Machine) -> None:
    payment = alice.pay(ready_chair.token, option="10min").json()
    ready_chair.is_told_to_start(payment["run"]["id"])
    ready_chair.says("rejected", about=payment["run"]["id"], code="busy")

    now = alice.get(f"payments/{payment['id']}").json()
    assert (now["status"], now["released_amount"], now["captured_amount"]) == ("released", 1_000, 0)
    assert now["released_at"]
    assert now["release_by"] is now["settled_at"] is None
    assert now["run"]["status"] == "rejected"
    assert alice.money == 10_000


def test_an_amount_that_the_code_fixes_may_be_left_out_or_said_again(alice: Person, bob: Person) -> None:
    assert alice.pay(bob.code(kind="dynamic", amount=300).token).json()["amount"] == 300
    assert alice.pay(bob.code(kind="dynamic", amount=300).token, amount=300).json()["amount"] == 300
    assert alice.pay(bob.code(amount=300).token, amount=None, currency="CNY").json()["amount"] == 300


def test_a_static_code_is_paid_any_number_of_times(alice: Person, bob: Person) -> None:
    code = bob.code()

    assert [alice.pay(code.token, amount=1).status_code for _ in range(3)] == [201, 201, 201]
    assert bob.money == 3


def test_the_code_s_memo_stands_where_the_payer_wrote_none(alice: Person, bob: Person) -> None:
    code = bob.code(memo="rent")

    assert alice.pay(code.token, amount=1).json()["memo"] == "rent"
    assert alice.pay(code.token, amount=1, memo="May").json()["memo"] == "May"


def test_the_token_may_be_typed_in_lower_case_and_misread(alice: Person, bob: Person) -> None:
    typed = bob.code().token.lower().replace("1", "l").replace("0", "o")

    assert alice.pay(typed, amount=5).status_code == 201


def test_what_was_shown_may_be_paid(alice: Person, bob: Person) -> None:
    shown = alice.post("scan", {"payload": bob.code().token}).json()

    assert alice.pay(shown["code"], amount=5, version=shown["version"]).status_code == 201


def test_unknown_fields_are_ignored(alice: Person, bob: Person) -> None:
    answer = alice.pay(bob.code().token, amount=5, fee=0, payer=str(bob.pk), status="settled", deep=[{}])

    assert answer.status_code == 201
    assert (alice.money, bob.money) == (9_995, 5)


def test_a_confirmed_payment_keeps_the_name_it_was_confirmed_with(alice: Person, bob: Person) -> None:
    payment = alice.pay(bob.code().token, amount=5).json()
    accounts.rename(account_id=bob.wallet.pk, name="Robert")

    assert alice.get(f"payments/{payment['id']}").json()["payee"]["name"] == "Bob"


def test_both_sides_read_it_and_nobody_else_does(
    alice: Person, bob: Person, charlie: Person, nobody: Caller
) -> None:
    payment = alice.pay(bob.code().token, amount=5).json()
    address = f"payments/{payment['id']}"

    assert alice.get(address).json() == payment
    assert bob.get(address).json() == payment | {"fee": 0, "fee_returned": 0}
    refusal(charlie.get(address), 404, "not_found")
    refusal(nobody.get(address), 401, "not_authenticated")
    assert charlie.get("payments").json() == {"data": [], "next": None}


def test_a_payment_that_is_none_does_not_exist(alice: Person) -> None:
    for which in (NOBODYS_ID, "no-uuid", "1", "%00", "..", "0" * 36):
        refusal(alice.get(f"payments/{which}"), 404, "not_found")


def test_paid_and_received_are_one_list_newest_first(alice: Person, bob: Person) -> None:
    first = alice.pay(bob.code().token, amount=500).json()["id"]
    second = bob.pay(alice.code().token, amount=200).json()["id"]
    third = alice.pay(bob.code().token, amount=100).json()["id"]

    for person in (alice, bob):
        assert [payment["id"] for payment in person.get("payments").json()["data"]] == [third, second, first]


def test_pages_go_on_where_they_were_while_new_payments_arrive(alice: Person, bob: Person) -> None:
    code = bob.code()
    made = [alice.pay(code.token, amount=n).json()["id"] for n in range(1, 6)]

    first = bob.get("payments", limit=2).json()
    alice.pay(code.token, amount=99)
    rest = pages(bob, first["next"])

    assert [payment["id"] for page in [first["data"], *rest] for payment in page] == made[::-1]
    assert [len(page) for page in rest] == [2, 1]


def test_a_page_that_ends_with_the_last_payment_has_no_next(alice: Person, bob: Person) -> None:
    for _ in range(4):
        alice.pay(bob.code().token, amount=1)

    assert [len(page) for page in pages(alice, "payments", limit=2)] == [2, 2]


def test_the_cursor_of_another_person_shows_nothing_of_theirs(
    alice: Person, bob: Person, charlie: Person
) -> None:
    for _ in range(3):
        alice.pay(bob.code().token, amount=1)
    following = alice.get("payments", limit=1).json()["next"]

    assert charlie.get(following).json()["data"] == []


def test_a_cursor_is_what_next_gave(alice: Person) -> None:
    for cursor in ("x", "", "1", "\0", "' OR 1=1 --", "0" * 200):
        refusal(alice.get("payments", cursor=cursor), 400, "invalid", "cursor")


def test_five_wrong_pins_lock_and_the_right_one_does_not_help_then(alice: Person, bob: Person) -> None:
    token = bob.code().token
    guesses = [alice.pay(token, amount=1, pin="864209") for _ in range(6)]
    right = alice.pay(token, amount=1)

    for guess in guesses[:4]:
        refusal(guess, 403, "wrong_pin")
    for locked in (*guesses[4:], right):
        refusal(locked, 423, "pin_locked")
        assert 880 <= int(locked["Retry-After"]) <= 900
    assert alice.money == 10_000


def test_a_new_session_proves_the_pin_once_slowly_and_then_quickly(alice: Person, bob: Person) -> None:
    phone = Person(alice.user, knows_pin=False)

    refusal(phone.pay(bob.code().token, amount=1, pin="864209"), 403, "wrong_pin")
    assert phone.pay(bob.code().token, amount=1).status_code == 201
    assert phone.pay(bob.code().token, amount=1).status_code == 201


def test_the_browser_s_session_pays_with_csrf_alone(alice: Person, bob: Person) -> None:
    browser = alice.at_the_browser()
    body = {"code": bob.code().token, "amount": 1, "pin": "135790"}

    with nothing_changes():
        refusal(browser.post("payments", body, key="k"), 403, "permission_denied")
    answer = browser.post("payments", body, key="k", headers={"X-CSRFToken": browser.csrf()})
    assert answer.status_code == 201


def test_money_in_escrow_is_in_nobody_s_account(alice: Person, ready_chair: Machine) -> None:
    alice.pay(ready_chair.token, option="10min")

    assert queries.account_balance(ready_chair.device.earner_id) == 0
    assert queries.in_escrow(ready_chair.device.earner_id) == 1_000
    assert Account.objects.filter(pk=ready_chair.device.earner_id, kind="merchant").exists()
