"""Taking money out to a bank account. What becomes of it afterwards stands in `payments.bank`."""

from datetime import datetime
from functools import partial
from uuid import UUID

from django.utils.translation import gettext as _

from outbox import wake
from payments import idempotency, ledger, money, stops, tiers
from payments.bank import banks, queries
from payments.books import System, Transfer
from payments.errors import BankAccountRequired, WithdrawalBelowFee, WithdrawalsFrozen
from payments.idempotency import Answer, Call
from payments.ledger import Leg
from payments.models import BankAccount, Withdrawal
from payments.tiers import Terms

ATTEND = "payments.bank.tasks.attend"


def withdraw(
    *, call: Call, amount: int, source: str = tiers.WALLET, merchant_id: UUID | None = None
) -> Answer:
    """Take money out of the caller's wallet or shop, or get the answer of the same call again.

    The PIN was checked before. The fee comes on top and is taken now, with the amount; both come back if the
    bank does not pay.

    Args:
        amount: what arrives, in minor units.
        source: "wallet" or "merchant".
        merchant_id: which shop; needed only by who owns several.

    Returns:
        201 and the contract's withdrawal.

    Raises:
        InsufficientFunds: the account does not hold amount and fee.
        PayerFrozen, WithdrawalsFrozen, BankAccountRequired, WithdrawalBelowFee: see `payments.errors`.
        UnknownShop, ShopRequired: see `payments.tiers`.
    """
    return idempotency.run(call, partial(_withdraw, call, amount, source, merchant_id))


def _withdraw(call: Call, amount: int, source: str, merchant_id: UUID | None, now: datetime) -> Answer:
    if stops.withdrawals_are_stopped():
        raise WithdrawalsFrozen
    terms = tiers.terms(source, owner_id=call.caller, merchant_id=merchant_id)
    if amount < terms.fee_minimum:
        raise WithdrawalBelowFee(errors={"amount": [_too_small(terms)]})
    withdrawal = _draft(amount, terms, now)
    withdrawal.save(force_insert=True)
    ledger.post(_legs(withdrawal), withdrawal_id=withdrawal.pk, must_be_open=[terms.account_id])
    if banks.paying() is not None:
        wake.wake(ATTEND, queue="default", withdrawal_id=str(withdrawal.pk))
    return Answer(201, queries.answer(withdrawal))


def _draft(amount: int, terms: Terms, now: datetime) -> Withdrawal:
    """Write down where it goes and what it costs, as it is now.

    Raises:
        BankAccountRequired: the bank does not know its customers itself, and none is stored.
    """
    to = BankAccount.objects.filter(account_id=terms.account_id).first()
    if to is None and banks.paying() is None:
        raise BankAccountRequired
    return Withdrawal(
        account_id=terms.account_id,
        status=Withdrawal.Status.REQUESTED,
        amount=amount,
        fee=money.fee(amount, bp=terms.fee_bp, minimum=terms.fee_minimum),
        fee_bp=terms.fee_bp,
        fee_minimum=terms.fee_minimum,
        holder=to.holder if to else "",
        number=to.number if to else "",
        bank=to.bank if to else "",
        created_at=now,
        due_at=now,
    )


def _legs(withdrawal: Withdrawal) -> list[Leg]:
    account = withdrawal.account_id
    legs = [
        Leg(Transfer.Kind.WITHDRAWAL, account, System.WITHDRAWAL_CLEARING, withdrawal.amount),
        Leg(Transfer.Kind.WITHDRAWAL_FEE, account, System.FEE_REVENUE, withdrawal.fee),
    ]
    return [leg for leg in legs if leg.amount > 0]


def _too_small(terms: Terms) -> str:
    least = money.text(terms.fee_minimum, money.currency())
    return _("The fee is at least %(fee)s: take out that much or more.") % {"fee": least}
