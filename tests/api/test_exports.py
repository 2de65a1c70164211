"""GET me/statement.csv and .xml: a period of one's own account as a file."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from merchants.models import Merchant
from merchants.services import open_merchant
from outbox import clock
from payments import days
from payments.models import Account, Code, Payment
from payments.views import statements
from people.models import User
from tests.api.callers import Caller, Person, refusal

CAMT = "{urn:iso:std:iso:20022:tech:xsd:camt.053.001.08}"
HEADER = (
    "booked_at,kind,counterparty,memo,amount,amount_minor,balance,balance_minor,currency,"
    "transfer,payment,withdrawal,top_up"
)
FILES = ["me/statement.csv", "me/statement.xml"]


def around_today() -> dict[str, Any]:
    """Return days that hold everything of this test, also around midnight."""
    today = days.business_day(clock.now())
    return {"from": str(today - timedelta(days=1)), "to": str(today + timedelta(days=1))}


def asked(first: str, **more: str) -> dict[str, Any]:
    """Return the parameters of a period; `from` is no word that Python lets us write."""
    return {"from": first, **more}


def sheet(caller: Caller, **more: Any) -> list[dict[str, str]]:
    answer = caller.get("me/statement.csv", **(around_today() | more))
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode(), newline="")))


def message(caller: Caller, **more: Any) -> ET.Element:
    answer = caller.get("me/statement.xml", **(around_today() | more))
    assert answer.status_code == 200
    return ET.fromstring(answer.getvalue())  # noqa: S314 - our own


def balances(document: ET.Element) -> list[Decimal]:
    """Return opening and closing."""
    signs = {"CRDT": 1, "DBIT": -1}
    return [
        Decimal(found.findtext(f"{CAMT}Amt", "")) * signs[found.findtext(f"{CAMT}CdtDbtInd", "")]
        for found in document.iter(f"{CAMT}Bal")
    ]


class TestCsv:
    def test_it_is_a_table_between_two_balances(self, alice: Person, bob: Person) -> None:
        alice.gets(10_000)
        paid = alice.pay(bob.code().token, amount=1_234, memo="two coffees").json()

        opening, top_up, payment, closing = sheet(alice)
        assert (opening["kind"], opening["balance"], opening["balance_minor"]) == (
            "opening_balance",
            "0.00",
            "0",
        )
        assert (top_up["kind"], top_up["counterparty"], top_up["amount"]) == ("top_up", "Bank", "100.00")
        assert payment | {"booked_at": "", "transfer": ""} == {
            "booked_at": "",
            "kind": "payment",
            "counterparty": "Bob",
            "memo": "two coffees",
            "amount": "-12.34",
            "amount_minor": "-1234",
            "balance": "87.66",
            "balance_minor": "8766",
            "currency": "CNY",
            "transfer": "",
            "payment": paid["id"],
            "withdrawal": "",
            "top_up": "",
        }
        assert payment["booked_at"].endswith("+08:00")
        assert (closing["kind"], closing["amount"], closing["balance_minor"]) == (
            "closing_balance",
            "",
            "8766",
        )

    def test_it_is_rfc_4180_with_a_header(self, alice: Person, bob: Person) -> None:
        alice.gets(100)
        alice.pay(bob.code().token, amount=1, memo='say "hi", Bob')
        answer = alice.get("me/statement.csv", **around_today())

        text = answer.getvalue().decode()
        assert answer["Content-Type"] == "text/csv; charset=utf-8; header=present"
        assert text.startswith(HEADER + "\r\n") and text.endswith("\r\n")
        assert text.count("\n") == text.count("\r\n") == 5
        assert ',"say ""hi"", Bob",' in text
        assert answer["Content-Disposition"].startswith("attachment; filename=")
        assert "no-store" in answer["Cache-Control"]
        assert answer.streaming

    @pytest.mark.parametrize(
        "text",
        ["=1+1", "+1", "-1+1", "@SUM(A1)", "＝1+1", " =1+1", "=cmd|' /C calc'!A0", "－1", "＠x", "＋1"],
    )
    def test_a_text_is_no_formula(self, alice: Person, bob: Person, text: str) -> None:
        User.objects.filter(pk=bob.pk).update(name=text)
        Account.objects.filter(pk=bob.wallet.pk).update(name=text)
        alice.gets(100)
        paid = alice.pay(bob.code().token, amount=1).json()
        Payment.objects.filter(pk=paid["id"]).update(memo=text)

        row = sheet(alice)[2]
        assert (row["counterparty"], row["memo"]) == (f"'{text}", f"'{text}")
        assert row["amount"] == "-0.01"

    def test_a_text_is_no_formula_behind_a_semicolon(self, alice: Person, bob: Person) -> None:
        alice.gets(100)
        alice.pay(bob.code().token, amount=1, memo="tea;=cmd|' /C calc'!A0; -1;milk")
        assert sheet(alice)[2]["memo"] == "tea;'=cmd|' /C calc'!A0;' -1;milk"

    def test_other_texts_stay_as_they_are(self, alice: Person, bob: Person) -> None:
        alice.gets(100)
        alice.pay(bob.code().token, amount=1, memo="谢谢 = ありがとう 🙂")
        assert sheet(alice)[2]["memo"] == "谢谢 = ありがとう 🙂"


@pytest.mark.parametrize("suffix", ["csv", "xml"])
def test_who_asks_for_too_many_files_waits(
    alice: Person, bob: Person, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "MOST_FILES", 2)
    for _ in range(2):
        assert alice.get(f"me/statement.{suffix}").getvalue()

    answer = alice.get(f"me/statement.{suffix}")
    refusal(answer, 429, "too_many_tries")
    assert 0 < int(answer["Retry-After"]) <= 900
    assert alice.get("me/statement").status_code == 200
    assert bob.get(f"me/statement.{suffix}").getvalue()


class TestCamt:
    def test_it_says_the_same_as_the_table(self, alice: Person, bob: Person, counter: Code) -> None:
        alice.gets(10_000)
        alice.pay(bob.code().token, amount=1_234, memo="two coffees")
        alice.pay(counter.token, amount=2_000)
        document = message(alice)

        entries = list(document.iter(f"{CAMT}Ntry"))
        assert [entry.findtext(f"{CAMT}Amt") for entry in entries] == ["100.00", "12.34", "20.00"]
        assert [entry.findtext(f"{CAMT}CdtDbtInd") for entry in entries] == ["CRDT", "DBIT", "DBIT"]
        names = [name.text for name in document.iter(f"{CAMT}Nm")]
        assert names == ["Alice", "Bank", "Bob", "Corner Laundry"]
        assert [text.text for text in document.iter(f"{CAMT}Ustrd")] == ["two coffees"]
        assert balances(document) == [Decimal(0), Decimal("67.66")]

    @pytest.mark.parametrize("name", ["", "x" * 100, "A\u202eB", "<&>\"'", "  "])
    def test_whatever_somebody_is_called_it_is_a_document(
        self, alice: Person, bob: Person, name: str
    ) -> None:
        Account.objects.filter(pk__in=[alice.wallet.pk, bob.wallet.pk]).update(name=name)
        alice.gets(100)
        alice.pay(bob.code().token, amount=1)
        assert len(list(message(alice).iter(f"{CAMT}Ntry"))) == 2

    def test_without_lines_it_holds_two_equal_balances(self, alice: Person) -> None:
        assert balances(message(alice)) == [0, 0]


class TestShops:
    """The shop's own account has no running balance; its statement has one all the same."""

    def test_the_owner_reads_the_shop_s_account(self, alice: Person, mei: Person, counter: Code) -> None:
        alice.gets(10_000)
        alice.pay(counter.token, amount=10_000)

        rows = sheet(mei, account="merchant")
        assert [(row["kind"], row["counterparty"], row["amount"], row["balance"]) for row in rows] == [
            ("opening_balance", "", "", "0.00"),
            ("payment", "Alice", "100.00", "100.00"),
            ("fee", "Fee", "-0.80", "99.20"),
            ("closing_balance", "", "", "99.20"),
        ]
        assert balances(message(mei, account="merchant")) == [0, Decimal("99.20")]
        assert len(sheet(mei)) == 2  # his wallet is another account

    def test_an_account_is_named_by_its_number_too(self, mei: Person, mei_shop: Merchant) -> None:
        open_merchant(owner_id=mei.pk, name="Second Laundry", category="laundry")
        body = refusal(mei.get("me/statement.csv", account="merchant"), 400, "invalid", "account")

        assert str(mei_shop.account_id) in body["errors"]["account"][0]
        assert len(sheet(mei, account=mei_shop.account_id)) == 2

    @pytest.mark.parametrize("path", FILES)
    def test_nobody_else_reads_it(
        self, path: str, alice: Person, charlie: Person, mei_shop: Merchant, till: Caller
    ) -> None:
        for account in (mei_shop.account_id, alice.wallet.pk, "merchant", 2 * 10**12 + 1, 2 * 10**12 + 3):
            refusal(charlie.get(path, account=str(account)), 404, "not_found")
        assert till.get(path).status_code in {401, 403}


