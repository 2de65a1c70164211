"""pain.001.001.09: asks the bank to pay out, one debit account and one currency per message."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from payments.iso20022 import fields
from payments.iso20022.errors import MessageError
from payments.iso20022.parties import Bank, BankAccount
from payments.iso20022.writing import Writer

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditTransfer:
    """One payment to one creditor."""

    id: UUID  # becomes the end-to-end id, see `fields.reference`
    amount: int  # minor units of the message's currency
    creditor_name: str
    creditor_account: BankAccount
    creditor_bank: Bank | None = None  # None where the account's number says it
    remittance: str = ""  # one line; empty: left out


@dataclass(frozen=True, slots=True, kw_only=True)
class Initiation:
    """One message. It holds one payment block, whose id is the message's."""

    message_id: str
    created_at: datetime  # with a time zone
    debtor_name: str  # initiating party, too
    debtor_account: BankAccount
    debtor_bank: Bank
    execute_on: date
    currency: str  # ISO 4217 letters
    transfers: Sequence[CreditTransfer]
    latin_only: bool = (
        False  # True where the scheme forbids other letters, as SEPA does: then they are refused
    )


def build(initiation: Initiation) -> bytes:
    """Return the message as XML; the same initiation gives the same bytes.

    Raises:
        MessageError: a field does not fit, there is no transfer, or one stands there twice.
    """
    _check(initiation)
    xml = Writer(namespace=NAMESPACE)
    with xml.document(), xml.inside("CstmrCdtTrfInitn"):
        _write_header(xml, initiation)
        with xml.inside("PmtInf"):
            _write_debtor(xml, initiation)
            for transfer in initiation.transfers:
                with xml.inside("CdtTrfTxInf"):
                    _write_transfer(xml, transfer, initiation)
    return xml.take()


def _check(initiation: Initiation) -> None:
    fields.identifier(initiation.message_id, field="the message id")
    fields.currency(initiation.currency)
    if isinstance(initiation.execute_on, datetime):
        raise MessageError("the execution date is a time")
    if not initiation.transfers:
        raise MessageError("the message holds no transfer")
    seen: set[UUID] = set()
    for transfer in initiation.transfers:
        if transfer.id in seen:
            raise MessageError(f"transfer {fields.reference(transfer.id)} stands there twice")
        seen.add(transfer.id)
        if transfer.amount == 0:
            raise MessageError(f"transfer {fields.reference(transfer.id)} moves no money")


def _write_header(xml: Writer, initiation: Initiation) -> None:
    with xml.inside("GrpHdr"):
        xml.leaf("MsgId", initiation.message_id)
        xml.leaf("CreDtTm", fields.instant(initiation.created_at, field="the time of creation"))
        _write_sums(xml, initiation)
        with xml.inside("InitgPty"):
            _write_name(xml, initiation.debtor_name, "the debtor's name", initiation)


def _write_debtor(xml: Writer, initiation: Initiation) -> None:
    xml.leaf("PmtInfId", initiation.message_id)
    xml.leaf("PmtMtd", "TRF")
    _write_sums(xml, initiation)
    with xml.inside("ReqdExctnDt"):
        xml.leaf("Dt", initiation.execute_on.isoformat())
    with xml.inside("Dbtr"):
        _write_name(xml, initiation.debtor_name, "the debtor's name", initiation)
    with xml.inside("DbtrAcct", "Id"):
        initiation.debtor_account.write(xml)
    with xml.inside("DbtrAgt"):
        initiation.debtor_bank.write(xml)


def _write_transfer(xml: Writer, transfer: CreditTransfer, initiation: Initiation) -> None:
    reference = fields.reference(transfer.id)
    amount = fields.amount(transfer.amount, of=initiation.currency, field=f"the amount of {reference}")
    with xml.inside("PmtId"):
        xml.leaf("EndToEndId", reference)
    with xml.inside("Amt"):
        xml.leaf("InstdAmt", amount, Ccy=initiation.currency)
    if transfer.creditor_bank is not None:
        with xml.inside("CdtrAgt"):
            transfer.creditor_bank.write(xml)
    with xml.inside("Cdtr"):
        _write_name(xml, transfer.creditor_name, f"the creditor's name of {reference}", initiation)
    with xml.inside("CdtrAcct", "Id"):
        transfer.creditor_account.write(xml)
    if transfer.remittance.strip():
        field = f"the remittance text of {reference}"
        line = fields.text(transfer.remittance, field=field, latin_only=initiation.latin_only)
        with xml.inside("RmtInf"):
            xml.leaf("Ustrd", line)


def _write_sums(xml: Writer, initiation: Initiation) -> None:
    total = sum(transfer.amount for transfer in initiation.transfers)
    xml.leaf("NbOfTxs", str(len(initiation.transfers)))
    xml.leaf("CtrlSum", fields.amount(total, of=initiation.currency, field="the sum of the amounts"))


def _write_name(xml: Writer, name: str, field: str, initiation: Initiation) -> None:
    xml.leaf("Nm", fields.text(name, field=field, latin_only=initiation.latin_only))
