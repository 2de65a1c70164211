"""Statements: in the standard's shape, adding up or never finished, as long as need be."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from xml.etree.ElementTree import Element
from xml.parsers import expat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from payments.iso20022 import camt053
from payments.iso20022.camt053 import Entry, Statement
from payments.iso20022.camt054 import read_returns
from payments.iso20022.errors import MessageError
from payments.iso20022.parties import BankAccount
from payments.iso20022.reading import Node
from tests.payments.iso20022.samples import FIRST, IBAN, NOON, SECOND, texts, tree

# The children that camt.053.001.08 allows, in its order; required ones with an exclamation mark.
SEQUENCES = {
    "Document": "BkToCstmrStmt!",
    "BkToCstmrStmt": "GrpHdr! Stmt! SplmtryData",
    "GrpHdr": "MsgId! CreDtTm! MsgRcpt MsgPgntn OrgnlBizQry AddtlInf",
    "Stmt": "Id! StmtPgntn ElctrncSeqNb RptgSeq LglSeqNb CreDtTm FrToDt CpyDplctInd RptgSrc Acct!"
    " RltdAcct Intrst Bal! TxsSummry Ntry AddtlStmtInf",
    "FrToDt": "FrDtTm! ToDtTm!",
    "Acct": "Id! Tp Ccy Nm Prxy Ownr Svcr",
    "Acct/Id": "IBAN Othr",
    "Othr": "Id! SchmeNm Issr",
    "Ownr": "Nm PstlAdr Id CtryOfRes CtctDtls",
    "Bal": "Tp! CdtLine Amt! CdtDbtInd! Dt! Avlbty",
    "Tp": "CdOrPrtry! SubTp",
    "CdOrPrtry": "Cd Prtry",
    "Dt": "Dt DtTm",
    "Ntry": "NtryRef Amt! CdtDbtInd! RvslInd Sts! BookgDt ValDt AcctSvcrRef Avlbty BkTxCd!"
    " ComssnWvrInd AddtlInfInd AmtDtls Chrgs TechInptChanl Intrst CardTx NtryDtls AddtlNtryInf",
    "Sts": "Cd Prtry",
    "BookgDt": "Dt DtTm",
    "BkTxCd": "Domn Prtry",
    "BkTxCd/Prtry": "Cd! Issr",
    "NtryDtls": "Btch TxDtls",
    "TxDtls": "Refs Amt CdtDbtInd AmtDtls Avlbty BkTxCd Chrgs Intrst RltdPties RltdAgts LclInstrm"
    " Purp RltdRmtInf RmtInf RltdDts RltdPric RltdQties FinInstrmId Tax RtrInf CorpActn SfkpgAcct CshDpst"
    " CardTx AddtlTxInf SplmtryData",
    "RltdPties": "InitgPty Dbtr DbtrAcct UltmtDbtr Cdtr CdtrAcct UltmtCdtr TradgPty Prtry",
    "Dbtr": "Pty Agt",
    "Cdtr": "Pty Agt",
    "Pty": "Nm PstlAdr Id CtryOfRes CtctDtls",
    "RmtInf": "Ustrd Strd",
}
REPEATED = {"Stmt", "Bal", "Ntry", "NtryDtls", "TxDtls", "Ustrd"}


def line(**fields: Any) -> Entry:
    wish: dict[str, Any] = {"transfer": FIRST.hex, "amount": 500, "booked_at": NOON, "kind": "payment"}
    return Entry(**(wish | fields))


def statement(**fields: Any) -> Statement:
    wish: dict[str, Any] = {
        "id": "2026-11-20",
        "created_at": NOON + timedelta(days=1),
        "account": BankAccount(other="1000000000017"),
        "owner_name": "Mei 的洗衣店",
        "currency": "CNY",
        "period_from": NOON - timedelta(hours=12),
        "period_to": NOON + timedelta(hours=12),
        "opening": 0,
        "closing": 0,
    }
    return Statement(**(wish | fields))


def built(*entries: Entry, **fields: Any) -> bytes:
    closing = fields.get("opening", 0) + sum(entry.amount for entry in entries)
    return b"".join(camt053.build(statement(**({"closing": closing} | fields)), entries))


def assert_standard(element: Element, parent: str = "") -> None:
    """Hold an element and all below it against the table."""
    name = element.tag.rpartition("}")[2]
    children = [child.tag.rpartition("}")[2] for child in element]
    if not children:
        return
    allowed = SEQUENCES.get(f"{parent}/{name}", SEQUENCES.get(name, "")).split()
    order = [child.rstrip("!") for child in allowed]
    assert set(children) <= set(order), f"{name} holds {children}"
    places = [order.index(child) for child in children]
    assert places == sorted(places), f"{name} holds {children}"
    assert {child[:-1] for child in allowed if child.endswith("!")} <= set(children), (
        f"{name} holds {children}"
    )
    assert all(left != right or left in REPEATED for left, right in pairwise(children))
    for child in element:
        assert_standard(child, name)


def test_a_statement_has_the_standard_s_shape() -> None:
    came = line(reference="A-17", counterparty="Alice", remittance="two shirts")
    went = line(transfer=SECOND.hex, amount=-120, kind="withdrawal", counterparty="Mei")
    bare = line(transfer="3", amount=1)
    assert_standard(tree(built(came, went, bare, opening=-7, account=BankAccount(iban=IBAN))))
    assert_standard(tree(built()))


def test_a_statement_says_what_happened() -> None:
    came = line(reference="A-17", counterparty="Alice & Co", remittance="两件衬衫")
    went = line(transfer=SECOND.hex, amount=-620, kind="withdrawal", counterparty="Mei")
    root = tree(built(came, went, opening=100))

    assert root.tag == "{urn:iso:std:iso:20022:tech:xsd:camt.053.001.08}Document"
    assert texts(root, "MsgId") == texts(root, "Stmt/Id") == ["2026-11-20"]
    assert texts(root, "GrpHdr/CreDtTm") == texts(root, "Stmt/CreDtTm") == ["2026-11-21T12:00:00Z"]
    assert texts(root, "Acct/Id/Othr/Id") == ["1000000000017"]
    assert texts(root, "Acct/Ccy") + texts(root, "Ownr/Nm") == ["CNY", "Mei 的洗衣店"]
    assert texts(root, "FrDtTm") + texts(root, "ToDtTm") == ["2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"]
    assert texts(root, "Bal/Tp/CdOrPrtry/Cd") == ["OPBD", "CLBD"]
    assert texts(root, "Bal/Amt") == ["1.00", "0.20"]
    assert texts(root, "Bal/CdtDbtInd") == ["CRDT", "DBIT"]
    assert texts(root, "Bal/Dt/DtTm") == ["2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"]
    assert texts(root, "Ntry/NtryRef") == ["A-17"]
    assert texts(root, "Ntry/Amt") == ["5.00", "6.20"]
    assert texts(root, "Ntry/CdtDbtInd") == ["CRDT", "DBIT"]
    assert texts(root, "Ntry/Sts/Cd") == ["BOOK", "BOOK"]
    assert texts(root, "BookgDt/DtTm") == ["2026-11-20T12:00:00Z"] * 2
    assert texts(root, "Ntry/AcctSvcrRef") == [FIRST.hex, SECOND.hex]
    assert texts(root, "BkTxCd/Prtry/Cd") == ["payment", "withdrawal"]
    assert texts(root, "Dbtr/Pty/Nm") == ["Alice & Co"] and texts(root, "Cdtr/Pty/Nm") == ["Mei"]
    assert texts(root, "RmtInf/Ustrd") == ["两件衬衫"]
    assert {element.get("Ccy") for element in root.iter() if element.tag.endswith("}Amt")} == {"CNY"}


def minor_units(root: Element, path: str) -> list[int]:
    """Return signed amounts of all elements at a path."""
    return [
        (1 if side == "CRDT" else -1) * Node("Amt", {"Ccy": currency}, pieces=[amount]).amount()[0]
        for amount, side, currency in zip(
            texts(root, f"{path}/Amt"),
            texts(root, f"{path}/CdtDbtInd"),
            [element.get("Ccy", "") for element in root.findall(f".//{{*}}{path}/{{*}}Amt")],
            strict=True,
        )
    ]


@settings(deadline=None)
@given(
    opening=some.integers(-(10**12), 10**12),
    amounts=some.lists(some.integers(-(10**12), 10**12).filter(bool), max_size=20),
    currency=some.sampled_from(["CNY", "JPY", "KWD"]),
)
def test_opening_and_entries_make_the_closing(opening: int, amounts: list[int], currency: str) -> None:
    root = tree(built(*(line(amount=amount) for amount in amounts), opening=opening, currency=currency))
    assert minor_units(root, "Ntry") == amounts
    assert minor_units(root, "Bal") == [opening, opening + sum(amounts)]
    digits = {"CNY": 2, "JPY": 0, "KWD": 3}[currency]
    assert all(len(text.partition(".")[2]) == digits for text in texts(root, "Amt"))


def test_a_statement_that_does_not_add_up_breaks_off_and_is_no_document() -> None:
    chunks = camt053.build(statement(closing=4999), [line(remittance="x" * 200_000), line(amount=4500)])
    written: list[bytes] = []
    with pytest.raises(MessageError, match="lead to 5000, not to the closing 4999"):
        written.extend(chunks)
    assert written
    with pytest.raises(expat.ExpatError):
        expat.ParserCreate().Parse(b"".join(written), True)


def test_a_long_statement_is_written_while_it_is_read() -> None:
    taken = 0

    def endless() -> Iterator[Entry]:
        nonlocal taken
        while taken < 5000:
            taken += 1
            yield line(counterparty="Alice")

    chunks = camt053.build(statement(closing=500 * 5000), endless())
    assert taken == 0
    first = next(chunks)
    assert taken < 1000
    rest = list(chunks)
    assert max(map(len, [first, *rest])) < 2 * camt053._CHUNK
    assert len(texts(tree(first + b"".join(rest)), "Ntry")) == 5000


def test_stored_text_that_xml_cannot_hold_does_not_stop_a_statement() -> None:
    odd = line(counterparty="Al\0ice", remittance="a\nb\u202ec" + "d" * 300, reference="A\x01")
    root = tree(built(odd))
    assert texts(root, "Dbtr/Pty/Nm") == ["Al\ufffdice"] and texts(root, "NtryRef") == ["A\ufffd"]
    pieces = texts(root, "Ustrd")
    assert "".join(pieces) == "a b\ufffdc" + "d" * 300 and max(map(len, pieces)) == 140


@pytest.mark.parametrize(
    "fields",
    [
        {"id": ""},
        {"id": "x" * 36},
        {"currency": "yuan"},
        {"owner_name": ""},
        {"owner_name": "Me\0i"},
        {"created_at": datetime(2026, 11, 20)},  # noqa: DTZ001 - the fault
        {"period_from": datetime(2026, 11, 20)},  # noqa: DTZ001
        {"period_to": datetime(2026, 11, 20)},  # noqa: DTZ001
        {"period_to": NOON - timedelta(hours=12)},
        {"opening": 1.5},
        {"closing": 10**18},
    ],
)
def test_a_head_that_does_not_fit_is_refused_before_anything_is_written(fields: dict[str, object]) -> None:
    with pytest.raises(MessageError):
        camt053.build(statement(**fields), [])


@pytest.mark.parametrize(
    "fields",
    [
        {"amount": 0},
        {"amount": 1.0},
        {"amount": True},
        {"amount": 10**18},
        {"transfer": ""},
        {"transfer": str(FIRST)},  # with dashes it is 36 characters
        {"kind": ""},
        {"kind": "x" * 36},
        {"reference": "x" * 36},
        {"booked_at": datetime(2026, 11, 20)},  # noqa: DTZ001 - the fault
        {"booked_at": NOON - timedelta(hours=13)},
        {"booked_at": NOON + timedelta(hours=12)},
    ],
)
def test_an_entry_that_does_not_fit_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(MessageError):
        built(line(**fields))


def test_a_statement_of_ours_reads_as_one_without_returns() -> None:
    found = read_returns(built(line(), line(transfer=SECOND.hex, amount=-3)))
    assert found.message_id == "2026-11-20" and found.returned == ()
