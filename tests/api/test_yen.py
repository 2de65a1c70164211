"""A deployment that counts in yen, which has no smaller coin: the same API without a decimal point."""

import csv
import io

import pytest
from pytest_django import Settings

from merchants.models import Merchant, Plan
from payments import caps, codes
from payments.models import CapRule, Code
from tests.api.callers import Person, refusal
from tests.api.test_exports import CAMT, around_today, message

LIMIT = 10_000  # yen a day through printed codes of people


@pytest.fixture(autouse=True)
def in_yen(db: None, settings: Settings) -> None:
    """Set the deployment up as its first migrate would have."""
    settings.CURRENCY = "JPY"
    CapRule.objects.all().delete()
    caps.install()


@pytest.fixture
def counter(mei_shop: Merchant) -> Code:
    """The sticker at the laundry's counter; the laundry pays 0.6 %, at least 1 yen."""
    Plan.objects.update(fee_bp=60, fee_minimum=1)
    return codes.create(account_id=mei_shop.account_id, payable="merchant")


def test_limits_are_whole_yen(alice: Person, bob: Person) -> None:
    alice.gets(20_000)
    alice.pay(bob.code().token, amount=9_001)

    me = alice.get("me").json()
    assert (me["currency"], me["balance"]["available"]) == ("JPY", 10_999)
    assert (me["limits"][0]["cap"], me["limits"][0]["left"]) == (LIMIT, 999)
    body = refusal(alice.pay(bob.code().token, amount=1_000), 403, "limit_exceeded")
    assert "10000 JPY a day" in body["detail"] and "999 JPY left" in body["detail"]


@pytest.mark.parametrize(("amount", "fee"), [(1, 1), (83, 1), (249, 1), (250, 2), (1_000, 6), (9_999, 60)])
def test_a_fee_is_whole_yen_half_up(alice: Person, mei: Person, counter: Code, amount: int, fee: int) -> None:
    alice.gets(10_000)
    paid = alice.pay(counter.token, amount=amount).json()

    assert mei.get(f"payments/{paid['id']}").json()["fee"] == fee


def test_a_statement_counts_yen(alice: Person, counter: Code) -> None:
    alice.gets(1_000)
    alice.pay(counter.token, amount=380)

    entries = alice.get("me/statement").json()["data"]
    assert [(entry["amount"], entry["balance_after"]) for entry in entries] == [(-380, 620), (1_000, 1_000)]


def test_files_have_no_decimal_point(alice: Person, mei: Person, counter: Code) -> None:
    alice.gets(1_000)
    alice.pay(counter.token, amount=380)
    text = mei.get("me/statement.csv", account="merchant", **around_today()).getvalue().decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [(row["amount"], row["amount_minor"], row["balance"], row["currency"]) for row in rows] == [
        ("", "", "0", "JPY"),
        ("380", "380", "380", "JPY"),
        ("-2", "-2", "378", "JPY"),
        ("", "", "378", "JPY"),
    ]

    document = message(alice)
    amounts = [(found.text, found.get("Ccy")) for found in document.iter(f"{CAMT}Amt")]
    assert amounts == [(text, "JPY") for text in ("0", "620", "1000", "380")]


@pytest.mark.parametrize("amount", ["12.34", 12.34, 1.0])
def test_half_a_yen_is_no_amount(alice: Person, bob: Person, amount: object) -> None:
    refusal(alice.pay(bob.code().token, amount=amount), 400, "invalid", "amount")
