"""`export_payouts`: every withdrawal is in one file, and a file is the same bytes for ever."""

import os
import xml.etree.ElementTree as ET
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import sepaxml  # type: ignore[import-untyped]
import xmlschema
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.utils import timezone
from pytest_django import Settings

from outbox.clock import now
from payments import states, stops
from payments.bank import outcomes, payouts, writing
from payments.books import System
from payments.models import PayoutFile, Withdrawal
from people.models import User
from tests.payments.bank.hands import ask, bank_account, status
from tests.payments.bank.killing import killed
from tests.payments.hands import fill, holds_money, wallet
from tests.processes import in_processes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("by_file")]
XSD = Path(sepaxml.__file__).parent / "schemas" / "pain.001.001.09.xsd"
TAG = "{urn:iso:std:iso:20022:tech:xsd:pain.001.001.09}"


@pytest.fixture
def three(rich_alice: User) -> list[Withdrawal]:
    bank_account(wallet(rich_alice), bank="COBADEFF")
    return [ask(rich_alice, amount) for amount in (12_345, 10, 700)]


def export(folder: Path, **options: Any) -> str:
    """Run the command; return what it said."""
    said = StringIO()
    call_command("export_payouts", out=folder, stdout=said, stderr=said, **options)
    return said.getvalue()


def texts(content: bytes, name: str) -> list[str]:
    return [node.text or "" for node in ET.fromstring(content).iter(TAG + name)]  # noqa: S314


def test_the_file_is_valid_and_says_what_was_asked_for(three: list[Withdrawal], tmp_path: Path) -> None:
    said = export(tmp_path)

    file = PayoutFile.objects.get()
    content = (tmp_path / f"{file.message_id}.xml").read_bytes()
    xmlschema.XMLSchema(XSD).validate(content.decode())
    assert content == bytes(file.content)
    assert texts(content, "CtrlSum") == ["130.55", "130.55"]
    assert texts(content, "NbOfTxs") == ["3", "3"]
    assert texts(content, "InstdAmt") == ["123.45", "0.10", "7.00"]
    assert texts(content, "EndToEndId") == [row.pk.hex for row in three]
    assert texts(content, "IBAN") == ["GB33BUKB20201555555555", *["DE89370400440532013000"] * 3]
    assert texts(content, "BICFI") == ["BUKBGB22", *["COBADEFF"] * 3]
    assert texts(content, "Nm") == ["Saoma Payments Ltd"] * 2 + ["Alice Liddell"] * 3
    assert texts(content, "Dt") == [timezone.localdate(now()).isoformat()]
    assert (file.transfers, file.total) == (3, 13_055)
    assert "3 transfers, 130.55 CNY in all" in said


def test_yen_have_no_decimals(rich_alice: User, settings: Settings, tmp_path: Path) -> None:
    settings.CURRENCY = "JPY"
    bank_account(wallet(rich_alice), number="00123456789")
    for amount in (1_500, 20):
        ask(rich_alice, amount)

    export(tmp_path)

    content = bytes(PayoutFile.objects.get().content)
    xmlschema.XMLSchema(XSD).validate(content.decode())
    assert (texts(content, "InstdAmt"), texts(content, "CtrlSum")) == (["1500", "20"], ["1520", "1520"])


def test_the_sums_are_those_of_a_hundred_transfers(alice: User, tmp_path: Path) -> None:
    fill(alice, 10**12)
    bank_account(wallet(alice))
    amounts = [10 + 7_919 * number for number in range(100)]
    for amount in amounts:
        ask(alice, amount)

    export(tmp_path)

    content = bytes(PayoutFile.objects.get().content)
    parts = [Decimal(text) for text in texts(content, "InstdAmt")]
    assert Decimal(texts(content, "CtrlSum")[0]) == sum(parts) == Decimal(sum(amounts)) / 100


def test_what_is_in_a_file_is_submitted_and_nobody_asks_about_it(
    three: list[Withdrawal], tmp_path: Path
) -> None:
    export(tmp_path)

    assert [status(row) for row in three] == ["submitted"] * 3
    assert {row.payout_file for row in three} == {PayoutFile.objects.get()}
    assert {row.due_at for row in three} == {None}
    assert holds_money(System.WITHDRAWAL_CLEARING) == 13_055


def test_nothing_is_in_two_files(rich_alice: User, three: list[Withdrawal], tmp_path: Path) -> None:
    export(tmp_path)
    later = ask(rich_alice, 999)
    export(tmp_path)
    nothing = export(tmp_path)

    assert nothing == "Nothing waits for the bank.\n"
    assert [file.transfers for file in PayoutFile.objects.order_by("id")] == [3, 1]
    assert later.pk.hex in texts(bytes(PayoutFile.objects.latest("id").content), "EndToEndId")
    assert len(list(tmp_path.iterdir())) == 2


def test_what_is_too_much_for_one_file_waits_for_the_next(
    three: list[Withdrawal], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payouts, "MOST_A_FILE", 2)

    first, second = export(tmp_path), export(tmp_path)

    assert "run it again" in first and "run it again" not in second
    assert [file.transfers for file in PayoutFile.objects.order_by("id")] == [2, 1]


