"""What the bank writes back: status reports on our files, and statements with what came back.

Each transfer is applied by itself, by compare-and-set: the same file again changes nothing, and what does not
fit is reported without keeping the rest from being applied.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings

from payments import money
from payments.bank import outcomes
from payments.bank.errors import StatusFileRefused
from payments.bank.port import Outcome, Verdict
from payments.iso20022 import camt054, fields, pain002
from payments.iso20022.camt054 import Returned
from payments.iso20022.errors import MessageError
from payments.iso20022.pain002 import Report
from payments.models import PayoutFile, Withdrawal

_STATUS_REPORT = b"urn:iso:std:iso:20022:tech:xsd:pain.002."
_REFERENCE = re.compile("[0-9a-f]{32}")  # as `fields.reference` writes our ids
_HEAD = 2_000  # bytes in which a document says what it is

Words = tuple[str, Verdict]  # an end-to-end id, and what the bank says of it


@dataclass(slots=True)
class Imported:
    """What a file did."""

    moved: int = 0
    unchanged: int = 0  # known already, or still pending
    problems: list[str] = field(default_factory=list)  # for a person


def apply(data: bytes) -> Imported:
    """Apply a pain.002 status report, or the returns in a camt.054 or camt.053.

    Raises:
        StatusFileRefused: the file cannot be read, contradicts itself, or is about a file that is not ours.
    """
    done = Imported()
    try:
        words = list(_words(data, done))
    except MessageError as error:
        raise StatusFileRefused(f"Nothing was applied: {error}.") from error
    for name, verdict in words:
        _apply_one(name, verdict, done)
    return done


def _words(data: bytes, done: Imported) -> Iterator[Words]:
    if _STATUS_REPORT in data[:_HEAD]:
        yield from _of_report(pain002.read_report(data), done)
        return
    for returned in camt054.read_returns(data).returned:
        trouble = _trouble_with(returned)
        if trouble:
            done.problems.append(trouble)
        else:
            yield returned.end_to_end_id, Verdict(Outcome.RETURNED, _text(returned.reason, returned.text))


def _of_report(report: Report, done: Imported) -> Iterator[Words]:
    file = PayoutFile.objects.filter(message_id=report.original_message_id).first()
    if file is None:
        raise MessageError(f"message {report.original_message_id!r} was never sent")
    ours = {fields.reference(pk) for pk in file.withdrawals.values_list("id", flat=True)}
    for name in sorted(report.transfers.keys() - ours):
        done.problems.append(f"{name}: the file {file.message_id} held no such transfer.")
    said: Mapping[str, pain002.Verdict] = report.transfers
    if report.whole is not None:
        said = {**dict.fromkeys(ours, report.whole), **said}
    for name in sorted(said.keys() & ours):
        word = said[name]
        yield name, Verdict(Outcome(word.outcome), _text(f"{word.status} {word.reason}".strip(), word.text))


def _apply_one(name: str, verdict: Verdict, done: Imported) -> None:
    withdrawal = Withdrawal.objects.get(pk=UUID(name))
    moved = outcomes.apply(withdrawal_id=withdrawal.pk, verdict=verdict)
    if moved is None:
        done.problems.append(
            f"{name}: the bank says {verdict.outcome} ({verdict.text}), but it is {withdrawal.status} here."
        )
    elif moved:
        done.moved += 1
    else:
        done.unchanged += 1


def _trouble_with(returned: Returned) -> str:
    """Return why a return is for a person to look at, nothing if it is not."""
    name, came = (
        returned.end_to_end_id,
        f"{money.text(returned.amount, returned.currency)} {returned.currency}",
    )
    withdrawal = _sent(name)
    if withdrawal is None:
        return f"{name}: {came} came back for a payment that is not ours ({returned.bank_reference})."
    if returned.account != settings.BANK_DEBTOR_ACCOUNT:
        return f"{name}: {came} came back to {returned.account}, not to our account."
    if (returned.amount, returned.currency) != (withdrawal.amount, money.currency()):
        sent = money.text(withdrawal.amount, money.currency())
        return f"{name}: {came} came back of {sent}: decide what its owner gets."
    return ""


def _sent(name: str) -> Withdrawal | None:
    if _REFERENCE.fullmatch(name) is None:
        return None
    return Withdrawal.objects.filter(pk=UUID(name), payout_file__isnull=False).first()


def _text(code: str, text: str) -> str:
    return f"{code}: {text}" if code and text else code or text
