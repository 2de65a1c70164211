"""GET and PUT me/bank-account: where withdrawals go."""

from typing import Any

import pytest

from merchants.models import Merchant
from payments.models import BankAccount
from people.models import Pin
from tests.api.callers import WRONG_PIN, Caller, Person, nothing_changes, refusal
from tests.cast import PIN

IBAN = "DE89370400440532013000"
MERCHANT: dict[str, Any] = {"from": "merchant"}
GOOD = {"holder": "Alice Liddell", "number": IBAN, "bank": "COBADEFFXXX", "pin": PIN}


def put(caller: Caller, **changed: object) -> Any:
    return caller.put("me/bank-account", GOOD | changed)


def test_there_is_none_at_first(alice: Person) -> None:
    refusal(alice.get("me/bank-account"), 404, "not_found")


def test_what_was_put_is_shown_but_for_the_number(alice: Person) -> None:
    stored = put(alice).json()

    assert alice.get("me/bank-account").json() == stored
    assert stored.pop("changed_at")
    assert stored == {"from": "wallet", "holder": "Alice Liddell", "number": "…3000", "bank": "COBADEFFXXX"}
    assert BankAccount.objects.get().number == IBAN


def test_another_one_takes_its_place(alice: Person) -> None:
    put(alice)

    put(alice, number="12345678", bank="")

    row = BankAccount.objects.get()
    assert (row.account, row.number, row.bank) == (alice.wallet, "12345678", "")


@pytest.mark.parametrize("written", ["DE89 3704 0044 0532 0130 00", "de89370400440532013000"])
def test_an_iban_is_read_as_people_write_it(alice: Person, written: str) -> None:
    put(alice, number=written)

    assert BankAccount.objects.get().number == IBAN


@pytest.mark.parametrize(
    "number",
    [
        *("DE89370400440532013001", "DE88370400440532013000", "GB33BUKB20201555555554"),  # mistyped
        *(
            "",
            "1234",
            "x" * 35,
            "12-34-56",
            "6222/0210",
            "１２３４５６７８",
            "٦٢٢٢٠٢١٠",
            "622202\u202e10",
            "ÀÀÀÀÀÀ",
        ),
        *(6222021, None, True, ["6222021"], {}, 1.5e7),
    ],
)
def test_what_is_no_account_number_is_refused(alice: Person, number: object) -> None:
    with nothing_changes():
        refusal(put(alice, number=number), 400, "invalid", "number")


@pytest.mark.parametrize("number", ["6222021234567890123", "00123456789", "DEABC12345", "GB12X"])
def test_a_number_that_looks_like_no_iban_is_the_countrys_own(alice: Person, number: str) -> None:
    assert put(alice, number=number).status_code == 200


@pytest.mark.parametrize("holder", ["", " ", "\u202eecilA", "A\nB", "x" * 71, 1, None, ["A"], "\u2800"])
def test_a_holder_is_a_name(alice: Person, holder: object) -> None:
    with nothing_changes():
        refusal(put(alice, holder=holder), 400, "invalid", "holder")


def test_a_nul_is_refused(alice: Person) -> None:
    for field in ("holder", "number", "bank"):
        with nothing_changes():
            refusal(put(alice, **{field: "A\0B"}), 400, "invalid")


@pytest.mark.parametrize(
    "bank", ["COBADEF", "cobadeff", "COBADEFF1", "12345678", "ＣＯＢＡＤＥＦＦ", 1, None, True]
)
def test_a_bank_is_a_bic(alice: Person, bank: object) -> None:
    with nothing_changes():
        refusal(put(alice, bank=bank), 400, "invalid", "bank")


def test_the_pin_is_asked_for_and_counted(alice: Person) -> None:
    with nothing_changes():
        refusal(alice.put("me/bank-account", {"holder": "A", "number": IBAN}), 400, "invalid", "pin")

    refusal(put(alice, pin=WRONG_PIN), 403, "wrong_pin")

    assert Pin.objects.get(user=alice.user).failures == 1
    assert not BankAccount.objects.exists()


def test_a_shop_has_its_own(mei: Person, mei_shop: Merchant) -> None:
    put(mei)
    put(mei, **MERCHANT, number="00123456789", bank="")

    assert mei.get("me/bank-account").json()["number"] == "…3000"
    assert mei.get("me/bank-account", **MERCHANT).json()["number"] == "…6789"
    assert mei.get("me/bank-account", **MERCHANT, merchant=str(mei_shop.pk)).status_code == 200


def test_nobody_reads_or_changes_that_of_anothers_shop(
    alice: Person, mei: Person, mei_shop: Merchant
) -> None:
    put(mei, **MERCHANT)

    for wanted in (MERCHANT, MERCHANT | {"merchant": str(mei_shop.pk)}):
        with nothing_changes():
            refusal(alice.get("me/bank-account", **wanted), 404, "not_found")
            refusal(put(alice, **wanted), 404, "not_found")


def test_a_source_is_one_of_two(alice: Person) -> None:
    for source in ("", "bank", "WALLET", "\0"):
        asked: dict[str, Any] = {"from": source}
        refusal(alice.get("me/bank-account", **asked), 400, "invalid", "from")
    refusal(alice.get("me/bank-account", merchant="x"), 400, "invalid", "merchant")


def test_another_persons_stays_his_own(alice: Person, bob: Person) -> None:
    put(alice)

    refusal(bob.get("me/bank-account"), 404, "not_found")


def test_without_a_token_nobody_puts_anything(nobody: Caller) -> None:
    with nothing_changes():
        refusal(put(nobody), 401, "not_authenticated")
