"""`import_payout_status`: what the bank writes back is applied once, and what does not fit is said aloud."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from outbox.clock import now
from payments.bank import payouts
from payments.books import System
from payments.models import PayoutFile, Withdrawal
from people.models import User
from tests.payments.bank.files import report, report_on, returned
from tests.payments.bank.hands import ask, bank_account, legs, status, sweep_until_nothing_is_due
from tests.payments.hands import has, holds_money, wallet

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("by_file")]


@pytest.fixture
def sent(rich_alice: User) -> list[Withdrawal]:
    """Three withdrawals of Alice, in one file."""
    bank_account(wallet(rich_alice))
    rows = [ask(rich_alice, amount) for amount in (20_000, 10_000, 5_000)]
    assert payouts.export(at=now(), execute_on=now().date())
    return rows


@pytest.fixture
def file(sent: list[Withdrawal]) -> PayoutFile:
    return PayoutFile.objects.get()


def read(data: bytes, folder: Path) -> tuple[str, str, bool]:
    """Run the command; return what it said, what it complained about, and whether all was well."""
    path, said, complained = folder / "status.xml", StringIO(), StringIO()
    path.write_bytes(data)
    well = True
    try:
        call_command("import_payout_status", path, stdout=said, stderr=complained)
    except CommandError as error:
        complained.write(str(error))
        well = error.returncode != 1
    return said.getvalue(), complained.getvalue(), well


def states(rows: list[Withdrawal]) -> list[str]:
    return [status(row) for row in rows]


def test_paid_refused_and_pending_each_for_itself(
    rich_alice: User, sent: list[Withdrawal], file: PayoutFile, tmp_path: Path
) -> None:
    data = report_on(file, dict(zip(sent, ["ACSC", "RJCT", "ACSP"], strict=True)), text="Account closed")

    said, complained, well = read(data, tmp_path)

    assert (said, complained, well) == ("2 withdrawals moved, 1 stayed as they were.\n", "", True)
    assert states(sent) == ["paid", "failed", "submitted"]
    assert sent[1].bank_said == "RJCT AC04: Account closed"
    assert has(rich_alice) == 100_000 - 20_020 - 5_010
    assert holds_money(System.WITHDRAWAL_CLEARING) == 5_000


def test_the_same_file_again_changes_nothing(
    rich_alice: User, sent: list[Withdrawal], file: PayoutFile, tmp_path: Path
) -> None:
    data = report_on(file, dict(zip(sent, ["ACSC", "RJCT", "RJCT"], strict=True)))
    read(data, tmp_path)
    before = (has(rich_alice), [legs(row) for row in sent])

    for _ in range(3):
        assert read(data, tmp_path) == ("0 withdrawals moved, 3 stayed as they were.\n", "", True)

    assert (has(rich_alice), [legs(row) for row in sent]) == before


@pytest.mark.parametrize(("group", "end"), [("ACSC", "paid"), ("RJCT", "failed"), ("ACTC", "submitted")])
def test_a_word_about_the_whole_file_holds_for_each(
    sent: list[Withdrawal], file: PayoutFile, tmp_path: Path, group: str, end: str
) -> None:
    assert read(report(file.message_id, {}, group=group), tmp_path)[2]

    assert states(sent) == [end] * 3


def test_strangers_and_contradictions_are_said_line_by_line_and_the_rest_is_done(
    rich_alice: User, sent: list[Withdrawal], file: PayoutFile, tmp_path: Path
) -> None:
    read(report_on(file, {sent[0]: "ACSC", sent[1]: "RJCT"}), tmp_path)
    statuses = {sent[0].pk.hex: "RJCT", sent[1].pk.hex: "ACSC", "stranger": "ACSC", sent[2].pk.hex: "ACSC"}

    said, complained, well = read(report(file.message_id, statuses), tmp_path)

    assert (said, well) == ("1 withdrawals moved, 0 stayed as they were.\n", False)
    lines = complained.splitlines()
    assert len(lines) == 4
    assert "stranger" in lines[0] and "3 lines need a person." in lines[3]
    assert {line.split(":")[0] for line in lines[1:3]} == {sent[0].pk.hex, sent[1].pk.hex}
    assert states(sent) == ["paid", "failed", "paid"]
    assert has(rich_alice) == 100_000 - 20_020 - 5_010


def test_a_transfer_of_another_file_is_a_stranger(
    rich_alice: User, sent: list[Withdrawal], file: PayoutFile, tmp_path: Path
) -> None:
    other = ask(rich_alice, 700)
    payouts.export(at=now(), execute_on=now().date())

    _, complained, well = read(report(file.message_id, {other.pk.hex: "ACSC"}), tmp_path)

    assert (well, status(other)) == (False, "submitted")
    assert other.pk.hex in complained


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not xml",
        b"<a/>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        report("never-sent", {}, group="ACSC"),
        report("never-sent", {"x": "ACSC"}),
        b"\x00" * 100,
    ],
)
def test_what_is_no_report_on_a_file_of_ours_changes_nothing(
    sent: list[Withdrawal], tmp_path: Path, data: bytes
) -> None:
    _, complained, well = read(data, tmp_path)

    assert not well and "Nothing was applied" in complained
    assert states(sent) == ["submitted"] * 3


def test_a_report_that_contradicts_itself_is_not_applied(
    sent: list[Withdrawal], file: PayoutFile, tmp_path: Path
) -> None:
    assert not read(report_on(file, {sent[0]: "ACSC"}, group="RJCT"), tmp_path)[2]

    assert states(sent) == ["submitted"] * 3


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_payout_status", tmp_path / "nothing.xml")


def test_what_came_back_gives_amount_and_fee_back(
    rich_alice: User, sent: list[Withdrawal], file: PayoutFile, tmp_path: Path
) -> None:
    read(report(file.message_id, {}, group="ACSC"), tmp_path)

    for moved in ("1", "0"):
        assert read(returned(sent[0].pk, amount="200.00"), tmp_path)[::2] == (
            f"{moved} withdrawals moved, {1 - int(moved)} stayed as they were.\n",
            True,
        )

    assert states(sent) == ["returned", "paid", "paid"]
    assert sent[0].bank_said == "AC04: Account closed"
    assert has(rich_alice) == 100_000 - 10_010 - 5_010


def test_what_comes_back_before_the_report_was_paid(sent: list[Withdrawal], tmp_path: Path) -> None:
    assert read(returned(sent[0].pk, amount="200.00"), tmp_path)[2]

    assert status(sent[0]) == "returned"


def test_a_late_report_of_payment_does_not_take_it_again(
    sent: list[Withdrawal], file: PayoutFile, tmp_path: Path
) -> None:
    read(returned(sent[0].pk, amount="200.00"), tmp_path)

    assert read(report(file.message_id, {}, group="ACSC"), tmp_path)[2]

    assert states(sent) == ["returned", "paid", "paid"]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"amount": "199.99"}, "decide what its owner gets"),
        ({"amount": "200.00", "currency": "USD"}, "decide what its owner gets"),
        ({"amount": "200.00", "account": "DE89370400440532013000"}, "not to our account"),
    ],
)
def test_a_return_that_does_not_fit_is_for_a_person(
    sent: list[Withdrawal], file: PayoutFile, tmp_path: Path, changed: dict[str, str], why: str
) -> None:
    read(report(file.message_id, {}, group="ACSC"), tmp_path)

    _, complained, well = read(returned(sent[0].pk, **changed), tmp_path)

    assert not well and why in complained
    assert status(sent[0]) == "paid"


@pytest.mark.parametrize("name", ["NOTPROVIDED", "salary 11", "0" * 32, "urn:uuid:" + "0" * 20])
def test_a_return_of_something_else_is_for_a_person(
    sent: list[Withdrawal], tmp_path: Path, name: str
) -> None:
    _, complained, well = read(returned(name, amount="200.00"), tmp_path)

    assert not well and "not ours" in complained
    assert states(sent) == ["submitted"] * 3


def test_no_time_decides_what_the_bank_has_not_said(sent: list[Withdrawal]) -> None:
    sweep_until_nothing_is_due()

    assert states(sent) == ["submitted"] * 3
