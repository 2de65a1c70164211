"""One town for every broker: a real gateway, a real worker, machines whose every word the test decides."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from pytest_django import Settings

from devices.models import Device, Run
from devices.services.provision import provision
from devices.sight import Sight
from merchants.models import Merchant
from people.models import User
from tests.devices.paying import bought, give
from tests.devices.wire import WiredMachine
from tests.rig.mosquitto import Mosquitto
from tests.rig.service import Service
from tests.rig.waiting import eventually

RICH = 100_000  # minor units
# Wire tests cannot wait ninety seconds; the order of things is the same.
CLOCK = {"COMMAND_EXPIRY_S": 4, "GRACE_S": 3, "NO_START_S": 1, "GATEWAY_RETURN_S": 1}


@dataclass
class Town:
    """Alice and the machines of Mei's laundry, over one broker."""

    broker: str
    url: str
    service: Service
    shop: Merchant
    alice: User
    admit: Callable[[], None]

    def machine(self, number: str = "07") -> WiredMachine:
        """A chair that the broker knows, not connected yet."""
        device = provision(
            account_id=self.shop.account_id, place_id=None, type="chair", number=number, name="Chair"
        )
        self.admit()
        return self.wired(device)

    def wired(self, device: Device, *, boot: int = 77) -> WiredMachine:
        """A controller of this machine."""
        return WiredMachine(device, url=self.url, boot=boot)

    def open(self) -> None:
        """Start what a machine needs to be sold and started."""
        self.admit()
        self.service.start("machines", "gateway", "beat")

    def pay(self, machine: WiredMachine) -> Run:
        """Let Alice pay for ten minutes as soon as the machine is online."""
        device = machine.hardware.device
        eventually(lambda: online(device), within_s=30, what="the machine is online")
        return bought(device, self.alice)


def online(device: Device) -> bool:
    sight = Sight.of(device.pk)
    return sight is not None and sight.online


@pytest.fixture(params=["nats", pytest.param("mosquitto", marks=pytest.mark.mosquitto)])
def town(
    request: pytest.FixtureRequest,
    service: Service,
    settings: Settings,
    mei_shop: Merchant,
    alice: User,
) -> Iterator[Town]:
    """The town over NATS and over Mosquitto; nothing of the service runs yet."""
    give(alice, RICH)
    for name, seconds in CLOCK.items():
        setattr(settings, name, seconds)
    service.env(**{name: str(seconds) for name, seconds in CLOCK.items()})
    if request.param == "nats":
        yield Town("nats", service.servers.nats.url, service, mei_shop, alice, service.admit_devices)
        return
    mosquitto: Mosquitto = request.getfixturevalue("mosquitto")
    mosquitto.admit_devices()
    mosquitto.start()
    service.env(MQTT_URL=mosquitto.url)
    yield Town("mosquitto", mosquitto.url, service, mei_shop, alice, mosquitto.admit_devices)
    service.stop()
