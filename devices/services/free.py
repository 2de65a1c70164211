"""Using a machine where nothing has to be paid."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from devices import orders, queries
from devices.errors import PaymentRequired
from devices.models import Run
from devices.orders import Order
from devices.payables import KIND, order_of
from outbox.errors import Refusal
from payments import codes, idempotency, payables
from payments.errors import OptionUnknown, UnknownCode
from payments.idempotency import Answer, Call
from people import throttle

HOUR_S = 3600
MOST_AN_HOUR = 120  # of one person: a courier who fills a wall of lockers; each call leaves rows for good


def use(
    *,
    call: Call,
    code: str,
    option: str | None = None,
    args: Mapping[str, Any] | None = None,
    version: str | None = None,
) -> Answer:
    """Start a machine for nothing, or return the answer of the same call again. No PIN: no money moves.

    Args:
        call: its caller is the user.
        code: the machine's token.
        version: what was shown, as `scan` told it; a price of nothing holds for 120 s after that.

    Returns:
        201 and the contract's run.

    Raises:
        PaymentRequired: it costs something.
        TooManyTries: he asked too often; nothing was stored.
        Refusal: as `payments.services.pay`; stored already where the contract stores it.
    """
    throttle.take({f"free runs {call.caller}": MOST_AN_HOUR}, window_s=HOUR_S)
    try:
        order = _order(call, code, option, args, version)
    except Refusal as refusal:
        return idempotency.refuse(call, refusal)
    return idempotency.run(call, partial(_open, order, call.caller))


def _order(
    call: Call, code: str, option: str | None, args: Mapping[str, Any] | None, version: str | None
) -> Order:
    found = codes.find(token=code, payer_id=call.caller)
    codes.refuse_inactive(found)
    if found.code.payable != KIND:
        raise UnknownCode
    machine = payables.get(KIND)
    quote = machine.quote(code=found.code, option=option, args=args, payer_id=call.caller).shown_as(version)
    if quote.amount is None:
        raise OptionUnknown
    if quote.amount:
        raise PaymentRequired
    return order_of(quote)


def _open(order: Order, user_id: UUID, now: datetime) -> Answer:
    run_id = orders.take(order, price=0, now=now, opened_by=user_id)
    run = queries.with_ears(Run.objects.filter(pk=run_id)).get()
    return Answer(201, queries.view(run, reader_id=user_id))
