"""What people may know about money on its way to their bank."""

from uuid import UUID

from payments import answers, money, tiers
from payments.answers import Json
from payments.books import FIRST_MERCHANT, Account
from payments.errors import UnknownBankAccount, UnknownWithdrawal
from payments.models import BankAccount, Withdrawal
from payments.tiers import Terms

_SHOWN = 4  # last characters of an account number, enough to tell one's own accounts apart
_MASK = "…"
_ARRIVED = frozenset({Withdrawal.Status.PAID, Withdrawal.Status.RETURNED})


def withdrawals(*, user_id: UUID, before: UUID | None = None, limit: int = 20) -> list[Json]:
    """Return what a person took out of his wallet and his shops, newest first.

    Args:
        before: the id of the last one seen.
    """
    found: list[Withdrawal] = []
    # One index each; a condition over all accounts would sort everything they ever took out.
    for account_id in Account.objects.filter(owner_id=user_id).values_list("id", flat=True):
        rows = Withdrawal.objects.filter(account_id=account_id)
        if before is not None:
            rows = rows.filter(id__lt=before)
        found += rows.order_by("-id")[:limit]
    newest = sorted(found, key=lambda each: each.id, reverse=True)[:limit]
    return [answer(each) for each in newest]


def withdrawal(*, user_id: UUID, withdrawal_id: UUID) -> Json:
    """Return one of a person's withdrawals.

    Raises:
        UnknownWithdrawal: there is none, or it is somebody else's.
    """
    found = Withdrawal.objects.filter(pk=withdrawal_id, account__owner_id=user_id).first()
    if found is None:
        raise UnknownWithdrawal
    return answer(found)


def answer(of: Withdrawal) -> Json:
    """Return a withdrawal as the contract writes it."""
    back = of.status in {Withdrawal.Status.FAILED, Withdrawal.Status.RETURNED}
    return {
        "id": str(of.pk),
        "status": of.status,
        "amount": of.amount,
        "fee": of.fee,
        "currency": money.currency(),
        "from": source_of(of.account_id),
        "to": masked(of.number) if of.number else None,
        "reason": of.bank_said if back else None,
        "created_at": answers.instant(of.created_at),
        "paid_at": answers.instant(of.resolved_at) if of.status in _ARRIVED else None,
        "failed_at": answers.instant(of.resolved_at) if of.status == Withdrawal.Status.FAILED else None,
        "returned_at": answers.instant(of.returned_at),
    }


def bank_account(terms: Terms) -> Json:
    """Return where an account's withdrawals go.

    Raises:
        UnknownBankAccount: nothing is stored.
    """
    found = BankAccount.objects.filter(account_id=terms.account_id).first()
    if found is None:
        raise UnknownBankAccount
    return {
        "from": source_of(terms.account_id),
        "holder": found.holder,
        "number": masked(found.number),
        "bank": found.bank,
        "changed_at": answers.instant(found.changed_at),
    }


def source_of(account_id: int) -> str:
    """Return the contract's word for an account that money is taken out of."""
    return tiers.WALLET if account_id < FIRST_MERCHANT else tiers.MERCHANT


def masked(number: str) -> str:
    """Return an account number as it may be shown: its end alone."""
    return _MASK + number[-_SHOWN:]
