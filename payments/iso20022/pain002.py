"""pain.002: what the bank says of a pain.001 message, for the whole, for its block, and for each transfer."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from payments.iso20022.errors import MessageError
from payments.iso20022.reading import Node, read

# The versions share these elements' names; 10 belongs to pain.001.001.09.
_ROOTS = {
    f"urn:iso:std:iso:20022:tech:xsd:pain.002.001.{version}": "CstmrPmtStsRpt"
    for version in ("03", "09", "10", "11", "12")
}
_KEEP = (
    *("GrpHdr", "MsgId", "OrgnlGrpInfAndSts", "OrgnlMsgId", "OrgnlMsgNmId", "GrpSts"),
    *("OrgnlPmtInfAndSts", "OrgnlPmtInfId", "PmtInfSts", "TxInfAndSts", "OrgnlEndToEndId", "TxSts"),
    *("StsRsnInf", "Rsn", "Cd", "Prtry", "AddtlInf"),
)
_PARTLY = "PART"  # of a group or block only: its transfers differ, each says for itself
LONGEST_REASON = 500  # characters; longer texts are cut


class Outcome(StrEnum):
    """What a status means for the money."""

    PENDING = "pending"  # the bank has it; nothing is decided
    PAID = "paid"
    FAILED = "failed"  # the money did not leave


# ISO's external payment status codes. Those of cheques and cash are missing: neither is ever ordered.
OUTCOMES = {
    **dict.fromkeys(["ACSC", "ACCC"], Outcome.PAID),
    **dict.fromkeys(["RJCT", "CANC"], Outcome.FAILED),
    **dict.fromkeys(["RCVD", "PDNG", "PRES", "PATC", "ACTC", "ACFC", "ACCP", "ACSP"], Outcome.PENDING),
    # With conditions, not posted, only cleared, or blocked at the creditor's bank: it may still come back.
    **dict.fromkeys(["ACWC", "ACWP", "ACPD", "BLCK"], Outcome.PENDING),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the bank says of a transfer, or of all."""

    outcome: Outcome
    status: str  # the bank's code, four letters
    reason: str = ""  # ISO's code, such as AC04, or the bank's own; empty: not given
    text: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """One status report."""

    message_id: str  # the report's own: the same report may come twice
    original_message_id: str
    whole: Verdict | None  # of every transfer that is not named below
    transfers: Mapping[str, Verdict]  # by end-to-end id


def read_report(data: bytes) -> Report:
    """Read a status report.

    Raises:
        MessageError: not a status report on a credit transfer initiation, harmful, unknown statuses, a
            transfer named twice, or statuses that contradict each other. Then nothing of it may be applied.
    """
    root = read(data, roots=_ROOTS, keep=_KEEP)
    group = root.need("OrgnlGrpInfAndSts")
    original = group.need("OrgnlMsgNmId").text()
    if not original.startswith("pain.001"):
        raise MessageError(f"the report is about a {original}, not about a pain.001")
    blocks = root.every("OrgnlPmtInfAndSts")
    above = _verdict(group, "GrpSts", above=None)
    whole = _whole(blocks, above)
    transfers = _transfers(blocks, above)
    if whole is None and not transfers:
        raise MessageError("the report says no status at all")
    return Report(
        message_id=root.need("GrpHdr", "MsgId").text(),
        original_message_id=group.need("OrgnlMsgId").text(),
        whole=whole,
        transfers=transfers,
    )


def verdicts(report: Report, *, sent: Mapping[str, Collection[str]]) -> dict[str, Verdict]:
    """Return the verdict on each transfer of the original message that the report speaks of.

    Args:
        sent: end-to-end ids by message id, of at least the message that the report names.

    Raises:
        MessageError: the message was never sent, or did not hold a transfer that the report names.
    """
    ours = sent.get(report.original_message_id)
    if ours is None:
        raise MessageError(f"message {report.original_message_id!r} was never sent")
    ours = frozenset(ours)
    for stranger in report.transfers.keys() - ours:
        raise MessageError(f"message {report.original_message_id!r} held no transfer {stranger!r}")
    whole = dict.fromkeys(ours, report.whole) if report.whole else {}
    return {**whole, **report.transfers}


def _whole(blocks: list[Node], above: Verdict | None) -> Verdict | None:
    """Return what holds for transfers that are not named: the block's status, else the group's."""
    names = {block.need("OrgnlPmtInfId").text() for block in blocks}
    if len(names) > 1:
        raise MessageError("the report names several payment blocks; a message sent has one")
    found = [_verdict(block, "PmtInfSts", above=above) for block in blocks]
    if len({verdict and verdict.outcome for verdict in found}) > 1:
        raise MessageError("the statuses of the payment block contradict each other")
    return found[0] if found else above


def _transfers(blocks: list[Node], group: Verdict | None) -> dict[str, Verdict]:
    found: dict[str, Verdict] = {}
    for block in blocks:
        above = _verdict(block, "PmtInfSts", above=group)
        for transaction in block.every("TxInfAndSts"):
            name = transaction.need("OrgnlEndToEndId").text()
            if name in found:
                raise MessageError(f"transfer {name!r} is named twice")
            verdict = _verdict(transaction, "TxSts", above=above)
            if verdict is None:
                raise MessageError(f"transfer {name!r} has no status")
            found[name] = verdict
    return found


def _verdict(node: Node, status: str, *, above: Verdict | None) -> Verdict | None:
    """Return a level's own verdict, filled up from the level above; None where neither decides."""
    reason, text = _reason(node)
    element = node.find(status)
    code = element.text() if element else None
    if code is None:
        return above and replace(above, reason=reason or above.reason, text=text or above.text)
    own = None if code == _PARTLY and status != "TxSts" else Verdict(_outcome(code), code, reason, text)
    if above is None:
        return own
    # ISO 20022: under a rejected group all are rejected, under any other none; under PART they differ.
    if own is None or (own.outcome is Outcome.FAILED) != (above.outcome is Outcome.FAILED):
        raise MessageError(f"{status} {code} contradicts the {above.status} above it")
    if own.outcome is above.outcome:
        return replace(own, reason=reason or above.reason, text=text or above.text)
    return own


def _outcome(code: str) -> Outcome:
    if code not in OUTCOMES:
        raise MessageError(f"status {code!r} is unknown")
    return OUTCOMES[code]


def _reason(node: Node) -> tuple[str, str]:
    """Return the first reason code of a level, and all that is said beside it."""
    said = node.every("StsRsnInf")
    codes = [reason.code() for information in said if (reason := information.find("Rsn"))]
    lines = [line.line() for information in said for line in information.every("AddtlInf")]
    return (codes[0] if codes else ""), " ".join(filter(None, lines))[:LONGEST_REASON]
