"""Starting a machine with a payment that its owner got before: the owner's server decides when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import IntegrityError

from devices import orders, queries
from devices.errors import UnknownDevice
from devices.models import Device, Run
from devices.orders import Order
from devices.services.claims import hold_s
from devices.sight import Sight
from outbox.errors import Refusal
from payments import idempotency, reholds
from payments.errors import (
    NothingToPay,
    OptionUnknown,
    PaymentNotSettled,
    PaymentUsed,
    PriceNotCovered,
    UnknownPayment,
)
from payments.givebacks import left_of
from payments.idempotency import Answer, Call
from payments.models import Payment

ONE_RUN = "payment_buys_one_run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which machine a shop starts with which payment. `option` None: the only one that is sold."""

    device_id: UUID
    payment_id: UUID
    option: str | None = None
    args: Mapping[str, Any] | None = None


def trigger(*, call: Call, account_id: int, wish: Wish) -> Answer:
    """Start a machine with a settled payment, or get the answer of the same call again.

    The price goes from the shop back into escrow, in the transaction that makes the run: no start, and the
    payer has it as a refund. Whatever is refused leaves the payment unused.

    Args:
        call: its caller is the merchant's id.
        account_id: the merchant's: both machine and payment must be its own.

    Returns:
        202 and the contract's run.

    Raises:
        UnknownDevice, UnknownPayment: there is none, or it is somebody else's.
        PaymentNotSettled, PaymentUsed, PriceNotCovered: this payment does not start it.
        OptionUnknown, ArgsInvalid, NothingToPay: the machine sells no such thing, or sells it for nothing.
        MachineOffline, MachineBusy: it cannot be started now.
        ShopFundsShort, PayerFrozen: the shop's account cannot be debited.
        Refusal: as `idempotency.run`.
    """
    return idempotency.repeat_if_undone(partial(_trigger, call, account_id, wish))


def _trigger(call: Call, account_id: int, wish: Wish) -> Answer:
    """Look before the money transaction; a refusal is stored only if the key has no answer yet."""
    try:
        order = _asked(account_id, wish)
        price = _price(order)
        _refuse_unusable(account_id, wish, price)
        order.refuse_unless_free()
    except Refusal as refusal:
        return idempotency.refuse(call, refusal)
    return idempotency.run(call, partial(_start, order, price, wish.payment_id))


def _start(order: Order, price: int, payment_id: UUID, now: datetime) -> Answer:
    """Take the machine's slot, then the money: the run comes first in the lock order."""
    try:
        orders.take(order, price=price, now=now, payment_id=payment_id)
    except IntegrityError as error:
        if ONE_RUN in str(error):
            raise PaymentUsed from error
        raise
    reholds.rehold(
        payment_id=payment_id,
        payee_account_id=order.sight.account_id,
        amount=price,
        hold_s=hold_s(order.sight, planned_s=order.planned_s),
        now=now,
    )
    return Answer(202, queries.view(queries.with_ears(Run.objects.all()).get(payment_id=payment_id)))


def _asked(account_id: int, wish: Wish) -> Order:
    if not Device.objects.filter(pk=wish.device_id, account_id=account_id).exists():
        raise UnknownDevice
    if not Payment.objects.filter(pk=wish.payment_id, payee_id=account_id).exists():
        raise UnknownPayment
    sight = Sight.of(wish.device_id)
    if sight is None:
        raise UnknownDevice
    return orders.order(sight=sight, option=wish.option, args=wish.args)


def _price(order: Order) -> int:
    """Return what must be held again, in minor units."""
    _ = order.start_args  # what is meant without being chosen was not checked
    if order.price is None:
        raise OptionUnknown
    if order.price == 0:
        raise NothingToPay
    return order.price


def _refuse_unusable(account_id: int, wish: Wish, price: int) -> None:
    """Say why a payment starts nothing; under its lock it is decided again."""
    payment = Payment.objects.get(pk=wish.payment_id, payee_id=account_id)
    if payment.status != Payment.Status.SETTLED:
        raise PaymentNotSettled
    if Run.objects.filter(payment=payment).exists():
        raise PaymentUsed
    if price > left_of(payment):
        raise PriceNotCovered
