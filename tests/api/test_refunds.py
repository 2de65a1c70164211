"""POST and GET payments/{id}/refunds: what a shop's server gives back."""

from typing import Any
from uuid import uuid4

import pytest

from merchants import scopes
from merchants.models import Merchant
from merchants.services import create_key
from payments import queries
from payments.models import Code, Refund
from tests.api.callers import NOBODYS_ID, Caller, Person, nothing_changes, pages, refusal, same
from tests.api.machines import Machine
from tests.api.test_bodies import NO_AMOUNT, NO_CURRENCY, NO_OBJECT, NOT_TEXT, can_be_read

BIDI = "\u202egnp.exe"


@pytest.fixture
def alice(alice: Person) -> Person:
    alice.gets(10_000)
    return alice


@pytest.fixture
def paid(alice: Person, counter: Code) -> str:
    """Alice's payment of 25.00 at the laundry's counter."""
    return str(alice.pay(counter.token, amount=2_500).json()["id"])


def refund(till: Caller, payment: str, key: str | None = None, **body: Any) -> Any:
    return till.post(f"payments/{payment}/refunds", {"reason": "stained", **body}, key=key or str(uuid4()))


def test_the_rest_comes_back_with_the_whole_fee(
    till: Caller, alice: Person, paid: str, counter: Code
) -> None:
    answer = refund(till, paid)

    assert answer.status_code == 201
    body = answer.json()
    assert body.pop("id") and body.pop("created_at")
    assert body == {
        "payment": paid,
        "amount": 2_500,
        "fee_returned": 20,
        "reason": "stained",
        "status": "posted",
    }
    assert (alice.money, queries.account_balance(counter.account_id)) == (10_000, 0)


def test_both_sides_see_what_was_refunded_and_the_payee_the_fee(
    till: Caller, alice: Person, mei: Person, paid: str
) -> None:
    refund(till, paid, amount=625)
    refund(till, paid, amount=625)

    for seen in (mei.get(f"payments/{paid}").json(), mei.get("payments").json()["data"][0]):
        assert (seen["refunded_amount"], seen["fee"], seen["fee_returned"]) == (1_250, 20, 10)
    for seen in (alice.get(f"payments/{paid}").json(), alice.get("payments").json()["data"][0]):
        assert seen["refunded_amount"] == 1_250
        assert not {"fee", "fee_returned"} & set(seen)
        assert (seen["amount"], seen["captured_amount"], seen["status"]) == (2_500, 2_500, "settled")


def test_refunds_are_listed_page_by_page(till: Caller, paid: str) -> None:
    made = [refund(till, paid, amount=part).json() for part in (1, 2, 3)]

    assert [each for page in pages(till, f"payments/{paid}/refunds", limit=2) for each in page] == made[::-1]


def test_a_payment_without_refunds_has_an_empty_list(till: Caller, paid: str) -> None:
    assert till.get(f"payments/{paid}/refunds").json() == {"data": [], "next": None}


def test_a_repeated_call_is_answered_as_the_first(till: Caller, paid: str) -> None:
    first = refund(till, paid, key="k", amount=100)
    with nothing_changes():
        assert same(refund(till, paid, key="k", amount=100), first)
        refusal(refund(till, paid, key="k", amount=101), 422, "idempotency_key_reused")
        refusal(refund(till, paid, key="k"), 422, "idempotency_key_reused")
    assert Refund.objects.count() == 1


def test_a_refund_wants_a_key(till: Caller, paid: str) -> None:
    with nothing_changes():
        for key in ("", "\x7f", "k" * 256):
            answer = till.post(f"payments/{paid}/refunds", {"reason": "x"}, headers={"Idempotency-Key": key})
            refusal(answer, 400, "idempotency_key_required")


def test_a_key_is_a_shop_s_own(till: Caller, rival: Caller, paid: str) -> None:
    refusal(refund(rival, paid, key="k"), 404, "not_found")

    assert refund(till, paid, key="k").status_code == 201


def test_another_shop_s_payment_does_not_exist(rival: Caller, paid: str) -> None:
    with nothing_changes():
        refusal(refund(rival, paid), 404, "not_found")
        refusal(rival.get(f"payments/{paid}/refunds"), 404, "not_found")


def test_what_is_no_payment_does_not_exist(till: Caller, paid: str) -> None:
    first = refund(till, paid, amount=1).json()["id"]
    with nothing_changes():
        for which in (NOBODYS_ID, first, "no-uuid", "1", "%00"):  # a refund is not refunded either
            refusal(refund(till, which), 404, "not_found")
            refusal(till.get(f"payments/{which}/refunds"), 404, "not_found")


