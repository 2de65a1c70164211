"""POST payment-codes and POST charges: the payer shows, the cashier scans."""

from typing import Any
from uuid import uuid4

import pytest

from merchants import scopes
from merchants.models import Merchant
from merchants.services import create_key
from payments import accounts, charges
from payments.models import PaymentCode
from tests.api.callers import WRONG_PIN, Caller, Person, nothing_changes, refusal, same
from tests.api.test_bodies import NO_AMOUNT, NO_CURRENCY, NO_OBJECT, NO_PIN, NOT_TEXT, can_be_read
from tests.cast import PIN

NO_DIGITS = [
    *("null", '""', '"x"', "20", f"{'20' + '1' * 16}", '"201111111111111111 "', '" 201111111111111111"'),
    *('"20 1111 1111 1111 1111"', '"2011-1111-1111-1111-11"', '"20111111111111111"', '"2011111111111111111"'),
    *(
        '"211111111111111111"',
        '"021111111111111111"',
        '"20111111111111111x"',
        '"２０１１１１１１１１１１１１１１１１"',
    ),
    *(
        '"20١١١١١١١١١١١١١١١١"',
        r'"\u202e201111111111111111"',
        r'"201111111111111111\n"',
        '["201111111111111111"]',
    ),
    *("true", "{}", "1e17", r'"2011111111111111\u0000\u0000"', f'"{"20" * 300}"'),
]
UNKNOWN = "20" + "7" * 16


@pytest.fixture
def alice(alice: Person) -> Person:
    alice.gets(10_000)
    return alice


def show(payer: Person, **wish: Any) -> str:
    """Return the digits on the payer's screen."""
    answer = payer.post("payment-codes", {"pin": PIN, **wish})
    assert answer.status_code == 201, answer.content
    return str(answer.json()["digits"])


def charge(till: Caller, digits: str, key: str | None = None, **wish: Any) -> Any:
    body = {"payment_code": digits, "amount": 1_250, **wish}
    return till.post("charges", body, key=key or str(uuid4()))


def status() -> str:
    return PaymentCode.objects.latest("pk").status


class TestPaymentCodes:
    """POST payment-codes."""

    def test_a_code_is_what_the_symbols_hold(self, alice: Person) -> None:
        body = alice.post("payment-codes", {"pin": PIN}).json()

        assert set(body) == {"digits", "payload", "expires_at"}
        assert body["digits"] == body["payload"]
        assert len(body["digits"]) == 18 and body["digits"].startswith("20") and body["digits"].isdecimal()

    def test_one_code_lives(self, alice: Person, till: Caller) -> None:
        first, second = show(alice), show(alice)

        refusal(charge(till, first), 410, "payment_code_used")
        assert charge(till, second).status_code == 201

    def test_the_pin_is_asked_for(self, alice: Person) -> None:
        with nothing_changes():
            refusal(alice.post("payment-codes", {}), 400, "invalid", "pin")
        refusal(alice.post("payment-codes", {"pin": WRONG_PIN}), 403, "wrong_pin")
        assert not PaymentCode.objects.exists()

    @pytest.mark.parametrize("name", ["pin", "max_amount", "currency"])
    def test_a_member_of_another_form_is_refused_by_name(self, alice: Person, name: str) -> None:
        bad = {"pin": NO_PIN, "max_amount": [*NO_AMOUNT, "null"], "currency": NO_CURRENCY}
        for literal in bad[name]:
            members = {"pin": f'"{PIN}"', name: literal}
            text = ", ".join(f'"{each}": {value}' for each, value in members.items())
            body = refusal(alice.post("payment-codes", f"{{{text}}}"), 400, "invalid")
            assert list(body["errors"]) == [name if can_be_read(literal) else "non_field_errors"], literal
        assert not PaymentCode.objects.exists()

    def test_a_shop_shows_nothing(self, till: Caller, nobody: Caller) -> None:
        for caller in (till, nobody):
            refusal(caller.post("payment-codes", {"pin": PIN}), 401, "not_authenticated")

    def test_a_frozen_payer_may_show_but_not_pay(self, alice: Person, till: Caller) -> None:
        accounts.freeze(account_id=alice.wallet.pk, reason="test")

        refusal(charge(till, show(alice)), 402, "payment_declined")


