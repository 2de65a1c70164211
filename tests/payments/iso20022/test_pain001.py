"""Payout messages: valid by the standard's schema, exact to the last unit, strict about text."""

from datetime import datetime
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from xmlschema import XMLSchema

from payments import money
from payments.iso20022.errors import MessageError
from payments.iso20022.fields import reference
from payments.iso20022.parties import Bank, BankAccount
from tests.payments.iso20022.samples import FIRST, IBAN, NOON, SECOND, built, texts, transfer, tree

SEPAXML = find_spec("sepaxml")
assert SEPAXML and SEPAXML.origin
SCHEMA = XMLSchema(Path(SEPAXML.origin).parent / "schemas" / "pain.001.001.09.xsd")
CURRENCIES = {"CNY": 2, "JPY": 0, "KWD": 3}

names = some.text(
    some.characters(exclude_categories=["C", "Z"]) | some.just(" "), min_size=1, max_size=140
).filter(lambda name: name.strip() == name)
transfers = some.builds(
    transfer,
    id=some.uuids(),
    amount=some.integers(1, 10**12),
    creditor_name=names,
    remittance=some.just("") | names,
    creditor_account=some.sampled_from([BankAccount(iban=IBAN), BankAccount(other="6222020200112233")]),
    creditor_bank=some.sampled_from([None, Bank(bic="COBADEFF"), Bank(clearing="102100099996")]),
)


@pytest.mark.parametrize(
    "bank",
    [
        Bank(bic="COBADEFFXXX"),
        Bank(clearing="102100099996", clearing_system="CNAPS"),
        Bank(clearing="102100099996"),
        Bank(other="NOTPROVIDED"),
    ],
)
@pytest.mark.parametrize("account", [BankAccount(iban=IBAN), BankAccount(other="6222020200112233")])
def test_the_standard_s_schema_accepts_every_kind_of_bank_and_account(
    bank: Bank, account: BankAccount
) -> None:
    creditor = transfer(creditor_bank=bank, creditor_account=account, remittance="Withdrawal of 20 November")
    SCHEMA.validate(built(debtor_bank=bank, debtor_account=account, transfers=[creditor]))


@settings(deadline=None)
@given(
    batch=some.lists(transfers, min_size=1, max_size=5, unique_by=lambda one: one.id),
    currency=some.sampled_from(list(CURRENCIES)),
)
def test_what_is_built_is_valid_and_reads_back_the_same(batch: list[Any], currency: str) -> None:
    xml = built(transfers=batch, currency=currency)
    SCHEMA.validate(xml)
    root = tree(xml)

    amounts = texts(root, "Amt/InstdAmt")
    assert [int(Decimal(amount).scaleb(CURRENCIES[currency])) for amount in amounts] == [
        one.amount for one in batch
    ]
    total = money.text(sum(one.amount for one in batch), currency)
    assert texts(root, "CtrlSum") == [total, total] and sum(map(Decimal, amounts)) == Decimal(total)
    assert texts(root, "NbOfTxs") == [str(len(batch))] * 2
    assert [UUID(name) for name in texts(root, "PmtId/EndToEndId")] == [one.id for one in batch]
    assert texts(root, "Cdtr/Nm") == [one.creditor_name for one in batch]
    assert texts(root, "RmtInf/Ustrd") == [one.remittance for one in batch if one.remittance]


@pytest.mark.parametrize(
    ("currency", "amount"), [("CNY", "12.34"), ("JPY", "1234"), ("KWD", "1.234"), ("CLF", "0.1234")]
)
def test_an_amount_has_its_currency_s_own_digits(currency: str, amount: str) -> None:
    xml = built(currency=currency)
    assert f'<InstdAmt Ccy="{currency}">{amount}</InstdAmt>'.encode() in xml
    assert texts(tree(xml), "CtrlSum") == [amount, amount]


def test_the_sum_of_many_is_exact_where_a_float_would_not_be() -> None:
    batch = [transfer(id=UUID(int=number), amount=10**12 - 1) for number in range(1, 1001)]
    assert texts(tree(built(transfers=batch)), "GrpHdr/CtrlSum") == ["9999999999990.00"]


def test_the_same_initiation_gives_the_same_bytes() -> None:
    batch = [transfer(), transfer(id=SECOND, creditor_name="小店")]
    assert built(transfers=batch) == built(transfers=batch)


def test_the_end_to_end_id_is_the_transfer_s_without_dashes() -> None:
    assert texts(tree(built()), "EndToEndId") == ["0193f4a27c1e7b3a9d550a1b2c3d4e5f"] == [reference(FIRST)]


def test_times_are_utc_and_the_day_is_a_day() -> None:
    shanghai = datetime.fromisoformat("2026-11-20T20:00:00.900+08:00")
    root = tree(built(created_at=shanghai))
    assert texts(root, "CreDtTm") == ["2026-11-20T12:00:00Z"]
    assert texts(root, "ReqdExctnDt/Dt") == ["2026-11-23"]


