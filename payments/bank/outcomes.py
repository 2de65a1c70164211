"""What becomes of a withdrawal. Each verb is one transaction: the row moves by compare-and-set, then money.

False means that somebody else decided before; nothing was changed then.
"""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from outbox import services as outbox
from payments import ledger, states, stops
from payments.bank import decide
from payments.bank.port import Outcome, Verdict
from payments.books import System, Transfer
from payments.ledger import Leg
from payments.models import Withdrawal

Status = Withdrawal.Status
LONGEST_TEXT = 200  # of what the bank said
_FIRST_LOOK = timedelta(seconds=1)


@transaction.atomic
def submit(*, withdrawal_id: UUID) -> bool:
    """Say that the bank may have it from now on; commit this before the bank is asked.

    False also while withdrawals are stopped: it stays where it is, and due.
    """
    if stops.withdrawals_are_stopped():
        return False
    return _move(withdrawal_id, Status.REQUESTED, Status.SUBMITTED, submitted_at=Now())


@transaction.atomic
def pay(*, withdrawal_id: UUID, said: str = "") -> bool:
    """Write down that the bank paid it.

    Publishes `payments.withdrawal.paid`.
    """
    withdrawal = Withdrawal.objects.get(pk=withdrawal_id)
    # A bank that is called is asked again whether it came back; one that works by files tells by file.
    look_at = None if withdrawal.payout_file_id else Now() + _FIRST_LOOK
    fields = {"bank_said": said[:LONGEST_TEXT], "resolved_at": Now(), "due_at": look_at, "tries": 0}
    if not _move(withdrawal_id, Status.SUBMITTED, Status.PAID, **fields):
        return False
    legs = [Leg(Transfer.Kind.PAYOUT, System.WITHDRAWAL_CLEARING, System.BANK, withdrawal.amount)]
    ledger.post(legs, withdrawal_id=withdrawal_id)
    outbox.publish("payments.withdrawal.paid", withdrawal_id=str(withdrawal_id))
    return True


def fail(*, withdrawal_id: UUID, said: str) -> bool:
    """Give amount and fee back because the bank refused it.

    Publishes `payments.withdrawal.failed`.
    """
    return _fail(withdrawal_id, source=Status.SUBMITTED, said=said)


def cancel(*, withdrawal_id: UUID, reason: str) -> bool:
    """Give amount and fee back before the bank heard of it.

    Publishes `payments.withdrawal.failed`.
    """
    return _fail(withdrawal_id, source=Status.REQUESTED, said=reason)


@transaction.atomic
def give_back(*, withdrawal_id: UUID, said: str) -> bool:
    """Give amount and fee back because the money came back after it was paid.

    Publishes `payments.withdrawal.returned`.
    """
    fields = {"bank_said": said[:LONGEST_TEXT], "returned_at": Now(), "due_at": None}
    if not _move(withdrawal_id, Status.PAID, Status.RETURNED, **fields):
        return False
    _post_return(withdrawal_id, out_of=System.BANK)
    outbox.publish("payments.withdrawal.returned", withdrawal_id=str(withdrawal_id))
    return True


def apply(*, withdrawal_id: UUID, verdict: Verdict) -> bool | None:
    """Do what the bank's word means; None: it contradicts what is known, and nothing was changed.

    Returns:
        Whether anything moved.
    """
    while True:
        status = Withdrawal.objects.values_list("status", flat=True).get(pk=withdrawal_id)
        moves = decide.moves(status, verdict.outcome)
        if not moves:
            return None if moves is None else False
        if all(_do(withdrawal_id, to, verdict) for to in moves):
            return True
        # Somebody was first: what he wrote decides anew.


def _do(withdrawal_id: UUID, to: str, verdict: Verdict) -> bool:
    if to == Status.PAID:
        return pay(withdrawal_id=withdrawal_id, said=verdict.text if verdict.outcome is Outcome.PAID else "")
    if to == Status.FAILED:
        return fail(withdrawal_id=withdrawal_id, said=verdict.text)
    return give_back(withdrawal_id=withdrawal_id, said=verdict.text)


@transaction.atomic
def _fail(withdrawal_id: UUID, *, source: str, said: str) -> bool:
    fields = {"bank_said": said[:LONGEST_TEXT], "resolved_at": Now(), "due_at": None}
    if not _move(withdrawal_id, source, Status.FAILED, **fields):
        return False
    _post_return(withdrawal_id, out_of=System.WITHDRAWAL_CLEARING)
    outbox.publish("payments.withdrawal.failed", withdrawal_id=str(withdrawal_id))
    return True


def _post_return(withdrawal_id: UUID, *, out_of: System) -> None:
    withdrawal = Withdrawal.objects.get(pk=withdrawal_id)
    to = withdrawal.account_id
    legs = [Leg(Transfer.Kind.WITHDRAWAL_RETURN, out_of, to, withdrawal.amount)]
    if withdrawal.fee:
        legs.append(Leg(Transfer.Kind.WITHDRAWAL_FEE_RETURN, System.FEE_REVENUE, to, withdrawal.fee))
    ledger.post(legs, withdrawal_id=withdrawal_id)


def _move(withdrawal_id: UUID, source: str, to: str, **fields: object) -> bool:
    return states.move(Withdrawal, withdrawal_id, source=source, to=to, **fields)
