"""What somebody asks of a machine: checked, priced, and then taken. Nothing here moves money."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from devices import keys
from devices.errors import MachineBusy, MachineOffline
from devices.machines.arguments import errors_in
from devices.machines.base import ArgsInvalid as ArgsDoNotFit
from devices.machines.base import Option
from devices.models import Parcel
from devices.protocol import commands as wire
from devices.protocol.envelope import sign
from devices.protocol.errors import Oversized
from devices.protocol.topics import Topic
from devices.services import parcels
from devices.services.claims import Claim, claim
from devices.sight import Sight
from payments.errors import ArgsInvalid, OptionUnknown

QUOTE_S = 120  # so long a price that moves with time is true after it was shown
LONGEST_SESS = "0" * 32
LATEST_MS = 10**13 - 1  # as many digits as any `t` or `exp` before the year 2286


@dataclass(frozen=True, slots=True)
class Order:
    """An option of a machine with everything that its price and its command depend on. Minor units.

    Attributes:
        option: None: shown, nothing chosen.
        args: as the payer filled them in.
        price: None: nothing, or not enough, was chosen to know it.
        former_price: what it cost 120 s ago; that price still holds.
        doors: of a machine that keeps parcels, those that would do.
        parcel_id: what is fetched; None: nothing is.
    """

    sight: Sight
    option: Option | None
    args: Mapping[str, Any]
    price: int | None
    former_price: int | None
    doors: tuple[str, ...] = ()
    parcel_id: UUID | None = None

    @property
    def planned_s(self) -> int:
        """How long the machine would be at work; 0 while that is not known."""
        if self.option is None or self.price is None:
            return 0
        return self.sight.machine.planned_s(self.option, self.args)

    @property
    def start_args(self) -> dict[str, Any]:
        """What the start command carries; of several doors the first.

        Raises:
            OptionUnknown, ArgsInvalid: as `order`.
        """
        return _start_args(self, door=self.doors[0] if self.doors else "")

    def refuse_unless_free(self) -> None:
        """Raises MachineOffline, MachineBusy."""
        machine, sight = self.sight.machine, self.sight
        if not sight.online:
            raise MachineOffline
        if not machine.keeps_parcels:
            if sight.is_busy(machine.slot(self.args)):
                raise MachineBusy
        elif not self.doors:
            raise MachineBusy(_("No door of this size is free. Nothing was paid."))
        elif all(sight.is_busy(door) for door in self.doors):
            raise MachineBusy


def order(
    *, sight: Sight, option: str | None, args: Mapping[str, Any] | None = None, payer_id: UUID | None = None
) -> Order:
    """Return what an option with these arguments means on a machine. Reserves nothing.

    Args:
        option: None: whatever is sold is shown; the only thing sold is meant.
        payer_id: who asks: wrong pick-up codes are counted. None: a shop's server, as `parcels.find`.

    Raises:
        OptionUnknown, ArgsInvalid: it sells no such thing. Never raised without an option.
        TooManyTries: wrong pick-up codes. Call outside transactions, or they are not counted.
    """
    chosen = _chosen(sight, option)
    args = args or {}
    if chosen is None or (option is None and errors_in(sight.machine.schema_of(chosen), args)):
        return Order(sight, chosen, args, price=None, former_price=None)
    _check(sight, chosen, args)
    if not sight.machine.keeps_parcels:
        price = _price(sight, chosen, args)
        asked = Order(sight, chosen, args, price=price, former_price=price)
    elif chosen.quoted:
        parcel = parcels.find(device_id=sight.device_id, code=str(args["code"]), payer_id=payer_id)
        asked = _fetching(sight, chosen, args, parcel)
    else:
        asked = _putting_in(sight, chosen, args)
    _refuse_too_long(asked)
    return asked


def take(
    order: Order, *, price: int, now: datetime, payment_id: UUID | None = None, opened_by: UUID | None = None
) -> UUID:
    """Insert the run and its start command, with a locker's parcel, inside the caller's transaction.

    Args:
        price: what was paid, in minor units; 0 for a run that `opened_by` need not pay.
        now: the transaction's time, by the database clock.

    Returns:
        The run's id. Whoever sends the command is woken after the commit.

    Raises:
        OptionUnknown, ArgsInvalid: nothing was chosen, or what was not asked for by name does not fit.
        MachineOffline, MachineBusy: it cannot be started now.
    """
    order.refuse_unless_free()
    if not order.sight.machine.keeps_parcels:
        return claim(_claim(order, price, now, payment_id, opened_by))
    for door in order.doors:
        with suppress(MachineBusy), transaction.atomic():
            run_id = claim(_claim(order, price, now, payment_id, opened_by, door=door))
            _keep(order, run_id, door)
            return run_id
    raise MachineBusy


def _keep(order: Order, run_id: UUID, door: str) -> None:
    """Raises MachineBusy when somebody else's parcel is behind the door, or was just fetched."""
    if order.parcel_id is None:
        kept = parcels.put_in(device_id=order.sight.device_id, door=door, run_id=run_id)
    else:
        kept = parcels.fetch(parcel_id=order.parcel_id, run_id=run_id)
    if not kept:
        raise MachineBusy


