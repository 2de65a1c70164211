"""The demo's cast: people with money, two shops, one machine of every type, and what they sign in with."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import UUID

from django.db import transaction

from devices.machines.base import find_all
from devices.models import Device
from devices.services.provision import credentials, provision
from merchants import scopes
from merchants.models import ApiKey, Merchant, Place
from merchants.services import create_key, open_merchant, revoke_key
from payments import accounts, codes, idempotency, payloads, services
from payments.errors import InProgress
from payments.models import Code
from people import pin as pins
from people.models import User
from people.services import sign_up

Entry = dict[str, Any]

MONEY = 50_000  # minor units: 500.00 in a currency with two decimals
ADMIN_PHONE = "+8613800000000"


@dataclass(frozen=True)
class Shop:
    """One of the demo's shops; `owner` is a name of PEOPLE."""

    name: str
    owner: str
    category: str
    plan: str
    place: str
    city: str


PEOPLE = {"Wu Ting": "+8613800000001", "Kenji Ito": "+8613800000002", "Ana Costa": "+8613800000003"}
OWNERS = {"Mei Lin": "+8613800000011", "Jun Park": "+8613800000012"}
SHOPS = (
    Shop("Corner Laundry", "Mei Lin", "laundry", "standard", "Corner Street 3", "Shanghai"),
    Shop("Hill Road Arcade", "Jun Park", "arcade", "volume", "Hill Road 12", "Shanghai"),
)


@dataclass(frozen=True)
class Spot:
    """A machine of the demo and the shop it earns for."""

    number: str
    type: str
    name: str
    shop: str
    simulated: bool = True


# Two chairs have nobody to play them: they wait for a client of your own.
SPOTS = (
    Spot("07", "washer", "Washer", "Corner Laundry"),
    Spot("08", "washer", "Washer", "Corner Laundry"),
    Spot("21", "chair", "Massage chair", "Hill Road Arcade"),
    Spot("22", "chair", "Massage chair", "Hill Road Arcade"),
    Spot("31", "chair", "Massage chair", "Hill Road Arcade", simulated=False),
    Spot("32", "chair", "Massage chair", "Hill Road Arcade", simulated=False),
)
FIRST_FREE_NUMBER = 41  # for machine types without a spot of their own


@dataclass
class Kept:
    """What an earlier run wrote: secrets are stored hashed, so they can only come from there."""

    entries: Mapping[str, Any] = field(default_factory=dict)

    def person(self, phone: str) -> Entry | None:
        return next((one for one in self.entries.get("people", []) if one["phone"] == phone), None)

    def merchant(self, name: str) -> Entry | None:
        return next((one for one in self.entries.get("merchants", []) if one["name"] == name), None)

    @property
    def admin(self) -> Entry | None:
        return self.entries.get("admin")


def seed(*, kept: Kept, base_url: str, mqtt_url: str) -> Entry:
    """Make what is missing and return the whole of demo.json; a second run changes nothing.

    Args:
        kept: what the last run returned, or nothing.
    """
    with transaction.atomic():
        admin = _admin(kept)
        people = [_person(name, phone, kept) for name, phone in (PEOPLE | OWNERS).items()]
        owners = {person["name"]: UUID(person["user_id"]) for person in people}
        shops = {shop.name: _shop(shop, owners[shop.owner]) for shop in SHOPS}
        merchants = [_merchant(shop, kept) for shop in shops.values()]
        machines = [_machine(spot, shops[spot.shop]) for spot in _spots(shops)]
    for person in people:
        _give_money(UUID(person["user_id"]))
    return {
        "base_url": base_url,
        "mqtt_url": mqtt_url,
        "admin": admin,
        "people": people,
        "merchants": merchants,
        "machines": machines,
    }


def _admin(kept: Kept) -> Entry:
    if kept.admin is not None and User.objects.filter(phone=kept.admin["username"]).exists():
        return kept.admin
    password = secrets.token_urlsafe(12)
    user = User.objects.filter(phone=ADMIN_PHONE).first()
    if user is None:
        User.objects.create_superuser(phone=ADMIN_PHONE, password=password, name="Admin")
    else:
        _set_password(user, password)
    return {"username": ADMIN_PHONE, "password": password}


