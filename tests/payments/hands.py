"""What the tests' people do with money, without ceremony."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from outbox.ids import uuid7
from payments import accounts, codes, holds, ledger, payables, queries, services
from payments.books import System
from payments.idempotency import Call
from payments.ledger import Leg
from payments.models import Account, Code, Hold, Lane, Payment, TopUp, Transfer
from payments.payables import PaymentDraft, Quote
from people.models import User

DAY_S = 24 * 3600


def call(user: User, key: str | None = None, body: bytes = b"body") -> Call:
    return Call(user.pk, key or str(uuid7()), body, "request")


def fill(user: User, amount: int) -> None:
    services.top_up(call=call(user), amount=amount)


def bring(account_id: int, amount: int) -> None:
    """Bring money from the bank into any account, as if it had been asked for: a shop's too."""
    paid = {"status": TopUp.Status.PAID, "resolved_at": Now(), "due_at": None}
    top_up = TopUp.objects.create(
        account_id=account_id, key=str(uuid7()), body_hash=b"", amount=amount, **paid
    )
    ledger.post([Leg(Transfer.Kind.TOP_UP, System.BANK, account_id, amount)], top_up_id=top_up.pk)


def wallet(user: User) -> Account:
    return accounts.wallet_of(user.pk)


def has(user: User) -> int:
    return queries.balance(user.pk).available


def holds_money(account_id: int) -> int:
    return queries.account_balance(account_id)


def static_code(user: User, **fields: Any) -> Code:
    return codes.create(account_id=wallet(user).pk, **fields)


def dynamic_code(user: User, **fields: Any) -> Code:
    return codes.create(account_id=wallet(user).pk, kind="dynamic", **fields)


def pay(user: User, code: Code, amount: int | None = None, **wish: Any) -> Payment:
    """Pay, and return the stored payment."""
    key, body = wish.pop("key", None), wish.pop("body", b"body")
    answer = services.pay(call=call(user, key, body), code=code.token, amount=amount, **wish)
    return Payment.objects.get(pk=str(answer.body["id"]))


def legs(payment: Payment) -> list[tuple[str, int, int, int]]:
    """Return what was posted for a payment: kind, debit, credit, amount."""
    posted = Transfer.objects.filter(payment=payment).order_by("posted_at", "id")
    return list(posted.values_list("kind", "debit_id", "credit_id", "amount"))


@dataclass
class Box:
    """Something that is paid into escrow: a payable of the tests' own, sold through codes of kind "order"."""

    terms: Quote
    claims: int = 0
    refuses: Exception | None = None

    def quote(
        self,
        *,
        code: Code,
        option: str | None,
        args: Mapping[str, object] | None,
        payer_id: UUID | None = None,
    ) -> Quote:
        return self.terms

    def claim(self, *, payment: PaymentDraft, quote: Quote) -> None:
        assert not Payment.objects.filter(pk=payment.id).exists()
        self.claims += 1
        Code.objects.filter(pk=payment.code_id).update(label="claimed")
        if self.refuses is not None:
            raise self.refuses

    def describe(
        self, *, payment_ids: Collection[UUID], reader_id: UUID | None = None
    ) -> dict[UUID, dict[str, object]]:
        return {one: {"run": {"id": str(one)}, "release_by": None} for one in payment_ids}

    def changes(self, **terms: Any) -> None:
        self.terms = replace(self.terms, **terms)


def box_of(account: Account, *, price: int | None, fee_bp: int = 0) -> Box:
    box = Box(
        Quote(
            payee_account_id=account.pk,
            payee_name=account.name,
            tier="merchant" if account.kind == Account.Kind.MERCHANT else "personal",
            verified=True,
            place="Hall 2",
            amount=price,
            fee_bp=fee_bp,
            fee_minimum=0,
            hold_s=DAY_S,
            version="box-1",
            claim_data="box",
        )
    )
    payables.register("order", box)
    return box


def box_code(account: Account) -> Code:
    return codes.create(account_id=account.pk, payable="order")


def claim(payment: Payment) -> bool:
    with transaction.atomic():
        return holds.claim(payment_id=payment.pk)


def capture(payment: Payment, amount: int) -> bool:
    with transaction.atomic():
        return holds.capture(payment_id=payment.pk, amount=amount)


def release(payment: Payment) -> bool:
    with transaction.atomic():
        return holds.release(payment_id=payment.pk, reason="test")


def state(payment: Payment) -> tuple[str, str]:
    """Return where a payment and its newest hold stand."""
    hold = Hold.objects.filter(payment=payment).order_by("-id").first()
    payment.refresh_from_db()
    return payment.status, hold.status if hold else "none"


def lanes(account_id: int) -> dict[int, int]:
    """Return the lanes that are not empty."""
    rows = Lane.objects.filter(account_id=account_id).exclude(amount=0)
    return dict(rows.values_list("no", "amount"))