def _claim(
    order: Order,
    price: int,
    now: datetime,
    payment_id: UUID | None,
    opened_by: UUID | None,
    *,
    door: str = "",
) -> Claim:
    start_args = _start_args(order, door=door)
    if order.option is None or order.price is None:
        raise OptionUnknown
    return Claim(
        sight=order.sight,
        option=order.option,
        slot=door or order.sight.machine.slot(order.args),
        args=_args_kept(order),
        start_args=start_args,
        planned_s=order.planned_s,
        price=price,
        payment_id=payment_id,
        opened_by=opened_by,
        now=now,
    )


def _args_kept(order: Order) -> Mapping[str, Any]:
    """Return the arguments as the run keeps them: a pick-up code is a secret and is stored nowhere."""
    return {} if order.parcel_id else order.args


def _chosen(sight: Sight, option_id: str | None) -> Option | None:
    """Return the option asked for, or the only one there is; None: it must be chosen."""
    offers = sight.offers
    if option_id is not None:
        if option_id not in offers:
            raise OptionUnknown
        return sight.machine.option(option_id)
    only = sight.machine.option(next(iter(offers))) if len(offers) == 1 else None
    return only if only and not only.quoted else None


def _check(sight: Sight, option: Option, args: Mapping[str, Any]) -> None:
    try:
        sight.machine.check_args(option, args)
    except ArgsDoNotFit as error:
        raise ArgsInvalid(errors={f"args.{name}": texts for name, texts in error.errors.items()}) from error


def _putting_in(sight: Sight, option: Option, args: Mapping[str, Any]) -> Order:
    price = _price(sight, option, args)
    taken = {*sight.taken, *parcels.doors_taken(device_id=sight.device_id)}
    free = tuple(door for door in sight.machine.doors(option, sight.settings) if door not in taken)
    return Order(sight, option, args, price=price, former_price=price, doors=free)


def _fetching(sight: Sight, option: Option, args: Mapping[str, Any], parcel: Parcel) -> Order:
    """Price the time since the door closed on a parcel: until now, and until 120 s ago."""
    stayed_s = int((sight.at - parcel.stored_at).total_seconds()) if parcel.stored_at else 0
    return Order(
        sight,
        option,
        args,
        price=_price(sight, option, args, stayed_s=stayed_s),
        former_price=_price(sight, option, args, stayed_s=max(0, stayed_s - QUOTE_S)),
        doors=(parcel.door,),
        parcel_id=parcel.pk,
    )


def _price(sight: Sight, option: Option, args: Mapping[str, Any], *, stayed_s: int = 0) -> int:
    return sight.machine.amount(
        option, price=sight.offers[option.id], args=args, settings=sight.settings, stayed_s=stayed_s
    )


def _start_args(order: Order, *, door: str) -> dict[str, Any]:
    if order.option is None:
        raise OptionUnknown
    _check(order.sight, order.option, order.args)
    return order.sight.machine.start_args(order.option, order.args, door=door)


def _refuse_too_long(order: Order) -> None:
    """Raises ArgsInvalid when the start command would be longer than a machine reads."""
    device_id = str(order.sight.device_id)
    longest = wire.Command(
        id=order.sight.device_id,
        sess=LONGEST_SESS,
        t=LATEST_MS,
        exp=LATEST_MS,
        op=order.sight.machine.start_op,
        a=order.start_args,
    )
    try:
        sign(longest.body(), key=keys.key_of(device_id), device_id=device_id, topic=Topic.CMD)
    except Oversized as error:
        raise ArgsInvalid(_("This is too much for the machine.")) from error