class TestCharges:
    """POST charges."""

    def test_a_charge_is_the_payment_as_its_payee_sees_it(
        self, alice: Person, mei: Person, till: Caller
    ) -> None:
        answer = charge(till, show(alice), reference="till 3 / 0017")

        assert answer.status_code == 201
        body = answer.json()
        assert body.pop("reference") == "till 3 / 0017"
        assert (body["fee"], body["fee_returned"], body["memo"]) == (10, 0, "till 3 / 0017")
        assert body["payer"] == {"name": "Alice"}
        assert (body["kind"], body["status"], body["run"]) == ("merchant", "settled", None)
        assert mei.get(f"payments/{body['id']}").json() == body
        assert mei.get("payments").json()["data"] == [body]
        seen = alice.get(f"payments/{body['id']}").json()
        assert seen == {name: value for name, value in body.items() if name not in {"fee", "fee_returned"}}
        assert alice.money == 8_750

    def test_no_reference_is_null(self, alice: Person, till: Caller) -> None:
        for wish in ({}, {"reference": ""}):
            assert charge(till, show(alice), **wish).json()["reference"] is None

    def test_the_right_currency_may_be_named(self, alice: Person, till: Caller) -> None:
        assert charge(till, show(alice), currency="CNY").status_code == 201

    def test_two_shops_do_not_share_a_code(self, alice: Person, till: Caller, rival: Caller) -> None:
        digits = show(alice)
        assert charge(till, digits).status_code == 201

        with nothing_changes():
            refusal(charge(rival, digits), 410, "payment_code_used")

    def test_a_declined_charge_burns_the_code(self, alice: Person, till: Caller) -> None:
        digits = show(alice, max_amount=1_249)
        with nothing_changes():
            refusal(charge(till, digits), 402, "payment_declined")

        assert status() == "used"
        with nothing_changes():
            refusal(charge(till, digits, amount=1), 410, "payment_code_used")

    def test_digits_that_nobody_showed(self, alice: Person, till: Caller) -> None:
        with nothing_changes():
            refusal(charge(till, UNKNOWN), 402, "payment_declined")

    def test_a_guesser_waits(self, till: Caller, rival: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(charges, "MISSES_A_MERCHANT", 2)
        for _ in range(2):
            refusal(charge(till, UNKNOWN), 402, "payment_declined")

        answer = charge(till, UNKNOWN)
        refusal(answer, 429, "too_many_tries")
        assert 0 < int(answer["Retry-After"]) <= 900
        refusal(charge(rival, UNKNOWN), 402, "payment_declined")

    def test_a_repeated_charge_is_answered_as_the_first(self, alice: Person, till: Caller) -> None:
        digits = show(alice)
        first = charge(till, digits, key="k")
        with nothing_changes():
            assert same(charge(till, digits, key="k"), first)
            refusal(charge(till, digits, key="k", amount=1), 422, "idempotency_key_reused")

    def test_a_declined_charge_is_declined_again(self, alice: Person, till: Caller) -> None:
        digits = show(alice)
        first = charge(till, digits, key="k", amount=10_001)
        alice.gets(10_000)

        assert same(charge(till, digits, key="k", amount=10_001), first)

    def test_a_charge_wants_a_key(self, alice: Person, till: Caller) -> None:
        digits = show(alice)

        answer = till.post("charges", {"payment_code": digits, "amount": 1})
        refusal(answer, 400, "idempotency_key_required")
        assert status() == "active"

    @pytest.mark.parametrize("items", [[], None, [{"sku": "soap", "quantity": 1}], "x"])
    def test_goods_are_not_sold_here(self, alice: Person, till: Caller, items: Any) -> None:
        digits = show(alice)
        with nothing_changes():
            refusal(charge(till, digits, items=items), 400, "invalid", "items")
            answer = till.post("charges", {"payment_code": digits, "items": items}, key="k")
            refusal(answer, 400, "invalid", "items")
        assert status() == "active"

    @pytest.mark.parametrize(
        ("name", "literals"),
        [
            ("payment_code", NO_DIGITS),
            ("amount", [*NO_AMOUNT, "null", str(2**53), str(2**63)]),
            ("currency", NO_CURRENCY),
            ("reference", [*NOT_TEXT, "null", f'"{"x" * 65}"', r'"\u202egnp.exe"', r'"a\nb"', r'"a\tb"']),
        ],
    )
    def test_a_member_of_another_form_is_refused_by_name(
        self, alice: Person, till: Caller, name: str, literals: list[str]
    ) -> None:
        digits = show(alice)
        with nothing_changes():
            for literal in literals:
                members = {"payment_code": f'"{digits}"', "amount": "100", name: literal}
                text = ", ".join(f'"{each}": {value}' for each, value in members.items())
                body = refusal(till.post("charges", f"{{{text}}}", key="k"), 400, "invalid")
                assert list(body["errors"]) == [name if can_be_read(literal) else "non_field_errors"], literal
        assert status() == "active"

    def test_what_is_missing_is_asked_for_by_name(self, till: Caller) -> None:
        for body in ("{}", ""):
            refusal(till.post("charges", body, key="k"), 400, "invalid", "payment_code", "amount")
        for odd in NO_OBJECT:
            refusal(till.post("charges", odd, key="k"), 400, "invalid", "non_field_errors")

    def test_another_currency_is_refused_and_burns_nothing(self, alice: Person, till: Caller) -> None:
        digits = show(alice)

        refusal(charge(till, digits, currency="JPY"), 400, "currency_mismatch")
        assert status() == "active"

    def test_a_key_without_the_scope_is_told_which_one_it_lacks(
        self, mei_shop: Merchant, alice: Person, secrets: list[str]
    ) -> None:
        others = [scope for scope in scopes.ALL if scope != scopes.PAYMENTS_CHARGE]
        secrets.append(create_key(merchant_id=mei_shop.pk, name="poor", scopes=others)[1])

        body = refusal(charge(Caller(secrets[-1]), show(alice)), 403, "permission_denied")
        assert scopes.PAYMENTS_CHARGE in body["detail"]
        assert status() == "active"

    def test_no_person_charges(self, alice: Person, mei: Person, nobody: Caller) -> None:
        digits = show(alice)
        for caller in (mei, alice, nobody):
            refusal(charge(caller, digits), 401, "not_authenticated")
        assert status() == "active"
