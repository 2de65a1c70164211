"""camt.053.001.08: one account's statement, written line by line so that its length costs no memory."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from payments.iso20022 import fields
from payments.iso20022.errors import MessageError
from payments.iso20022.parties import BankAccount
from payments.iso20022.writing import Writer

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
_CHUNK = 64 * 1024  # characters; a few network buffers


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The head of a statement. Amounts are minor units, below zero where the account is overdrawn."""

    id: str  # at most 35 characters; the message's id, too
    created_at: datetime
    account: BankAccount
    owner_name: str
    currency: str  # ISO 4217 letters
    period_from: datetime
    period_to: datetime  # the first instant that no longer belongs
    opening: int
    closing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One booked line. Stored text that XML or a reader cannot take is shown as U+FFFD, never refused."""

    transfer: str  # our own id of it, at most 35 characters
    amount: int  # minor units: above zero came in, below zero went out
    booked_at: datetime
    kind: str  # at most 35 characters
    reference: str = ""  # at most 35 characters; empty: left out, as below
    counterparty: str = ""
    remittance: str = ""


def build(statement: Statement, entries: Iterable[Entry]) -> Iterator[bytes]:
    """Return the message as chunks of XML; a chunk is made when it is asked for.

    The head is checked at once. The closing balance can be checked only after the last entry: if the entries
    do not lead to it, the error comes instead of the end, so that what was written never is a document.

    Raises:
        MessageError: a field does not fit, an entry lies outside the period, or opening + entries != closing.
    """
    _check(statement)
    xml = Writer(namespace=NAMESPACE)
    return _chunks(xml, statement, entries)


def _check(statement: Statement) -> None:
    fields.identifier(statement.id, field="the statement's id")
    fields.currency(statement.currency)
    fields.text(statement.owner_name, field="the owner's name")
    fields.instant(statement.created_at, field="the time of creation")
    fields.instant(statement.period_from, field="the start of the period")
    fields.instant(statement.period_to, field="the end of the period")
    if statement.period_from >= statement.period_to:
        raise MessageError("the period ends before it starts")
    for balance in (statement.opening, statement.closing):
        _unsigned(balance, statement.currency, "a balance")


def _chunks(xml: Writer, statement: Statement, entries: Iterable[Entry]) -> Iterator[bytes]:
    balance = statement.opening
    with xml.document(), xml.inside("BkToCstmrStmt"):
        _write_header(xml, statement)
        with xml.inside("Stmt"):
            _write_head(xml, statement)
            for entry in entries:
                balance += entry.amount
                _write_entry(xml, entry, statement)
                if xml.size >= _CHUNK:
                    yield xml.take()
            if balance != statement.closing:
                raise MessageError(f"the entries lead to {balance}, not to the closing {statement.closing}")
    yield xml.take()


def _write_header(xml: Writer, statement: Statement) -> None:
    with xml.inside("GrpHdr"):
        xml.leaf("MsgId", statement.id)
        xml.leaf("CreDtTm", fields.instant(statement.created_at, field="the time of creation"))


def _write_head(xml: Writer, statement: Statement) -> None:
    start = fields.instant(statement.period_from, field="the start of the period")
    end = fields.instant(statement.period_to, field="the end of the period")
    xml.leaf("Id", statement.id)
    xml.leaf("CreDtTm", fields.instant(statement.created_at, field="the time of creation"))
    with xml.inside("FrToDt"):
        xml.leaf("FrDtTm", start)
        xml.leaf("ToDtTm", end)
    with xml.inside("Acct"):
        with xml.inside("Id"):
            statement.account.write(xml)
        xml.leaf("Ccy", statement.currency)
        with xml.inside("Ownr"):
            xml.leaf("Nm", fields.text(statement.owner_name, field="the owner's name"))
    _write_balance(xml, "OPBD", statement.opening, statement.currency, start)
    _write_balance(xml, "CLBD", statement.closing, statement.currency, end)


def _write_balance(xml: Writer, code: str, balance: int, currency: str, at: str) -> None:
    with xml.inside("Bal"):
        with xml.inside("Tp", "CdOrPrtry"):
            xml.leaf("Cd", code)
        _write_amount(xml, balance, currency, "a balance")
        with xml.inside("Dt"):
            xml.leaf("DtTm", at)


def _write_entry(xml: Writer, entry: Entry, statement: Statement) -> None:
    transfer = fields.identifier(entry.transfer, field="a transfer's id")
    booked_at = fields.instant(entry.booked_at, field=f"the booking time of {transfer}")
    if entry.amount == 0:
        raise MessageError(f"transfer {transfer} moves no money")
    if not statement.period_from <= entry.booked_at < statement.period_to:
        raise MessageError(f"transfer {transfer} lies outside the period")
    with xml.inside("Ntry"):
        if entry.reference:
            xml.leaf("NtryRef", _short(entry.reference, f"the reference of {transfer}"))
        _write_amount(xml, entry.amount, statement.currency, f"the amount of {transfer}")
        with xml.inside("Sts"):
            xml.leaf("Cd", "BOOK")
        with xml.inside("BookgDt"):
            xml.leaf("DtTm", booked_at)
        xml.leaf("AcctSvcrRef", transfer)
        with xml.inside("BkTxCd", "Prtry"):
            xml.leaf("Cd", _short(entry.kind, f"the kind of {transfer}"))
        if entry.counterparty.strip() or entry.remittance.strip():
            with xml.inside("NtryDtls", "TxDtls"):
                _write_details(xml, entry)


def _write_details(xml: Writer, entry: Entry) -> None:
    counterparty = fields.readable(entry.counterparty)[: fields.LONGEST_TEXT]
    remittance = fields.readable(entry.remittance)
    if counterparty:
        with xml.inside("RltdPties", "Dbtr" if entry.amount > 0 else "Cdtr", "Pty"):
            xml.leaf("Nm", counterparty)
    if remittance:
        with xml.inside("RmtInf"):
            for start in range(0, len(remittance), fields.LONGEST_TEXT):
                xml.leaf("Ustrd", remittance[start : start + fields.LONGEST_TEXT])


def _write_amount(xml: Writer, value: int, currency: str, field: str) -> None:
    xml.leaf("Amt", _unsigned(value, currency, field), Ccy=currency)
    xml.leaf("CdtDbtInd", "DBIT" if value < 0 else "CRDT")


def _unsigned(value: int, currency: str, field: str) -> str:
    return fields.amount(-value if value < 0 else value, of=currency, field=field)


def _short(value: str, field: str) -> str:
    """Return text that fits Max35Text; it is never cut, for half a reference is another one."""
    line = fields.readable(value)
    if not 1 <= len(line) <= fields.LONGEST_ID:
        raise MessageError(f"{field} has {len(line)} characters, not 1 to {fields.LONGEST_ID}")
    return line
