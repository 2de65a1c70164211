"""How fast money finds its end: refunds to a payer, captures to a shop."""

from collections.abc import Iterator
from functools import partial
from uuid import UUID, uuid4

from django.db import transaction

from benchmarks import world
from benchmarks.load import MakeOperation, Operation
from merchants.models import Merchant
from merchants.services import open_merchant
from outbox.ids import uuid7
from payments import codes, holds, payables, refunds, services
from payments.idempotency import Call
from payments.models import Code
from payments.payables import PaymentDraft, Quote

EACH = 800  # payments a client makes before the clock starts; more than it can end in a slice
PRICE = 1_000


class Parcel:
    """Something that is paid into escrow and taken from there by hand."""

    def __init__(self, account_id: int) -> None:
        self._account_id = account_id

    def quote(self, *, code: Code, option: str | None, args: object, payer_id: object = None) -> Quote:
        return Quote(
            payee_account_id=self._account_id,
            payee_name="Parcels",
            tier="merchant",
            verified=True,
            place="",
            amount=PRICE,
            fee_bp=80,
            fee_minimum=0,
            hold_s=3600,
            version="1",
            claim_data="parcel",
        )

    def claim(self, *, payment: PaymentDraft, quote: Quote) -> None: ...

    def describe(self, *, payment_ids: object, reader_id: object = None) -> dict[UUID, dict[str, object]]:
        return {}


def operations(people: world.World) -> dict[str, MakeOperation]:
    """Return what is measured, each on one shop."""
    shop = open_merchant(owner_id=people.payers[0], name="Ends", category="retail")
    counter = codes.create(account_id=shop.account_id, payable="merchant").token
    payables.register("order", Parcel(shop.account_id))
    parcel = codes.create(account_id=shop.account_id, payable="order").token
    return {
        "refunds": partial(_refund, people, shop, counter),
        "captures": partial(_capture, people, parcel),
    }


def _refund(people: world.World, shop: Merchant, counter: str, number: int) -> Operation:
    return partial(_refund_next, shop, iter(_paid(people, number, counter, amount=PRICE)))


def _refund_next(shop: Merchant, paid: Iterator[UUID]) -> bool:
    call = Call(shop.pk, str(uuid4()), b"body", "bench")
    answer = refunds.refund(
        call=call, payment_id=next(paid), payee_account_id=shop.account_id, amount=None, reason="bench"
    )
    return answer.status == 201


def _capture(people: world.World, parcel: str, number: int) -> Operation:
    return partial(_capture_next, iter(_paid(people, number, parcel, amount=None)))


def _capture_next(paid: Iterator[UUID]) -> bool:
    payment = next(paid)
    with transaction.atomic():  # as a machine that started and earned it all at once
        return holds.claim(payment_id=payment) and holds.capture(payment_id=payment, amount=PRICE)


def _paid(people: world.World, number: int, code: str, *, amount: int | None) -> list[UUID]:
    payer = people.payers[1 + number]
    calls = (Call(payer, str(uuid7()), b"body", "bench") for _ in range(EACH))
    answers = (services.pay(call=call, code=code, amount=amount) for call in calls)
    return [UUID(str(answer.body["id"])) for answer in answers]
