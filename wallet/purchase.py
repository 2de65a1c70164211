"""Buying from the pay page, using what costs nothing, and asking what became of either later."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.urls import reverse

from devices.services import free
from payments import idempotency, services
from payments.idempotency import Answer, Call
from payments.models import IdempotentAnswer
from people import pin


@dataclass(frozen=True, slots=True)
class Wish:
    """What the payer was shown, chose and filled in. `amount` in minor units, when it was typed."""

    code: str
    version: str
    amount: int | None
    option: str | None
    args: Mapping[str, object] | None
    memo: str


def buy(*, user_id: UUID, session_token: str, request_id: str, key: str, pin_typed: str, wish: Wish) -> str:
    """Pay, at most once under a key, and return where the payment is shown.

    Raises:
        Refusal: any of the contract's.
    """
    call = Call(user_id, key, idempotency.digest("POST", "wallet", asdict(wish)), request_id)
    answer = idempotency.replay(call)
    if answer is None:
        pin.check(user_id=user_id, session_token=session_token, pin=pin_typed)
        answer = services.pay(call=call, **asdict(wish))
    return page_of(answer.body)


def use(*, user_id: UUID, request_id: str, key: str, wish: Wish) -> str:
    """Start a machine for nothing, at most once under a key, and return where the run is shown.

    Raises:
        PaymentRequired: it costs something.
        Refusal: any of the contract's.
    """
    body = {"code": wish.code, "version": wish.version, "option": wish.option, "args": wish.args}
    call = Call(user_id, key, idempotency.digest("POST", "wallet/start", body), request_id)
    answer: Answer | None = idempotency.replay(call)
    if answer is None:
        answer = free.use(call=call, code=wish.code, option=wish.option, args=wish.args, version=wish.version)
    return page_of(answer.body)


def found(*, user_id: UUID, key: str) -> tuple[int, Mapping[str, Any]] | None:
    """Return status and body that a person's call under a key was answered with; None: we know of none."""
    stored = IdempotentAnswer.objects.filter(caller=user_id, key=key).values_list("status", "body").first()
    return (stored[0], json.loads(stored[1])) if stored else None


def page_of(body: Mapping[str, Any]) -> str:
    """Return where an answer is shown: a payment's, or a free run's, which alone speaks of a machine."""
    return reverse("wallet:run" if "machine" in body else "wallet:payment", args=[body["id"]])