def test_markup_in_a_name_stays_text() -> None:
    name = "Bob & Söhne <Cdtr> ]]> \"'"
    assert texts(tree(built(transfers=[transfer(creditor_name=name)])), "Cdtr/Nm") == [name]


def test_letters_of_other_scripts_are_kept_as_they_are() -> None:
    xml = built(debtor_name="扫码付款", transfers=[transfer(creditor_name="張偉 Ünal", remittance="提现")])
    SCHEMA.validate(xml)
    root = tree(xml)
    assert texts(root, "Dbtr/Nm") == ["扫码付款"]
    assert texts(root, "Cdtr/Nm") + texts(root, "RmtInf/Ustrd") == ["張偉 Ünal", "提现"]


@pytest.mark.parametrize("field", ["creditor_name", "remittance"])
def test_where_only_latin_is_allowed_other_letters_are_refused_and_never_transliterated(field: str) -> None:
    assert built(latin_only=True, transfers=[transfer(**{field: "O'Neil, Bob (2)"})])
    for text in ("張偉", "Ünal", "Bob & Co"):
        with pytest.raises(MessageError, match="Latin"):
            built(latin_only=True, transfers=[transfer(**{field: text})])
    with pytest.raises(MessageError, match="Latin"):
        built(latin_only=True, debtor_name="扫码")


@pytest.mark.parametrize(
    "char", ["\0", "\n", "\x1b", "\x7f", "\x85", "\u202e", "\u2028", "\ufffe", "\ud800", "\u200b"]
)
@pytest.mark.parametrize("field", ["creditor_name", "remittance"])
def test_control_and_hidden_characters_are_refused(field: str, char: str) -> None:
    with pytest.raises(MessageError, match="control or hidden"):
        built(transfers=[transfer(**{field: f"Bo{char}b"})])


@pytest.mark.parametrize(
    "fields",
    [
        {"amount": 0},
        {"amount": -5},
        {"amount": 12.5},
        {"amount": 12.0},
        {"amount": True},
        {"amount": 10**18},
        {"creditor_name": ""},
        {"creditor_name": " "},
        {"creditor_name": "x" * 141},
        {"remittance": "x" * 141},
    ],
)
def test_a_transfer_that_does_not_fit_is_not_built(fields: dict[str, object]) -> None:
    with pytest.raises(MessageError):
        built(transfers=[transfer(**fields)])


@pytest.mark.parametrize(
    "fields",
    [
        {"message_id": ""},
        {"message_id": "x" * 36},
        {"message_id": "支付"},
        {"message_id": "/1"},
        {"message_id": "1//2"},
        {"message_id": "1 "},
        {"message_id": "1\n"},
        {"debtor_name": ""},
        {"debtor_name": "a\0b"},
        {"created_at": datetime(2026, 11, 20)},  # noqa: DTZ001 - the fault
        {"execute_on": NOON},
        {"currency": "cny"},
        {"currency": "CN"},
        {"currency": "CNY\n"},
        {"transfers": []},
        {"transfers": [transfer(), transfer()]},
        {"transfers": [transfer(amount=10**18 - 1), transfer(id=SECOND, amount=1)]},
    ],
)
def test_a_message_that_does_not_fit_is_not_built(fields: dict[str, object]) -> None:
    with pytest.raises(MessageError) as refused:
        built(**fields)
    assert str(refused.value)


@pytest.mark.parametrize(
    "names",
    [
        {},
        {"iban": IBAN, "other": "1"},
        {"iban": "DE89370400440532013001"},  # one digit mistyped
        {"iban": "DE98370400440532013000"},  # two digits changed places
        {"iban": "de89370400440532013000"},
        {"iban": "DE89 3704 0044 0532 0130 00"},
        {"other": "1" * 35},
        {"other": "账号"},
    ],
)
def test_an_account_is_named_once_and_well(names: dict[str, str]) -> None:
    with pytest.raises(MessageError):
        BankAccount(**names)


def test_a_number_that_looks_like_an_iban_must_be_one() -> None:
    assert BankAccount.of(IBAN) == BankAccount(iban=IBAN)
    assert BankAccount.of("6222020200112233") == BankAccount(other="6222020200112233")
    with pytest.raises(MessageError, match="mistyped"):
        BankAccount.of(IBAN[:-1] + "1")


@pytest.mark.parametrize(
    "names",
    [
        {},
        {"bic": "COBADEFF", "clearing": "1"},
        {"clearing": "1", "other": "1"},
        {"bic": "COBADEF"},
        {"bic": "COBADEFFXX"},
        {"bic": "cobadeff"},
        {"bic": "COBADEFF\n"},
        {"clearing": "1" * 36},
        {"bic": "COBADEFF", "clearing_system": "CNAPS"},
        {"clearing": "1", "clearing_system": "CNAPS2"},
    ],
)
def test_a_bank_is_named_once_and_well(names: dict[str, str]) -> None:
    with pytest.raises(MessageError):
        Bank(**names)
