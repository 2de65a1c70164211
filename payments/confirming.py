"""Confirming a payment: what it will be, and the one statement that makes it so."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from outbox import registry, wake
from outbox import services as outbox
from outbox.errors import Refusal
from outbox.ids import uuid7
from payments import answers, caps, codes, days, ledger, money, wire
from payments.codes import Found
from payments.errors import (
    AmountMismatch,
    AmountRequired,
    InsufficientFunds,
    LimitExceeded,
    NothingToPay,
    OptionUnknown,
    SelfPayment,
)
from payments.idempotency import Call
from payments.models import Code
from payments.payables import Quote

CAP_REACHED = "SM003"
CODE_GONE = "SM004"

# The answer of the function is NULL or an array; as JSON it needs no parser of our own.
_CONFIRM = f"SELECT to_json(payment_confirm({', '.join(f'${n}' for n in range(1, 30))}))".encode()


@dataclass(frozen=True, slots=True)
class Wish:
    """What the payer asked for. Amounts in minor units."""

    code: str
    version: str | None
    amount: int | None
    option: str | None
    args: Mapping[str, object] | None
    memo: str


@dataclass(slots=True)
class Draft:
    """A payment about to be confirmed, with the names of `payments.models.Payment`."""

    id: UUID
    kind: str
    status: str
    payer_id: int
    payer_name: str
    payee_id: int
    payee_name: str
    payee_verified: bool
    tier: str
    place: str
    code_id: UUID | None  # None: the payer showed a code of his own
    single_use: bool
    option: str
    args: Mapping[str, object] | None
    memo: str
    amount: int
    captured_amount: int
    fee_bp: int
    fee_minimum: int
    fee: int
    cap_rule: str
    cap_day: date | None
    hold_s: int | None
    confirmed_at: datetime
    resolved_at: datetime | None
    released_amount: int = 0
    refunded_amount: int = 0
    fee_returned: int = 0

    def confirm_at(self, now: datetime) -> None:
        """Take the time of the transaction over that of the quote; the cap counts on the same day."""
        self.confirmed_at = now
        if self.cap_day is not None:
            self.cap_day = days.business_day(now)


def draft(found: Found, quote: Quote, wish: Wish) -> Draft:
    """Return the payment as it would be confirmed; nothing is stored. Refuses what cannot be meant."""
    if found.wallet_id is None:
        raise InsufficientFunds
    if found.wallet_id == quote.payee_account_id:
        raise SelfPayment
    if quote.needs_option:
        raise OptionUnknown
    amount = _amount(quote, wish)
    held = quote.hold_s is not None
    return Draft(
        id=uuid7(),
        kind=found.code.payable,
        status="confirmed" if held else "settled",
        payer_id=found.wallet_id,
        payer_name=found.wallet_name or "",
        payee_id=quote.payee_account_id,
        payee_name=quote.payee_name,
        payee_verified=quote.verified,
        tier=quote.tier,
        place=quote.place,
        code_id=found.code.id,
        single_use=found.code.kind == Code.Kind.DYNAMIC,
        option=wish.option or "",
        args=wish.args if quote.keeps_args else None,
        memo=wish.memo or found.code.memo,
        amount=amount,
        captured_amount=0 if held else amount,
        fee_bp=quote.fee_bp,
        fee_minimum=quote.fee_minimum,
        fee=0 if held else money.fee(amount, bp=quote.fee_bp, minimum=quote.fee_minimum),
        cap_rule=found.cap_rule or "",
        cap_day=None if found.cap_rule is None else days.business_day(found.read_at),
        hold_s=quote.hold_s,
        confirmed_at=found.read_at,
        resolved_at=None if held else found.read_at,
    )


def answer(payment: Draft, *, described: Mapping[str, object]) -> answers.Json:
    """Return what the payer will be told once the payment is confirmed."""
    return answers.payment(payment, payer_name=payment.payer_name, tier=payment.tier, described=described)


def confirm(call: Call, payment: Draft, body: answers.Json) -> list[str]:
    """Move the money, store the answer, tell the fact; return why nothing of it happened, [] if it did."""
    fact = f"payments.payment.{payment.status}"
    subscribers = registry.subscriptions_to(fact)
    values = [
        *_of_payment(payment),
        *_of_hold(payment),
        [uuid7(), uuid7()] if payment.fee else [uuid7()],
        call.caller,
        call.key,
        call.body_hash,
        json.dumps(body, ensure_ascii=False),
        fact,
        [each.handler for each in subscribers],
        [each.queue for each in subscribers],
    ]
    (refused,) = wire.row(_CONFIRM, values) or [None]
    if refused is not None:
        return list(json.loads(refused))
    for queue in {each.queue for each in subscribers}:
        wake.wake(outbox.DRAIN, queue=queue, queue_name=queue)
    return []


def refusal(refused: list[str], payment: Draft) -> Refusal:
    """Return what a refusing `payment_confirm` means for the payer."""
    sqlstate, account = refused
    if sqlstate == CAP_REACHED:
        return _limit_exceeded(payment)
    if sqlstate == CODE_GONE and payment.code_id is not None:
        return codes.ended(Code.objects.values_list("status", flat=True).get(pk=payment.code_id))
    found = ledger.refusal(sqlstate, account=account, payer=payment.payer_id)
    if found is None:
        raise AssertionError(f"payment_confirm said {sqlstate!r}, which nobody knows")
    return found


def _amount(quote: Quote, wish: Wish) -> int:
    if quote.amount is None:
        if wish.amount is None:
            raise AmountRequired
        return wish.amount
    if wish.amount not in {None, quote.amount}:
        raise AmountMismatch
    if quote.amount == 0:
        raise NothingToPay
    return quote.amount


def _of_payment(payment: Draft) -> list[wire.Value]:
    return [
        payment.id,
        payment.kind,
        payment.payer_id,
        payment.payee_id,
        payment.payee_name,
        payment.payee_verified,
        payment.place,
        payment.code_id,
        payment.single_use,
        payment.option,
        None if payment.args is None else json.dumps(payment.args),
        payment.memo,
        payment.amount,
        payment.fee_bp,
        payment.fee_minimum,
        payment.fee,
        payment.cap_rule,
        payment.cap_day,
        payment.confirmed_at,
    ]


def _of_hold(payment: Draft) -> list[wire.Value]:
    if payment.hold_s is None:
        return [None, None]
    return [uuid7(), payment.confirmed_at + timedelta(seconds=payment.hold_s)]


def _limit_exceeded(payment: Draft) -> LimitExceeded:
    if payment.cap_day is None:
        raise AssertionError("a payment that no cap counts exceeded one")
    return caps.exceeded(account_id=payment.payer_id, rule=payment.cap_rule, day=payment.cap_day)
