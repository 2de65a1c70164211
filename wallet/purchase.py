"""Paying from the sheet, and asking what became of a payment whose answer got lost."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from payments import idempotency, services
from payments.idempotency import Call
from payments.models import IdempotentAnswer
from people import pin


@dataclass(frozen=True, slots=True)
class Wish:
    """What the payer was shown and chose. `amount` in minor units, when it was typed."""

    code: str
    version: str
    amount: int | None
    option: str | None
    memo: str


def buy(*, user_id: UUID, session_token: str, request_id: str, key: str, pin_typed: str, wish: Wish) -> UUID:
    """Pay, at most once under a key, and return the payment's id.

    Raises:
        Refusal: any of the contract's.
    """
    call = Call(user_id, key, idempotency.digest("POST", "wallet", asdict(wish)), request_id)
    answer = idempotency.replay(call)
    if answer is None:
        pin.check(user_id=user_id, session_token=session_token, pin=pin_typed)
        answer = services.pay(call=call, **asdict(wish))
    return UUID(str(answer.body["id"]))


def found(*, user_id: UUID, key: str) -> tuple[int, Mapping[str, Any]] | None:
    """Return status and body that a person's call under a key was answered with; None: we know of none."""
    stored = IdempotentAnswer.objects.filter(caller=user_id, key=key).values_list("status", "body").first()
    return (stored[0], json.loads(stored[1])) if stored else None
