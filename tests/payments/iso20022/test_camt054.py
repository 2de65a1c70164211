"""Returns: payments that came back after they were paid."""

import pytest

from payments.iso20022.camt054 import NOT_PROVIDED, Returned, read_returns
from payments.iso20022.errors import MessageError
from tests.payments.iso20022.samples import FIRST, IBAN, SECOND, details, entry, notification

NO_AMOUNT = details(amount="")
DETAILED = "<AmtDtls><TxAmt><Amt Ccy='CNY'>7.00</Amt></TxAmt></AmtDtls>"


def returned(*entries: str) -> tuple[Returned, ...]:
    return read_returns(notification(*entries)).returned


def test_a_return_names_the_transfer_the_amount_and_the_reason() -> None:
    found = read_returns(notification(entry(details())))
    assert found.message_id == "BANK-78"
    assert found.returned == (
        Returned(
            end_to_end_id=FIRST.hex,
            account=IBAN,
            amount=1234,
            currency="CNY",
            reason="AC04",
            text="account closed",
            bank_reference="B-1",
        ),
    )


@pytest.mark.parametrize("message", ["camt.053", "camt.054"])
@pytest.mark.parametrize("version", ["02", "08", "12"])
def test_statements_and_notifications_of_all_versions_are_read_alike(message: str, version: str) -> None:
    status = "BOOK" if version == "02" else "<Cd>BOOK</Cd>"
    xml = notification(entry(details(), status=status), version=f"{message}.001.{version}")
    assert [found.end_to_end_id for found in read_returns(xml).returned] == [FIRST.hex]


@pytest.mark.parametrize(
    "other",
    [
        entry(details(returned="")),  # an ordinary credit
        entry(details(), side="DBIT"),  # somebody else's payment going back
        entry(details(), status="<Cd>PDNG</Cd>"),  # not booked yet
        entry(details(), status="<Cd>INFO</Cd>"),
        entry(details(), status="<Prtry>BOOKED</Prtry>"),
        entry(),
    ],
)
def test_what_is_no_booked_return_is_passed_over(other: str) -> None:
    assert returned(other, entry(details(SECOND.hex)))[0].end_to_end_id == SECOND.hex
    assert returned(other) == ()


def test_several_returns_in_one_entry_have_their_own_amounts() -> None:
    both = entry(details(), details(SECOND.hex, amount=DETAILED), amount="19.34")
    assert [(one.end_to_end_id, one.amount) for one in returned(both)] == [
        (FIRST.hex, 1234),
        (SECOND.hex, 700),
    ]


def test_the_entry_s_amount_counts_for_a_transaction_that_is_alone_in_it() -> None:
    assert returned(entry(NO_AMOUNT, amount="11.00"))[0].amount == 1100
    with pytest.raises(MessageError, match="no amount of its own"):
        returned(entry(NO_AMOUNT, details(SECOND.hex)))


def test_a_transaction_s_own_side_goes_before_its_entry_s() -> None:
    assert returned(entry(details(amount="<Amt Ccy='CNY'>1.00</Amt><CdtDbtInd>DBIT</CdtDbtInd>"))) == ()


def test_a_return_of_nobody_knows_what_is_told_all_the_same() -> None:
    nameless = returned(entry(details(None), details(NOT_PROVIDED)))
    assert [one.end_to_end_id for one in nameless] == [NOT_PROVIDED, NOT_PROVIDED]


def test_a_transfer_cannot_come_back_twice() -> None:
    with pytest.raises(MessageError, match="twice"):
        returned(entry(details()), entry(details()))


@pytest.mark.parametrize(
    ("currency", "text", "amount"),
    [
        ("CNY", "12.34", 1234),
        ("CNY", "12.3", 1230),
        ("CNY", "12", 1200),
        ("CNY", "12.34000", 1234),
        ("CNY", "007", 700),
        ("JPY", "1234", 1234),
        ("JPY", "1234.00", 1234),
        ("KWD", "1.234", 1234),
        ("CNY", "9007199254740993.01", 900719925474099301),  # beyond what a float keeps
    ],
)
def test_amounts_are_read_to_the_last_unit(currency: str, text: str, amount: int) -> None:
    found = returned(entry(details(amount=f"<Amt Ccy='{currency}'>{text}</Amt>")))
    assert (found[0].amount, found[0].currency) == (amount, currency)


@pytest.mark.parametrize(
    "amount",
    [
        "<Amt Ccy='CNY'>12.345</Amt>",
        "<Amt Ccy='JPY'>12.5</Amt>",
        "<Amt Ccy='CNY'>-12.34</Amt>",
        "<Amt Ccy='CNY'>1e3</Amt>",
        "<Amt Ccy='CNY'>1,5</Amt>",
        "<Amt Ccy='CNY'>NaN</Amt>",
        "<Amt Ccy='CNY'>１２</Amt>",
        "<Amt Ccy='CNY'>0.00</Amt>",
        "<Amt Ccy='CNY'>1234567890123456789</Amt>",
        "<Amt Ccy='CNY'></Amt>",
        "<Amt Ccy='cny'>1.00</Amt>",
        "<Amt>1.00</Amt>",
        "<Amt Ccy='CNY'>1.00</Amt><Amt Ccy='CNY'>2.00</Amt>",
    ],
)
def test_an_amount_that_is_not_plain_is_refused(amount: str) -> None:
    with pytest.raises(MessageError):
        returned(entry(details(amount=amount)))


@pytest.mark.parametrize(
    "xml",
    [
        notification(entry(details(), side="BOTH")),
        notification(entry(details(), status="")),
        notification(entry(details()).replace("<Sts><Cd>BOOK</Cd></Sts>", "")),
        notification(entry(details())).replace(b"IBAN", b"BBAN"),
        notification(entry(details("x" * 36))),
        notification(entry(details()), version="camt.052.001.08"),
        notification(entry(details()), version="camt.054.001.99"),
        notification(entry(details()), version="camt.054.001.08").replace(b"camt.054", b"camt.053"),
    ],
)
def test_a_notification_that_is_not_understood_is_refused(xml: bytes) -> None:
    with pytest.raises(MessageError):
        read_returns(xml)
