"""A machine that waits for its owner, whom it could earn for, and its code once it is somebody's."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _

from devices import setup_codes
from devices.errors import UnknownSetupCode
from devices.models import Device
from merchants.models import Merchant
from payments import accounts
from payments.models import Code
from wallet.receiving import Card
from wallet.runs import label_of

WALLET = "wallet"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A machine without an owner. `number` is what it goes by until it has a plate."""

    type: str
    label: str
    number: str


@dataclass(frozen=True, slots=True)
class Home:
    """For whom, and where, a machine could earn."""

    value: str
    name: str
    words: str
    merchant_id: UUID | None = None
    place_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Own:
    """A machine of one's own; `code` is what to stick on it, if it has one that pays.

    Paying through it starts the machine, unless that only announces what was paid.
    """

    type: str
    label: str
    number: str
    payee: str
    place: str
    code: Card | None
    starts: bool


def waiting(*, token: str) -> Waiting:
    """Return the machine that waits for whoever holds this token.

    Raises:
        UnknownSetupCode: none does.
    """
    setup_hash = setup_codes.hash_of(token)
    device = Device.objects.filter(setup_hash=setup_hash, account__isnull=True, enabled=True).first()
    if device is None:
        raise UnknownSetupCode
    return Waiting(device.type, label_of(device.type), device.number)


def homes(*, user_id: UUID) -> Sequence[Home]:
    """Return a person's places: those of his shops first, then his own wallet."""
    shops = Merchant.objects.filter(owner_id=user_id, status=Merchant.Status.ACTIVE).order_by("name", "id")
    found = [home for shop in shops.prefetch_related("places") for home in _of_shop(shop)]
    wallet = accounts.wallet_of(user_id)
    return [*found, Home(WALLET, wallet.name, _("Personal · free of fees"))]


def own(*, user_id: UUID, device_id: UUID) -> Own:
    """Return a machine that earns for this person or for his shop.

    Raises:
        Http404: somebody else's, or nobody's.
    """
    mine = Device.objects.filter(pk=device_id, account__owner_id=user_id).select_related("account", "place")
    device = mine.first()
    if device is None or device.account is None:
        raise Http404
    label = label_of(device.type)
    stuck = {"target": device.pk, "account_id": device.account_id, "kind": Code.Kind.STATIC}
    code = Code.objects.filter(status=Code.Status.ACTIVE, **stuck).order_by("id").first()
    return Own(
        type=device.type,
        label=label,
        number=device.number,
        payee=device.account.name,
        place=device.place.name if device.place else "",
        code=_card(code, name=device.account.name, words=f"{label} {device.number}") if code else None,
        starts=code is not None and code.payable == "machine",
    )


def _of_shop(shop: Merchant) -> list[Home]:
    places = sorted(shop.places.all(), key=lambda place: place.name)
    if not places:
        return [Home(str(shop.pk), shop.name, _("Shop"), shop.pk)]
    return [Home(f"{shop.pk}.{place.pk}", shop.name, place.name, shop.pk, place.pk) for place in places]


def _card(code: Code, *, name: str, words: str) -> Card:
    return Card(
        id=code.pk, name=name, words=words, status=code.status, amount=code.amount, expires_at=code.expires_at
    )