def _person(name: str, phone: str, kept: Kept) -> Entry:
    user, known = User.objects.filter(phone=phone).first(), kept.person(phone)
    if user is None or known is None:
        password, pin = secrets.token_urlsafe(9), _new_pin()
        user = (
            _renew(user, password, pin)
            if user
            else sign_up(phone=phone, password=password, name=name, pin=pin)
        )
    else:
        password, pin = known["password"], known["pin"]
    wallet = accounts.open_wallet(user_id=user.pk, name=user.name)
    return {
        "name": user.name,
        "phone": phone,
        "password": password,
        "pin": pin,
        "user_id": str(user.pk),
        "static_code": _payload(_static_code(wallet.pk, payable="person")),
    }


def _new_pin() -> str:
    """Return six digits that nobody tries first: four different ones at least, not in a row."""
    digits = secrets.SystemRandom().sample("0123456789", 6)
    return "".join(digits) if int(digits[1]) - int(digits[0]) not in {1, -1, 9, -9} else _new_pin()


def _renew(user: User, password: str, pin: str) -> User:
    _set_password(user, password)
    pins.change(user_id=user.pk, pin=pin)
    return user


def _set_password(user: User, password: str) -> None:
    user.set_password(password)
    user.save(update_fields=["password"])


def _shop(shop: Shop, owner_id: UUID) -> Merchant:
    merchant = Merchant.objects.filter(owner_id=owner_id, name=shop.name).first() or open_merchant(
        owner_id=owner_id,
        name=shop.name,
        category=shop.category,
        plan=shop.plan,
        name_ascii=shop.name,
        city_ascii=shop.city,
    )
    Merchant.objects.filter(pk=merchant.pk).update(verified=True)
    Place.objects.get_or_create(merchant=merchant, name=shop.place, defaults={"city": shop.city})
    return merchant


def _merchant(merchant: Merchant, kept: Kept) -> Entry:
    known = kept.merchant(merchant.name)
    return {
        "name": merchant.name,
        "api_key": known["api_key"] if known else _new_key(merchant),
        "static_code": _payload(
            _static_code(merchant.account_id, payable="merchant", place_id=merchant.places.get().pk)
        ),
    }


def _new_key(merchant: Merchant) -> str:
    """Replace the key whose text nobody has any more."""
    for lost in ApiKey.objects.filter(merchant=merchant, name="demo", revoked_at__isnull=True):
        revoke_key(key_id=lost.pk)
    return create_key(merchant_id=merchant.pk, name="demo", scopes=scopes.ALL)[1]


def _static_code(account_id: int, *, payable: str, place_id: UUID | None = None) -> Code:
    found = Code.objects.filter(
        account_id=account_id, payable=payable, kind=Code.Kind.STATIC, status=Code.Status.ACTIVE
    ).first()
    return found or codes.create(account_id=account_id, payable=payable, place_id=place_id)


def _spots(shops: Mapping[str, Merchant]) -> Iterator[Spot]:
    """Yield the spots, and one for every machine type that has none: a new type shows up by itself.

    What stands there keeps its number when a later version brings more types.
    """
    yield from SPOTS
    shop = SHOPS[1].name
    standing = dict(Device.objects.filter(account=shops[shop].account_id).values_list("type", "number"))
    free = (str(number) for number in count(FIRST_FREE_NUMBER) if str(number) not in standing.values())
    for slug in sorted(find_all().keys() - {spot.type for spot in SPOTS}):
        yield Spot(standing.get(slug) or next(free), slug, str(find_all()[slug].label), shop)


def _machine(spot: Spot, merchant: Merchant) -> Entry:
    device = Device.objects.filter(account_id=merchant.account_id, number=spot.number).first() or provision(
        account_id=merchant.account_id,
        place_id=merchant.places.get().pk,
        type=spot.type,
        number=spot.number,
        name=spot.name,
        simulated=spot.simulated,
    )
    secret = credentials(device)
    return {
        "id": str(device.pk),
        "number": device.number,
        "type": device.type,
        "owner": merchant.name,
        "code": _payload(Code.objects.get(target=device.pk, status=Code.Status.ACTIVE)),
        "key": secret.key,
        "mqtt_password": secret.mqtt_password,
        "simulated": device.simulated,
    }


def _payload(code: Code) -> str:
    return payloads.payload_of(code.token)


def _give_money(user_id: UUID) -> None:
    """Top up once in a lifetime: the key is the same every time."""
    body = {"amount": MONEY}
    call = idempotency.Call(
        caller=user_id, key="demo", body_hash=idempotency.digest("POST", "/api/v1/top-ups", body)
    )
    with suppress(InProgress):  # a demo that was ended at this moment: the sweep of this one brings it in
        services.top_up(call=call, amount=MONEY)
