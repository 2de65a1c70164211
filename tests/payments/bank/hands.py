"""What the tests do with the bank."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F

from outbox.clock import now
from payments import top_ups, withdrawals
from payments.bank import driving
from payments.books import Account, System, Transfer
from payments.models import BankAccount, DemoBank, DemoTransfer, TopUp, Withdrawal
from people.models import User
from tests.payments.hands import call, wallet

IBAN = "DE89370400440532013000"  # Germany's example


def ask(user: User, amount: int, **wish: Any) -> Withdrawal:
    """Withdraw, and return the stored row."""
    key, body = wish.pop("key", None), wish.pop("body", b"body")
    answer = withdrawals.withdraw(call=call(user, key, body), amount=amount, **wish)
    return Withdrawal.objects.get(pk=str(answer.body["id"]))


def switch(**switches: Any) -> None:
    """Let the demo bank behave: what is not named is off."""
    off = {"fails": False, "returns": False, "delay_s": 0, "loses_answers": False, "loses_requests": False}
    DemoBank.objects.update_or_create(id=1, defaults=off | switches)


def after(seconds: float) -> datetime:
    return now() + timedelta(seconds=seconds)


def sweep(seconds: float = 0) -> int:
    """Let a worker do what is due so many seconds from now."""
    at = after(seconds)
    return driving.attend_to_due(at=at) + top_ups.attend_to_due(at=at)


def sweep_until_nothing_is_due() -> None:
    """Let so much time go by that every lease and every look is over."""
    for day in range(12):
        sweep(day * 24 * 3600)


def the_bank_has_decided() -> None:
    """End the delay of everything that the demo bank took."""
    DemoTransfer.objects.update(known_from=F("known_from") - timedelta(days=30))


def status(row: Withdrawal | TopUp) -> str:
    row.refresh_from_db()
    return row.status


def asked(reference: UUID) -> int:
    """How often the demo bank was asked to do it."""
    return sum(DemoTransfer.objects.filter(reference=reference).values_list("asked", flat=True))


def bank_account(account: Account, **fields: Any) -> BankAccount:
    wanted = {"holder": "Alice Liddell", "number": IBAN, "bank": ""} | fields
    return BankAccount.objects.create(account=account, **wanted)


def legs(row: Withdrawal | TopUp) -> list[tuple[str, str, str, int]]:
    """Return what was posted for it: kind, debit, credit, amount; "it" is its account."""
    names = {each.value: each.name.lower() for each in System} | {row.account_id: "it"}
    posted = Transfer.objects.filter(**{"top_up" if isinstance(row, TopUp) else "withdrawal": row})
    rows = posted.order_by("posted_at", "id").values_list("kind", "debit_id", "credit_id", "amount")
    return [(kind, names[debit], names[credit], amount) for kind, debit, credit, amount in rows]


def own(user: User) -> int:
    return wallet(user).pk
