"""What a shop's till does with money: it gives back, and it charges what payers show."""

from datetime import datetime
from uuid import UUID

from merchants.payables import counter_quote
from outbox.ids import uuid7
from payments import charges, codes, idempotency, refunds, reholds, shown, withdrawals
from payments.bank import accounts as bank
from payments.idempotency import Answer, Call
from payments.models import Account, Code, Payment
from people.models import User
from tests.payments.hands import DAY_S, call

TILL = UUID("0193f4a2-0000-7000-8000-00000000aaaa")  # as whom a till calls; here nobody asks for its key


def till_call(key: str | None = None, body: bytes = b"body") -> Call:
    return Call(TILL, key or str(uuid7()), body, "request")


def counter_code(shop: Account) -> Code:
    """The sticker at the shop's counter."""
    return codes.create(account_id=shop.pk, payable="merchant")


def refund(payment: Payment, amount: int | None = None, *, key: str | None = None) -> Answer:
    """Give a payment back; None is the rest of it."""
    return refunds.refund(
        call=till_call(key),
        payment_id=payment.pk,
        payee_account_id=payment.payee_id,
        amount=amount,
        reason="too salty",
    )


def take_out(shop: Account, amount: int) -> None:
    """Let the shop's owner bring some of its money to his bank."""
    bank.store(account_id=shop.pk, holder="Mei", number="CN6222020200112233445")
    owner = User.objects.get(accounts=shop)
    withdrawals.withdraw(call=call(owner), amount=amount, source="merchant")


def rehold(called: Call, payment: Payment, amount: int) -> Answer:
    """Hold a part of a payment again, as a trigger does under its key."""

    def work(now: datetime) -> Answer:
        reholds.rehold(
            payment_id=payment.pk, payee_account_id=payment.payee_id, amount=amount, hold_s=DAY_S, now=now
        )
        return Answer(202, {"payment": str(payment.pk)})

    return idempotency.run(called, work)


def show(payer: User, max_amount: int | None = None) -> str:
    """Return the digits on the payer's screen."""
    return str(shown.show(payer_id=payer.pk, max_amount=max_amount)["digits"])


def charge(shop: Account, digits: str, amount: int, *, reference: str = "", key: str | None = None) -> Answer:
    """Take money from whoever showed these digits."""
    return charges.charge(
        call=till_call(key), wish=charges.Wish(digits, amount, reference), quote=counter_quote(shop.pk)
    )
