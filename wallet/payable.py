"""What a code stands for, as the pay page shows it: the contract's payable, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from devices.machines.base import find_all
from devices.orders import QUOTE_S
from payments import codes, notices
from payments.errors import OptionUnknown
from payments.models import Account, Code
from wallet import words
from wallet.fields import Field, fields_of
from wallet.runs import label_of
from wallet.voices import Voice, voice_of


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine on the stage."""

    type: str
    number: str
    label: str
    art: str  # off when it cannot be paid for

    @property
    def in_sentence(self) -> str:
        """The machine inside a sentence: washing machine 07."""
        return f"{self.label[:1].lower()}{self.label[1:]}\N{NO-BREAK SPACE}{self.number}"


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to buy.

    Attributes:
        short: label and duration, for the sheet.
        amount: minor units: of the whole, or of one unit of the field `per`.
        quoted: what it costs is told once its fields are filled in.
    """

    id: str
    label: str
    details: str
    short: str
    amount: int
    chosen: bool
    per: str = ""
    quoted: bool = False
    fields: Sequence[Field] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to know before paying."""

    text: str
    warns: bool  # something is wrong, more likely than not


@dataclass(frozen=True, slots=True)
class Payable:
    """The pay page. `amount` in minor units; None: chosen or typed by the payer."""

    code: str
    version: str
    payee: str
    is_shop: bool
    verified: bool
    place: str
    amount: int | None
    memo: str = ""
    machine: Machine | None = None
    options: Sequence[Option] = field(default_factory=tuple)
    notices: Sequence[Notice] = field(default_factory=tuple)
    closed: str = ""  # why it cannot be paid now
    voice: Voice | None = None  # how its machine is spoken of

    @property
    def is_typed(self) -> bool:
        """Does the payer type the amount?"""
        return self.amount is None and self.machine is None


def payable_of(*, token: str, payer_id: UUID) -> Payable:
    """Return what a code of ours stands for.

    Raises:
        UnknownCode, CodeExpired, CodeUsed, CodeRevoked: nothing to pay.
    """
    shown: Mapping[str, Any] = codes.scan(payload=token, payer_id=payer_id)
    machine = shown["machine"]
    return Payable(
        code=shown["code"],
        version=shown["version"],
        payee=shown["payee"]["name"],
        is_shop=shown["payee"]["tier"] == "merchant",
        verified=shown["payee"]["verified"],
        place=shown["payee"]["place"],
        amount=None if machine else shown["amount"],
        machine=_machine(machine) if machine else None,
        options=_options(machine) if machine else (),
        memo=shown["memo"],
        notices=_notices(shown),
        closed=_closed(machine) if machine else _own(shown["code"], payer_id),
        voice=voice_of(machine["type"]) if machine else None,
    )


def price_of(
    *, token: str, payer_id: UUID, option: str, args: Mapping[str, object] | None
) -> dict[str, object]:
    """Return what an option costs with these arguments: `amount` in minor units, and the `version` to pay by.

    Raises:
        Refusal: whatever would refuse to sell it.
    """
    shown = codes.scan(payload=token, payer_id=payer_id, option=option or None, args=args or {})
    if shown["amount"] is None:
        raise OptionUnknown
    return {"amount": shown["amount"], "version": shown["version"], "holds_s": QUOTE_S}


def _notices(shown: Mapping[str, Any]) -> list[Notice]:
    """Return what is to be known, warnings first."""
    payee = shown["payee"]["name"]
    told = [
        Notice(words.of_notice(one, payee=payee), warns=one == notices.Notice.LIKE_A_MACHINE)
        for one in shown["notices"]
    ]
    return sorted(told, key=lambda notice: not notice.warns)


def _machine(shown: Mapping[str, Any]) -> Machine:
    art = "off" if _closed(shown) else ""
    return Machine(shown["type"], shown["number"], label_of(shown["type"]), art)


def _closed(shown: Mapping[str, Any]) -> str:
    if not shown["online"]:
        return words.of_machine("machine_offline", number=shown["number"])
    if shown["busy"]:
        return words.of_machine("machine_busy", number=shown["number"])
    return "" if shown["options"] else _("This machine sells nothing now")


def _own(token: str, payer_id: UUID) -> str:
    wallet = {"account__owner_id": payer_id, "account__kind": Account.Kind.WALLET}
    return _("This is your own code") if Code.objects.filter(token=token, **wallet).exists() else ""


def _options(shown: Mapping[str, Any]) -> list[Option]:
    return [_option(shown["type"], one, chosen=place == 0) for place, one in enumerate(shown["options"])]


def _option(machine_type: str, shown: Mapping[str, Any], *, chosen: bool) -> Option:
    lasts = _duration(machine_type, shown)
    return Option(
        id=shown["id"],
        label=shown["label"],
        details=shown["details"] or lasts,
        short=", ".join(text for text in (shown["label"], lasts) if text),
        amount=shown["amount"],
        chosen=chosen,
        per=shown["per"] or "",
        quoted=shown["quoted"],
        fields=fields_of(shown["args_schema"]),
    )


def _duration(machine_type: str, shown: Mapping[str, Any]) -> str:
    """Return how long the machine will run, unless the option's label says so itself: 30 minutes, 1 day."""
    minutes = find_all()[machine_type].option(shown["id"]).minutes
    said = shown["label"][:1].isdecimal() or str(minutes) in shown["label"]
    return "" if said or not minutes else _("%(minutes)d min") % {"minutes": minutes}