def test_again_writes_the_very_same_bytes(three: list[Withdrawal], tmp_path: Path) -> None:
    export(tmp_path)
    (path,) = tmp_path.iterdir()
    first = path.read_bytes()
    path.unlink()

    export(tmp_path, again=PayoutFile.objects.get().message_id)

    assert path.read_bytes() == first
    assert PayoutFile.objects.count() == 1


def test_again_of_a_file_that_never_was_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no payout file x"):
        export(tmp_path, again="x")


def test_whoever_dies_before_writing_finds_the_file_again(three: list[Withdrawal], tmp_path: Path) -> None:
    with killed(writing, "write", "before"):
        export(tmp_path)
    assert list(tmp_path.iterdir()) == []

    lost = PayoutFile.objects.get().message_id
    assert f"--again {lost}" in export(tmp_path)
    assert "The bank has said nothing" not in export(tmp_path, again=lost)

    assert len(list(tmp_path.iterdir())) == 1


def test_a_file_that_was_taken_to_the_bank_is_spoken_of_until_it_answers(
    three: list[Withdrawal], tmp_path: Path
) -> None:
    export(tmp_path)
    (path,) = tmp_path.iterdir()
    path.unlink()
    assert path.stem in export(tmp_path)

    outcomes.pay(withdrawal_id=three[0].pk)
    assert export(tmp_path) == "Nothing waits for the bank.\n"


@pytest.mark.django_db(transaction=True)
def test_whoever_dies_in_the_middle_has_submitted_nothing(three: list[Withdrawal], tmp_path: Path) -> None:
    with killed(states, "move", "after"):
        export(tmp_path)

    assert [status(row) for row in three] == ["requested"] * 3
    assert not PayoutFile.objects.exists()
    export(tmp_path)
    assert [status(row) for row in three] == ["submitted"] * 3


def test_a_folder_that_is_none_is_said_before_anything_is_submitted(
    three: list[Withdrawal], tmp_path: Path
) -> None:
    with pytest.raises(CommandError, match="is no folder"):
        export(tmp_path / "nothing")

    assert [status(row) for row in three] == ["requested"] * 3


def test_a_disk_that_is_full_names_the_file_to_write_again(
    three: list[Withdrawal], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CommandError, match=r"--again [0-9a-f]{32}"):
        export(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_file_is_for_our_own_eyes(three: list[Withdrawal], tmp_path: Path) -> None:
    export(tmp_path)

    (path,) = tmp_path.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["BANK_DEBTOR_NAME", "BANK_DEBTOR_ACCOUNT", "BANK_DEBTOR_BIC"])
def test_without_our_own_account_it_says_what_to_set(
    three: list[Withdrawal], settings: Settings, tmp_path: Path, name: str
) -> None:
    setattr(settings, name, "")

    with pytest.raises(CommandError, match=f"Set {name} in the environment"):
        export(tmp_path)
    assert [status(row) for row in three] == ["requested"] * 3


def test_our_own_account_must_be_one(three: list[Withdrawal], settings: Settings, tmp_path: Path) -> None:
    settings.BANK_DEBTOR_ACCOUNT = "GB33BUKB20201555555556"

    with pytest.raises(CommandError, match="IBAN"):
        export(tmp_path)
    assert [status(row) for row in three] == ["requested"] * 3


def test_a_day_to_come_can_be_asked_for_and_one_that_is_over_cannot(
    three: list[Withdrawal], tmp_path: Path
) -> None:
    today = timezone.localdate(now())
    with pytest.raises(CommandError, match="it is over"):
        export(tmp_path, execution_date=today - timedelta(days=1))

    export(tmp_path, execution_date=date(2099, 1, 2))

    assert texts(bytes(PayoutFile.objects.get().content), "Dt") == ["2099-01-02"]


def test_while_withdrawals_are_stopped_nothing_leaves(three: list[Withdrawal], tmp_path: Path) -> None:
    stops.stop(reason="the books are wrong")

    with pytest.raises(CommandError, match="stopped"):
        export(tmp_path)
    assert [status(row) for row in three] == ["requested"] * 3


def test_what_was_cancelled_is_in_no_file(three: list[Withdrawal], tmp_path: Path) -> None:
    outcomes.cancel(withdrawal_id=three[1].pk, reason="wrong account")

    export(tmp_path)

    assert PayoutFile.objects.get().total == 13_045


def test_what_names_no_bank_account_stays_and_is_spoken_of(
    rich_alice: User, settings: Settings, tmp_path: Path
) -> None:
    settings.BANK = "demo"
    lost = ask(rich_alice, 1_000)
    settings.BANK = "files"

    said = export(tmp_path)

    assert "1 withdrawals of 10.00 CNY name no bank account" in said
    assert status(lost) == "requested"


def test_a_file_cannot_be_changed(three: list[Withdrawal], tmp_path: Path) -> None:
    export(tmp_path)

    for act in (lambda: PayoutFile.objects.update(content=b""), lambda: PayoutFile.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


@pytest.mark.django_db(transaction=True)
def test_two_exports_at_once_never_take_the_same(alice: User, tmp_path: Path) -> None:
    fill(alice, 10**9)
    bank_account(wallet(alice))
    rows = [ask(alice, 100 + number) for number in range(40)]

    in_processes(4, lambda: export(tmp_path))

    named = [name for file in PayoutFile.objects.all() for name in texts(bytes(file.content), "EndToEndId")]
    assert sorted(named) == sorted(row.pk.hex for row in rows)
