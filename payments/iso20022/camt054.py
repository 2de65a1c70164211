"""camt.054 and camt.053 from the bank: which of our payments came back after they were paid."""

from collections.abc import Iterator
from dataclasses import dataclass

from payments.iso20022.errors import MessageError
from payments.iso20022.reading import Node, read

_VERSIONS = ("02", "08", "09", "10", "11", "12")
_ROOTS = {
    f"urn:iso:std:iso:20022:tech:xsd:{message}.001.{version}": root
    for message, root in (("camt.053", "BkToCstmrStmt"), ("camt.054", "BkToCstmrDbtCdtNtfctn"))
    for version in _VERSIONS
}
_KEEP = (
    *("GrpHdr", "MsgId", "Stmt", "Ntfctn", "Acct", "Id", "IBAN", "Othr", "Ntry", "Amt", "CdtDbtInd", "Sts"),
    *("NtryDtls", "TxDtls", "Refs", "AcctSvcrRef", "EndToEndId", "AmtDtls", "TxAmt"),
    *("RtrInf", "Rsn", "Cd", "Prtry", "AddtlInf"),
)
NOT_PROVIDED = "NOTPROVIDED"  # ISO's word for an end-to-end id that the bank does not know
LONGEST_REASON = 500  # characters; longer texts are cut


@dataclass(frozen=True, slots=True)
class Returned:
    """One payment that came back: booked to our account, with the reason for the return."""

    end_to_end_id: str  # NOT_PROVIDED where the bank does not say it: a person must find out which one it is
    account: str  # ours: its IBAN or number
    amount: int  # minor units of what came back, perhaps less than was sent
    currency: str
    reason: str  # ISO's code, such as AC04, or the bank's own; empty: not given
    text: str
    bank_reference: str  # of the transaction or its entry; empty: not given


@dataclass(frozen=True, slots=True)
class Returns:
    """The returns in one message; none is usual, for most entries are something else."""

    message_id: str  # the same message may come twice
    returned: tuple[Returned, ...]


def read_returns(data: bytes) -> Returns:
    """Read a notification or statement: booked credits with return information, nothing else of it.

    Raises:
        MessageError: another or a harmful document, a return without a readable amount, or a transfer that
            comes back twice. Then nothing of it may be applied.
    """
    root = read(data, roots=_ROOTS, keep=_KEEP)
    reports = [*root.every("Stmt"), *root.every("Ntfctn")]
    returned = tuple(found for report in reports for found in _of_account(report))
    names = [found.end_to_end_id for found in returned if found.end_to_end_id != NOT_PROVIDED]
    if len(names) > len(set(names)):
        raise MessageError("a transfer comes back twice")
    return Returns(root.need("GrpHdr", "MsgId").text(), returned)


def _of_account(report: Node) -> Iterator[Returned]:
    account = _account(report.need("Acct", "Id"))
    for entry in report.every("Ntry"):
        if not _is_booked(entry):
            continue
        details = [one for group in entry.every("NtryDtls") for one in group.every("TxDtls")]
        for transaction in details:
            information = transaction.find("RtrInf")
            if information is not None and _is_credit(transaction, entry):
                amount = _amount(transaction, entry, alone=len(details) == 1)
                yield _returned(transaction, entry, information, account=account, amount=amount)


def _returned(
    transaction: Node, entry: Node, information: Node, *, account: str, amount: tuple[int, str]
) -> Returned:
    name = transaction.find("Refs", "EndToEndId")
    reference = transaction.find("Refs", "AcctSvcrRef") or entry.find("AcctSvcrRef")
    reason = information.find("Rsn")
    lines = [line.line() for line in information.every("AddtlInf")]
    return Returned(
        end_to_end_id=name.text() if name else NOT_PROVIDED,
        account=account,
        amount=amount[0],
        currency=amount[1],
        reason=reason.code() if reason else "",
        text=" ".join(filter(None, lines))[:LONGEST_REASON],
        bank_reference=reference.text() if reference else "",
    )


def _account(chosen: Node) -> str:
    number = chosen.find("IBAN") or chosen.need("Othr", "Id")
    return number.text()


def _is_booked(entry: Node) -> bool:
    """Tell whether an entry is final; version 02 has the code in `Sts` itself."""
    status = entry.need("Sts")
    return (status.code() if status.children else status.text()) == "BOOK"


def _is_credit(transaction: Node, entry: Node) -> bool:
    """Tell whether money came in; a debit with return information is somebody else's payment going back."""
    side = (transaction.find("CdtDbtInd") or entry.need("CdtDbtInd")).text()
    if side not in {"CRDT", "DBIT"}:
        raise MessageError(f"CdtDbtInd {side!r} is unknown")
    return side == "CRDT"


def _amount(transaction: Node, entry: Node, *, alone: bool) -> tuple[int, str]:
    """Return a transaction's amount; the entry's counts only if the transaction is alone in it."""
    found = transaction.find("Amt") or transaction.find("AmtDtls", "TxAmt", "Amt")
    if found is None and alone:
        found = entry.need("Amt")
    if found is None:
        raise MessageError("a returned transaction has no amount of its own")
    amount, currency = found.amount()
    if amount == 0:
        raise MessageError("a returned transaction moves no money")
    return amount, currency
