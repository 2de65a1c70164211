"""What is printed: the codes of machines, and of the counters beside them, as stickers."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from devices.models import Device
from merchants.models import Merchant, Place
from payments import payloads, queries
from payments.models import Code
from payments.stickers import Sticker

FORMATS = ("url", "emv")
_MACHINE, _SHOP = "machine", "merchant"  # what a code stands for
_DIGITS = re.compile("([0-9]+)")


class NotPrintable(Exception):
    """Something cannot be printed; the text says what, why, and what helps."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Whose codes are wanted; what is empty does not narrow."""

    merchants: Collection[UUID] = ()
    places: Collection[UUID] = ()
    accounts: Collection[int] = ()

    def conditions(self, *, place: str) -> dict[str, Any]:
        """Return it as a filter of rows that have an account, and a place under this name."""
        wanted = {
            "account__merchant__in": self.merchants,
            f"{place}__in": self.places,
            "account__in": self.accounts,
        }
        return {name: values for name, values in wanted.items() if values}


@dataclass(frozen=True, slots=True)
class Printable:
    """A code and what is written around it."""

    code: Code
    payee: str
    place: str
    device: Device | None = None

    def __str__(self) -> str:
        return str(self.device or self.payee)


def machines(choice: Choice) -> tuple[list[Printable], list[Device]]:
    """Return the codes of the enabled machines that are wanted, and the machines without one that pays."""
    devices = list(
        Device.objects.filter(enabled=True, account__isnull=False, **choice.conditions(place="place"))
    )
    codes = _paying().filter(target__in=[device.pk for device in devices]).order_by("pk")
    newest = {(code.target, code.account_id): code for code in codes}
    stuck = [(device, newest.get((device.pk, device.account_id))) for device in devices]
    found = _printables([code for _device, code in stuck if code], devices)
    return found, [device for device, code in stuck if code is None]


def counters(choice: Choice) -> list[Printable]:
    """Return the shops' own printed codes that are wanted."""
    return _printables(
        _paying().filter(payable=_SHOP, target=None, **choice.conditions(place="place_id")), []
    )


def named(code_ids: Collection[UUID]) -> list[Printable]:
    """Return the codes with these ids.

    Raises:
        NotPrintable: there is no such code, or paper would outlive it.
    """
    codes = Code.objects.select_related("account").in_bulk(code_ids)
    for code_id in code_ids:
        code = codes.get(code_id)
        if code is None:
            raise NotPrintable(_("There is no code %(id)s: look its id up in the admin.") % {"id": code_id})
        if code.kind != Code.Kind.STATIC or code.status != Code.Status.ACTIVE:
            state = code.kind if code.status == Code.Status.ACTIVE else code.status
            raise NotPrintable(
                _("The code %(id)s is %(state)s: only static, active codes are worth printing.")
                % {"id": code_id, "state": state}
            )
    targets = [code.target for code in codes.values() if code.target]
    return _printables(codes.values(), Device.objects.filter(pk__in=targets))


def stickers(found: Iterable[Printable], *, form: str) -> list[Sticker]:
    """Return what is on the stickers, in the language of the deployment, shop by shop.

    Args:
        form: "url", or "emv" for the same pointer as EMVCo text.

    Raises:
        NotPrintable: a code cannot be spelt as EMVCo text.
    """
    return [_sticker(each, _symbol(each, form)) for each in sorted(found, key=_order)]


def _paying() -> Any:
    return Code.objects.select_related("account").filter(kind=Code.Kind.STATIC, status=Code.Status.ACTIVE)


def _printables(codes: Iterable[Code], devices: Iterable[Device]) -> list[Printable]:
    codes, by_id = list(codes), {device.pk: device for device in devices}
    accounts = {code.account_id for code in codes}
    shops = dict(Merchant.objects.filter(account__in=accounts).values_list("account", "name"))
    places = dict(Place.objects.filter(merchant__account__in=accounts).values_list("pk", "name"))
    found = []
    for code in codes:
        device = by_id.get(code.target) if code.target else None
        place_id = device.place_id if device else code.place_id
        place = places.get(place_id, "") if place_id else ""
        found.append(Printable(code, shops.get(code.account_id, code.account.name), place, device))
    return found


def _order(printable: Printable) -> tuple[object, ...]:
    """Shop by shop and place by place; counters first, then machines as people count: 2 before 10."""
    number = printable.device.number if printable.device else ""
    natural = [(part.zfill(16) if part.isdecimal() else part) for part in _DIGITS.split(number)]
    return printable.payee, printable.place, natural, printable.code.pk


def _symbol(printable: Printable, form: str) -> str:
    if form == "url":
        return payloads.payload_of(printable.code.token)
    text = queries.code_answer(printable.code)["emv"]
    if not isinstance(text, str):
        raise NotPrintable(
            _(
                "%(what)s cannot be written as EMVCo text: give its shop a name in ASCII in the admin, "
                "or print with --format url."
            )
            % {"what": printable}
        )
    return text


def _sticker(printable: Printable, symbol: str) -> Sticker:
    device = printable.device
    if device is None or printable.code.payable != _MACHINE:  # a speaker's code pays who it speaks for
        return Sticker(
            call=_("Scan to pay"),
            symbol=symbol,
            heading=printable.payee,
            name="",
            place=printable.place,
            help=_("Your phone must show this name before you pay."),
        )
    return Sticker(
        call=_("Scan to pay and start"),
        symbol=symbol,
        heading=device.number,
        name=device.name,
        place=" · ".join(filter(None, [printable.payee, printable.place])),
        help=_("Your phone must show this number before you pay."),
    )
