"""Paying for a machine: into escrow, together with the run and the command that starts it."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import cast
from uuid import UUID

from devices import orders, queries
from devices.models import Run
from devices.orders import Order
from devices.services.claims import hold_s
from devices.sight import Sight
from merchants.queries import terms
from payments import payables
from payments.errors import UnknownCode
from payments.models import Account, Code
from payments.payables import PaymentDraft, Quote

KIND = "machine"


class MachinePayable:
    """A machine's code."""

    def quote(
        self,
        *,
        code: Code,
        option: str | None,
        args: Mapping[str, object] | None,
        payer_id: UUID | None = None,
    ) -> Quote:
        """Return what a machine sells and for how much; with an option, what exactly that costs.

        Raises:
            OptionUnknown, ArgsInvalid: it sells no such thing.
            MachineOffline, MachineBusy: it cannot be started now. Never raised without an option.
            TooManyTries: wrong pick-up codes.
        """
        sight = Sight.of(code.target) if code.target else None
        if sight is None:
            raise UnknownCode
        order = orders.order(sight=sight, option=option, args=args, payer_id=payer_id)
        if option is not None:
            order.refuse_unless_free()
        quote = _quote(order)
        if order.former_price == order.price:
            return quote
        return replace(quote, former=_quote(replace(order, price=order.former_price)))

    def claim(self, *, payment: PaymentDraft, quote: Quote) -> None:
        """Insert the run and its start command, and wake whoever sends it after the commit.

        Raises:
            OptionUnknown, ArgsInvalid: it sells no such thing.
            MachineOffline, MachineBusy: it cannot be started now.
        """
        orders.take(order_of(quote), price=payment.amount, now=payment.now, payment_id=payment.id)

    def describe(
        self, *, payment_ids: Collection[UUID], reader_id: UUID | None = None
    ) -> dict[UUID, dict[str, object]]:
        """Return the runs that payments bought, and by when the money is back if they do not start."""
        runs = queries.with_ears(Run.objects.filter(payment_id__in=payment_ids))
        return {
            run.payment_id: {
                "run": queries.view(run, reader_id=reader_id),
                "release_by": queries.release_by(run),
            }
            for run in runs
            if run.payment_id is not None
        }


def order_of(quote: Quote) -> Order:
    """Return what a machine's quote was made of."""
    return cast(Order, quote.claim_data)  # `_quote` put it there


def _quote(order: Order) -> Quote:
    sight = order.sight
    personal = sight.account_kind == Account.Kind.WALLET
    plan = None if personal else terms(sight.account_id)
    payee_name = plan.name if plan else sight.account_name
    tier = "personal" if personal else "merchant"
    shown = (KIND, str(sight.device_id), sight.account_id, payee_name, tier, sight.offers)
    return Quote(
        payee_account_id=sight.account_id,
        payee_name=payee_name,
        tier=tier,
        verified=plan.verified if plan else False,
        place=sight.place,
        amount=order.price,
        fee_bp=plan.fee_bp if plan else 0,
        fee_minimum=plan.fee_minimum if plan else 0,
        hold_s=hold_s(sight, planned_s=order.planned_s),
        version=payables.version_of(*shown, *_quoted(order)),
        machine=sight.shown(),
        ascii_name=plan.name_ascii if plan else "",
        ascii_city=plan.city_ascii if plan else "",
        needs_option=order.option is None,
        keeps_args=order.parcel_id is None,
        claim_data=order,
    )


def _quoted(order: Order) -> tuple[object, ...]:
    """Return what the offers do not tell of a price: of one that moves with time, where it stood."""
    if order.option is None or not order.option.quoted:
        return ()
    return (order.option.id, order.price)


payables.register(KIND, MachinePayable(), triggered=True)
