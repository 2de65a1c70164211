"""Withdrawals that leave in files: each in one alone, and a file is the same bytes whenever it is written."""

from collections.abc import Sequence
from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Sum
from django.db.models.functions import Now

from outbox.ids import uuid7
from payments import money, states, stops
from payments.bank.errors import PayoutRefused
from payments.iso20022 import pain001
from payments.iso20022.errors import MessageError
from payments.iso20022.pain001 import CreditTransfer, Initiation
from payments.iso20022.parties import Bank, BankAccount
from payments.models import PayoutFile, Withdrawal

MOST_A_FILE = 5_000  # some banks take no more in one message; the rest goes into the next

_DEBTOR = ("BANK_DEBTOR_NAME", "BANK_DEBTOR_ACCOUNT", "BANK_DEBTOR_BIC")

Status = Withdrawal.Status


@transaction.atomic
def export(*, at: datetime, execute_on: date) -> PayoutFile | None:
    """Put what was asked for into a new file and say that the bank may have it, in one transaction.

    What another export holds or another process moves at this moment is passed by.

    Args:
        at: the file's time of creation.

    Returns:
        The file, None if nothing waits.

    Raises:
        PayoutRefused: withdrawals are stopped, our own bank account is not set, or a field does not fit.
    """
    if stops.withdrawals_are_stopped():
        raise PayoutRefused("Withdrawals are stopped: resume them in the admin first.")
    waiting = Withdrawal.objects.select_for_update(skip_locked=True, no_key=True)
    rows = list(waiting.filter(status=Status.REQUESTED).exclude(number="").order_by("id")[:MOST_A_FILE])
    if not rows:
        return None
    file_id = uuid7()
    file = PayoutFile.objects.create(
        id=file_id,
        message_id=file_id.hex,
        content=_message(rows, file_id.hex, at=at, execute_on=execute_on),
        transfers=len(rows),
        total=sum(row.amount for row in rows),
    )
    for row in rows:
        # The bank tells by file how it went: nobody asks, so nothing is due.
        fields = {"payout_file_id": file.pk, "submitted_at": Now(), "due_at": None}
        if not states.move(Withdrawal, row.pk, source=Status.REQUESTED, to=Status.SUBMITTED, **fields):
            raise AssertionError(f"withdrawal {row.pk} moved under its lock")
    return file


def find(*, message_id: str) -> PayoutFile:
    """Return a file that was made before.

    Raises:
        PayoutRefused: there is none of this name.
    """
    file = PayoutFile.objects.filter(message_id=message_id).first()
    if file is None:
        raise PayoutRefused(f"There is no payout file {message_id}; the admin lists them.")
    return file


def more_waits() -> bool:
    """Say whether another export would find something."""
    return Withdrawal.objects.filter(status=Status.REQUESTED).exclude(number="").exists()


def unanswered() -> list[str]:
    """Return the messages of which the bank has said nothing: they wait there, or never left our disk."""
    answered = Withdrawal.objects.filter(payout_file=OuterRef("pk")).exclude(status=Status.SUBMITTED)
    silent = PayoutFile.objects.filter(~Exists(answered)).order_by("id")
    return list(silent.values_list("message_id", flat=True))


def without_a_way() -> tuple[int, int]:
    """Return how many withdrawals wait without saying where to, and how much they come to.

    They were asked for while another bank was set, one that knew its customers itself.
    """
    stuck = Withdrawal.objects.filter(status=Status.REQUESTED, number="")
    return stuck.count(), stuck.aggregate(sum=Sum("amount"))["sum"] or 0


def _message(rows: Sequence[Withdrawal], message_id: str, *, at: datetime, execute_on: date) -> bytes:
    missing = [name for name in _DEBTOR if not getattr(settings, name)]
    if missing:
        raise PayoutRefused(
            f"Set {', '.join(missing)} in the environment: a payout file names our own account."
        )
    try:
        return pain001.build(
            Initiation(
                message_id=message_id,
                created_at=at,
                debtor_name=settings.BANK_DEBTOR_NAME,
                debtor_account=BankAccount.of(settings.BANK_DEBTOR_ACCOUNT),
                debtor_bank=Bank(bic=settings.BANK_DEBTOR_BIC),
                execute_on=execute_on,
                currency=money.currency(),
                transfers=[_transfer(row) for row in rows],
            )
        )
    except MessageError as error:
        raise PayoutRefused(f"The file cannot be written: {error}.") from error


def _transfer(row: Withdrawal) -> CreditTransfer:
    return CreditTransfer(
        id=row.pk,
        amount=row.amount,
        creditor_name=row.holder,
        creditor_account=BankAccount.of(row.number),
        creditor_bank=Bank(bic=row.bank) if row.bank else None,
    )
