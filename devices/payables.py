"""Paying for a machine: into escrow, together with the run and the command that starts it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from django.utils.translation import gettext as _

from devices import keys, queries
from devices.errors import MachineBusy, MachineOffline
from devices.machines.base import ArgsInvalid as ArgsDoNotFit
from devices.machines.base import Option
from devices.models import Run
from devices.protocol import commands as wire
from devices.protocol.envelope import sign
from devices.protocol.errors import Oversized
from devices.protocol.topics import Topic
from devices.services.claims import Claim, claim, hold_s
from devices.sight import Sight
from merchants.queries import terms
from payments import payables
from payments.errors import ArgsInvalid, OptionUnknown, UnknownCode
from payments.models import Account, Code
from payments.payables import PaymentDraft, Quote

KIND = "machine"
LONGEST_SESS = "0" * 32
LATEST_MS = 10**13 - 1  # as many digits as any `t` or `exp` before the year 2286


@dataclass(frozen=True, slots=True)
class Order:
    """What a quote was made of, for the claim in the same transaction."""

    sight: Sight
    option: Option | None  # None: shown, nothing chosen
    args: Mapping[str, object]  # as the payer filled them in

    def start_args(self, option: Option) -> dict[str, object]:
        """Return what the start command carries.

        Raises:
            ArgsInvalid: what the payer filled in does not fit, or makes the command too long for a machine.
        """
        try:
            start_args = self.sight.machine.start_args(option, self.args)
        except ArgsDoNotFit as error:
            raise ArgsInvalid(
                errors={f"args.{name}": texts for name, texts in error.errors.items()}
            ) from error
        _refuse_too_long(self.sight, start_args)
        return start_args

    def refuse_unless_free(self) -> None:
        """Raises MachineOffline, MachineBusy."""
        if not self.sight.online:
            raise MachineOffline
        if self.sight.is_busy(self.sight.machine.slot(self.args)):
            raise MachineBusy


class MachinePayable:
    """A machine's code."""

    def quote(self, *, code: Code, option: str | None, args: Mapping[str, object] | None) -> Quote:
        """Return what a machine sells and for how much; with an option, what exactly that costs.

        Raises:
            OptionUnknown, ArgsInvalid: it sells no such thing.
            MachineOffline, MachineBusy: it cannot be started now. Never raised without an option.
        """
        sight = Sight.of(code.target) if code.target else None
        if sight is None:
            raise UnknownCode
        order = Order(sight, _chosen(sight, option), args or {})
        if option is not None and order.option is not None:
            order.start_args(order.option)
            order.refuse_unless_free()
        return _quote(order)

    def claim(self, *, payment: PaymentDraft, quote: Quote) -> None:
        """Insert the run and its start command, and wake whoever sends it after the commit.

        Raises:
            OptionUnknown, ArgsInvalid: it sells no such thing.
            MachineOffline, MachineBusy: it cannot be started now.
        """
        order = cast(Order, quote.claim_data)  # `_quote` put it there
        if order.option is None:
            raise OptionUnknown
        start_args = order.start_args(order.option)
        order.refuse_unless_free()
        claim(
            Claim(
                sight=order.sight,
                option=order.option,
                slot=order.sight.machine.slot(order.args),
                args=order.args,
                start_args=start_args,
                price=payment.amount,
                payment_id=payment.id,
                now=payment.now,
            )
        )

    def describe(self, *, payment_ids: Collection[UUID]) -> dict[UUID, dict[str, object]]:
        """Return the runs that payments bought, and by when the money is back if they do not start."""
        runs = queries.with_ears(Run.objects.filter(payment_id__in=payment_ids))
        return {
            run.payment_id: {"run": queries.view(run), "release_by": queries.release_by(run)}
            for run in runs
            if run.payment_id is not None
        }


def _chosen(sight: Sight, option_id: str | None) -> Option | None:
    """Return the option asked for, or the only one there is; None: several are sold and none was chosen."""
    offers = sight.offers
    if option_id is None:
        return sight.machine.option(next(iter(offers))) if len(offers) == 1 else None
    if option_id not in offers:
        raise OptionUnknown
    return sight.machine.option(option_id)


def _quote(order: Order) -> Quote:
    sight = order.sight
    personal = sight.account_kind == Account.Kind.WALLET
    plan = None if personal else terms(sight.account_id)
    payee_name = plan.name if plan else sight.account_name
    tier = "personal" if personal else "merchant"
    return Quote(
        payee_account_id=sight.account_id,
        payee_name=payee_name,
        tier=tier,
        verified=plan.verified if plan else False,
        place=sight.place,
        amount=_amount(order),
        fee_bp=plan.fee_bp if plan else 0,
        fee_minimum=plan.fee_minimum if plan else 0,
        hold_s=_hold_s(order),
        version=payables.version_of(
            KIND, str(sight.device_id), sight.account_id, payee_name, tier, sight.offers
        ),
        machine=sight.shown(),
        ascii_name=plan.name_ascii if plan else "",
        ascii_city=plan.city_ascii if plan else "",
        needs_option=order.option is None,
        claim_data=order,
    )


def _amount(order: Order) -> int | None:
    """Return what the order costs, in minor units; None while nothing, or not enough, was chosen."""
    machine, option = order.sight.machine, order.option
    if option is None or not set(machine.args_schema["required"]) <= set(order.args):
        return None
    return machine.amount(option, price=order.sight.offers[option.id], args=order.args)


def _hold_s(order: Order) -> int:
    """Return when the hold must be resolved at the latest, whatever happens, in seconds from now."""
    planned_s = order.sight.machine.planned_s(order.option) if order.option else 0
    return hold_s(order.sight, planned_s=planned_s)


def _refuse_too_long(sight: Sight, start_args: Mapping[str, object]) -> None:
    """Raises ArgsInvalid when the start command would be longer than a machine reads."""
    device_id = str(sight.device_id)
    longest = wire.Command(
        id=sight.device_id,
        sess=LONGEST_SESS,
        t=LATEST_MS,
        exp=LATEST_MS,
        op=sight.machine.start_op,
        a=dict(start_args),
    )
    try:
        sign(longest.body(), key=keys.key_of(device_id), device_id=device_id, topic=Topic.CMD)
    except Oversized as error:
        raise ArgsInvalid(_("This is too much for the machine.")) from error


payables.register(KIND, MachinePayable())