@pytest.mark.parametrize("path", FILES)
class TestBadInput:
    def test_days_that_are_none(self, alice: Person, path: str) -> None:
        for text in ("", "x", "2026-02-30", "20260101", "2026-W01-1", "0001-01-01", "9999-12-31", "\0", "١"):
            refusal(alice.get(path, **asked(text)), 400, "invalid", "from")
            refusal(alice.get(path, to=text), 400, "invalid", "to")

    def test_days_that_are_no_period(self, alice: Person, path: str) -> None:
        for first, last in (
            ("2026-02-02", "2026-02-01"),
            ("2025-01-01", "2026-01-02"),
            ("1970-01-01", "9000-01-01"),
        ):
            refusal(alice.get(path, **asked(first, to=last)), 400, "invalid", "from")
        refusal(alice.get(path, **asked("0001-01-01", to="9999-12-31")), 400, "invalid", "to")

    def test_accounts_that_are_none(self, alice: Person, path: str) -> None:
        for account in ("", "x", "0", "-1", "1.5", "9" * 18, "9" * 30, "\0", "Wallet", "1 OR 1=1"):
            refusal(alice.get(path, account=account), 404, "not_found")

    def test_it_says_what_it_is_whatever_is_accepted(self, alice: Person, path: str) -> None:
        for accept in ("text/html", "application/json", "*/*", "image/png"):
            assert alice.get(path, headers={"Accept": accept}).getvalue()

    def test_staff_without_a_wallet_are_told_so(self, db: None, path: str) -> None:
        office = Person(
            User.objects.create_superuser(phone="+8613800000077", password="x" * 20, name="Staff")
        )
        refusal(office.get(path), 404, "no_wallet")
