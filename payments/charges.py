"""Charging what a payer shows: the merchant's side of a payer-shown code."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import transaction

from outbox.errors import Refusal
from outbox.ids import uuid7
from payments import answers, caps, confirming, days, idempotency, money, shown
from payments.answers import Json
from payments.confirming import Draft
from payments.errors import PaymentDeclined
from payments.idempotency import Answer, Call
from payments.models import CapRule, PaymentCode, RiskClass
from payments.payables import Quote
from people import throttle

# Unknown digits in a window: somebody who holds made-up ones before a self-service till never gets there and
# closes no shop; a guesser needs 10^8 windows for one of ten thousand codes that are shown at the same time.
MISSES_A_MERCHANT = 10_000


@dataclass(frozen=True, slots=True)
class Wish:
    """What a cashier asks for.

    Attributes:
        digits: what the payer showed, of the form of a payment code.
        amount: minor units.
        reference: the merchant's own word for it; the payer reads it as the payment's memo.
    """

    digits: str
    amount: int
    reference: str = ""


def charge(*, call: Call, wish: Wish, quote: Quote) -> Answer:
    """Take money from whoever showed a payment code, or return the answer of the same call again.

    The code is used up whether or not money moves: what refuses after that is no reason to try it again.

    Args:
        call: its caller is the merchant's id.
        quote: on what terms the merchant is paid now; without a hold.

    Returns:
        201 and the contract's payment as its payee sees it.

    Raises:
        PaymentCodeExpired, PaymentCodeUsed: these digits pay nobody any more.
        PaymentDeclined: anything else, also digits that nobody showed.
        TooManyTries: the merchant sent too many of those.
        Refusal: as `idempotency.run_storing`.

    Publishes `payments.payment.settled`.
    """
    throttle.refuse_full(_misses(call))
    return idempotency.run_storing(call, partial(_charge, call, wish, quote))


def _charge(call: Call, wish: Wish, quote: Quote, now: datetime) -> Answer:
    code = shown.burn(digits=wish.digits, now=now)
    if code is None:
        throttle.take(_misses(call))
        raise PaymentDeclined
    # What fails from here on undoes itself alone: the code stays burnt with the stored refusal.
    try:
        with transaction.atomic():
            return Answer(201, _confirm(call, _draft(code, wish, quote, now), wish, code.max_amount))
    except Refusal as refusal:
        raise PaymentDeclined from refusal


def _confirm(call: Call, draft: Draft, wish: Wish, max_amount: int | None) -> Json:
    if max_amount is not None and draft.amount > max_amount:
        raise PaymentDeclined
    shown_to_payee = answers.payment(
        draft, payer_name=draft.payer_name, tier=draft.tier, described={}, with_fee=True
    )
    body = shown_to_payee | {"reference": wish.reference or None}
    refused = confirming.confirm(call, draft, body)
    if refused:
        raise confirming.refusal(refused, draft)
    return body


def _draft(code: PaymentCode, wish: Wish, quote: Quote, now: datetime) -> Draft:
    """Return the payment as it would be confirmed; nothing is stored."""
    # A code that is shown for a minute is as safe as they come.
    cap_rule = caps.rule_for(tier=quote.tier, code_kind=CapRule.CodeKind.PAYER_SHOWN, risk_class=RiskClass.A)
    return Draft(
        id=uuid7(),
        kind="merchant",
        status="settled",
        payer_id=code.payer_id,
        payer_name=code.payer.name,
        payee_id=quote.payee_account_id,
        payee_name=quote.payee_name,
        payee_verified=quote.verified,
        tier=quote.tier,
        place=quote.place,
        code_id=None,
        single_use=False,
        option="",
        args=None,
        memo=wish.reference,
        amount=wish.amount,
        captured_amount=wish.amount,
        fee_bp=quote.fee_bp,
        fee_minimum=quote.fee_minimum,
        fee=money.fee(wish.amount, bp=quote.fee_bp, minimum=quote.fee_minimum),
        cap_rule=cap_rule,
        cap_day=days.business_day(now) if cap_rule else None,
        hold_s=None,
        confirmed_at=now,
        resolved_at=now,
    )


def _misses(call: Call) -> dict[str, int]:
    return {f"payment codes {call.caller}": MISSES_A_MERCHANT}
