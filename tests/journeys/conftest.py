"""A laundry with simulated machines, and Alice with money in front of it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from django.conf import settings

from devices.keys import key_of
from devices.models import Device
from devices.protocol.keys import mqtt_password
from devices.services.provision import provision
from merchants.models import Merchant, Place
from outbox.ids import uuid7
from payments import idempotency, payloads, services
from payments.idempotency import Call
from payments.models import Code
from people.models import User
from simulator.faults import Faults
from simulator.fleet import Fleet
from simulator.player import Device as Simulated
from tests.rig.service import Service

MONEY = 50_000  # minor units: 500.00
SPEED = 150  # the machines' clocks: twenty minutes last eight seconds


@dataclass(frozen=True)
class Spot:
    """A machine at its place, and what is stuck on it."""

    device: Device
    faults: Faults

    @property
    def path(self) -> str:
        """What its code opens."""
        return f"/q/{Code.objects.get(target=self.device.pk).token}"

    @property
    def payload(self) -> str:
        """What its code says."""
        return payloads.payload_of(Code.objects.get(target=self.device.pk).token)


@dataclass(frozen=True)
class Hall:
    """Machines by their type, and the service that starts them."""

    service: Service
    spots: Mapping[str, Spot]
    fleet: Fleet

    def __getitem__(self, machine_type: str) -> Spot:
        return self.spots[machine_type]

    def open(self, *besides: str, **environment: str) -> None:
        """Run everything that a machine needs to start, and wait for the machines."""
        self.service.env(**environment)
        self.service.start("web", "machines", "gateway", "beat", *besides)
        self.fleet.wait_online()

    def starts(self, spot: Spot) -> int:
        """How often a machine physically started."""
        return len(self.fleet.starts(str(spot.device.pk)))


class Laundry(Hall):
    """One washer, one chair."""

    @property
    def washer(self) -> Spot:
        return self["washer"]

    @property
    def chair(self) -> Spot:
        return self["chair"]


def spot(shop: Merchant, place: Place, *, number: str, machine_type: str) -> Spot:
    device = provision(
        account_id=shop.account_id,
        place_id=place.pk,
        type=machine_type,
        number=number,
        name=machine_type.title(),
        simulated=True,
    )
    return Spot(device, Faults())


def simulated(one: Spot) -> Simulated:
    key = key_of(str(one.device.pk))
    return Simulated(
        id=str(one.device.pk), type=one.device.type, key=key, password=mqtt_password(key), faults=one.faults
    )


def spots_at(shop: Merchant, numbers: Mapping[str, str]) -> dict[str, Spot]:
    """Set machines up: type -> number."""
    place = Place.objects.create(merchant=shop, name="12 Harbour Street", city="Shanghai")
    return {one: spot(shop, place, number=number, machine_type=one) for one, number in numbers.items()}


@pytest.fixture
def laundry(service: Service, mei_shop: Merchant) -> Iterator[Laundry]:
    """The machines, switched on; of the service nothing runs yet."""
    spots = spots_at(mei_shop, {"washer": "07", "chair": "21"})
    service.admit_devices()
    with Fleet(map(simulated, spots.values()), mqtt_url=settings.MQTT_URL, speed=SPEED) as fleet:
        yield Laundry(service, spots, fleet)


@pytest.fixture
def hall(service: Service, mei_shop: Merchant) -> Iterator[Callable[..., Hall]]:
    """Switch machines of some types on, at a speed; of the service nothing runs yet."""
    with ExitStack() as open_fleets:

        def switched_on(*types: str, speed: float = SPEED) -> Hall:
            spots = spots_at(mei_shop, {one: str(number) for number, one in enumerate(types, start=41)})
            service.admit_devices()
            fleet = Fleet(map(simulated, spots.values()), mqtt_url=settings.MQTT_URL, speed=speed)
            return Hall(service, spots, open_fleets.enter_context(fleet))

        yield switched_on


@pytest.fixture
def alice(alice: User) -> User:
    """Alice, with 500.00."""
    key = str(uuid7())
    services.top_up(call=Call(alice.pk, key, idempotency.digest("POST", "test", {})), amount=MONEY)
    return alice