def test_what_was_paid_to_the_owner_s_wallet_is_not_the_shop_s(
    till: Caller, alice: Person, mei: Person
) -> None:
    paid = alice.pay(mei.code().token, amount=100).json()["id"]

    refusal(refund(till, paid), 404, "not_found")


def test_what_waits_in_escrow_is_not_refunded(till: Caller, alice: Person, ready_chair: Machine) -> None:
    held = alice.pay(ready_chair.token, option="10min").json()

    with nothing_changes():
        refusal(refund(till, held["id"]), 409, "payment_in_escrow")


def test_what_was_released_is_not_refunded(till: Caller, alice: Person, ready_chair: Machine) -> None:
    held = alice.pay(ready_chair.token, option="10min").json()
    ready_chair.is_told_to_start(held["run"]["id"])
    ready_chair.says("rejected", about=held["run"]["id"], code="fault")

    with nothing_changes():
        refusal(refund(till, held["id"]), 409, "payment_not_refundable")


def test_no_more_than_is_left(till: Caller, paid: str) -> None:
    with nothing_changes():
        refusal(refund(till, paid, amount=2_501), 409, "refund_exceeds_payment")
        refusal(refund(till, paid, amount=10**12), 409, "refund_exceeds_payment")
    refund(till, paid, amount=2_499)
    with nothing_changes():
        refusal(refund(till, paid, amount=2), 409, "refund_exceeds_payment")
    refund(till, paid)
    with nothing_changes():
        refusal(refund(till, paid), 409, "refund_exceeds_payment")
        refusal(refund(till, paid, amount=1), 409, "refund_exceeds_payment")


def send(till: Caller, paid: str, **literals: str) -> Any:
    """Send members as they are written."""
    members = {"amount": "100", "reason": '"stained"'} | literals
    text = ", ".join(f'"{name}": {literal}' for name, literal in members.items())
    return till.post(f"payments/{paid}/refunds", f"{{{text}}}", key="k")


@pytest.mark.parametrize(
    ("name", "literals"),
    [
        ("amount", [*NO_AMOUNT, "null", str(2**53), str(2**63), "10000000000000000000000"]),
        ("currency", NO_CURRENCY),
        ("reason", [*NOT_TEXT, "null", '""', '" "', f'"{"x" * 201}"', f'"{BIDI}"', r'"a\nb"']),
    ],
)
def test_a_member_of_another_form_is_refused_by_name(
    till: Caller, paid: str, name: str, literals: list[str]
) -> None:
    with nothing_changes():
        for literal in literals:
            body = refusal(send(till, paid, **{name: literal}), 400, "invalid")
            assert list(body["errors"]) == [name if can_be_read(literal) else "non_field_errors"], literal


def test_another_currency_is_refused(till: Caller, paid: str) -> None:
    with nothing_changes():
        refusal(send(till, paid, currency='"JPY"'), 400, "currency_mismatch")


def test_a_reason_is_asked_for_by_name(till: Caller, paid: str) -> None:
    with nothing_changes():
        for body in ("{}", "", '{"amount": 1}'):
            refusal(till.post(f"payments/{paid}/refunds", body, key="k"), 400, "invalid", "reason")


def test_what_is_no_object_is_refused(till: Caller, paid: str) -> None:
    with nothing_changes():
        for body in NO_OBJECT:
            answer = till.post(f"payments/{paid}/refunds", body, key="k")
            refusal(answer, 400, "invalid", "non_field_errors")


def test_a_bad_body_leaves_the_key_free(till: Caller, paid: str) -> None:
    refusal(send(till, paid, amount="0"), 400, "invalid", "amount")

    assert send(till, paid).status_code == 201


@pytest.mark.parametrize("reason", ["x", "x" * 200, "洗坏了 👕"])
def test_a_reason_is_one_clean_line(till: Caller, paid: str, reason: str) -> None:
    assert refund(till, paid, reason=reason).json()["reason"] == reason


def test_a_key_without_the_scope_is_told_which_one_it_lacks(
    mei_shop: Merchant, paid: str, secrets: list[str]
) -> None:
    others = [scope for scope in scopes.ALL if scope != scopes.PAYMENTS_REFUND]
    secrets.append(create_key(merchant_id=mei_shop.pk, name="poor", scopes=others)[1])
    poor = Caller(secrets[-1])

    with nothing_changes():
        for answer in (refund(poor, paid), poor.get(f"payments/{paid}/refunds")):
            assert scopes.PAYMENTS_REFUND in refusal(answer, 403, "permission_denied")["detail"]


def test_no_person_refunds(alice: Person, mei: Person, nobody: Caller, paid: str) -> None:
    with nothing_changes():
        for caller in (alice, mei, nobody):
            refusal(refund(caller, paid), 401, "not_authenticated")
            refusal(caller.get(f"payments/{paid}/refunds"), 401, "not_authenticated")
