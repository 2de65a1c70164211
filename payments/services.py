"""What people do with money. Each verb is one transaction and one stored answer."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from django.db import transaction

from outbox.errors import Refusal
from payments import codes, confirming, idempotency, payables
from payments.confirming import Draft, Wish
from payments.errors import InProgress
from payments.idempotency import Answer, Call
from payments.payables import Payable, PaymentDraft, Quote
from payments.top_ups import top_up

__all__ = ["pay", "top_up"]


def pay(
    *,
    call: Call,
    code: str,
    version: str | None = None,
    amount: int | None = None,
    option: str | None = None,
    args: Mapping[str, object] | None = None,
    memo: str = "",
) -> Answer:
    """Pay what a code stands for, or get the answer of the same call again. The PIN was checked before.

    Args:
        call: its caller is the payer's user id.
        code: the token.
        version: what the payer was shown, as `scan` told it; None skips the comparison. A price that moves
            with time holds for 120 s after it was shown.
        amount: minor units, when the code fixes none.

    Returns:
        201 and the contract's payment.

    Raises:
        Refusal: any of the contract's, stored already where the contract stores it.

    Publishes `payments.payment.settled`, or `.confirmed` when the money waits in escrow.
    """
    wish = Wish(code, version, amount, option, args, memo)
    return idempotency.repeat_if_undone(partial(_pay, call, wish))


def _pay(call: Call, wish: Wish) -> Answer:
    """Quote before the money transaction; a refusal is stored only if the key has no answer yet."""
    try:
        found = codes.find(token=wish.code, payer_id=call.caller)
        codes.refuse_inactive(found)
        payable = payables.get(found.code.payable)
        quote = payable.quote(
            code=found.code, option=wish.option, args=wish.args, payer_id=call.caller
        ).shown_as(wish.version)
        draft = confirming.draft(found, quote, wish)
    except Refusal as refusal:
        return idempotency.refuse(call, refusal)
    if quote.claim_data is None:
        return _pay_plainly(call, draft)
    return idempotency.run_storing(call, partial(_pay_with_claim, call, payable, quote, draft))


def _pay_plainly(call: Call, draft: Draft) -> Answer:
    """Let one statement be the whole transaction, from the key to the stored answer."""
    body = confirming.answer(draft, described={})
    refused = confirming.confirm(call, draft, body)
    match refused:
        case []:
            return Answer(201, body)
        case ["busy", *_]:
            raise InProgress
        case ["known", body_hash, status, known_body]:
            return idempotency.again(call, bytes.fromhex(body_hash), int(status), known_body)
    return idempotency.refuse(call, confirming.refusal(refused, draft))


def _pay_with_claim(call: Call, payable: Payable, quote: Quote, draft: Draft, now: datetime) -> Answer:
    """Claim and confirm inside one savepoint of the call's transaction."""
    draft.confirm_at(now)
    if draft.code_id is None:
        raise AssertionError("Only what a code stands for is claimed.")
    with transaction.atomic():
        payable.claim(
            payment=PaymentDraft(
                id=draft.id,
                payer_id=call.caller,
                payee_account_id=draft.payee_id,
                amount=draft.amount,
                code_id=draft.code_id,
                option=draft.option or None,
                args=draft.args,
                now=now,
            ),
            quote=quote,
        )
        described = payable.describe(payment_ids=[draft.id]).get(draft.id, {})
        body = confirming.answer(draft, described=described)
        refused = confirming.confirm(call, draft, body)
        if refused:
            raise confirming.refusal(refused, draft)
    return Answer(201, body)
