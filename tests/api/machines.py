"""Machines that answer, without a broker in between."""

from typing import Any
from uuid import UUID

from devices.gateway.intake import Intake
from devices.models import Device
from devices.schedule import DEAF
from devices.services.drive import attend
from devices.services.provision import provision
from merchants.models import Merchant
from payments.models import Code
from tests.devices.hardware import Hardware
from tests.devices.paying import go_online


class Machine:
    """A machine with its sticker and its controller."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.id = str(device.pk)
        self.token = Code.objects.get(target=device.pk).token
        self._hardware = Hardware(device)
        self._intake = Intake(still_ours=lambda: True)

    def go_online(self) -> None:
        go_online(self._intake, self._hardware)

    def is_told_to_start(self, run: str) -> None:
        """Let the worker send the start command."""
        assert attend(command_id=UUID(run), ears=DEAF, connected=True)

    def says(self, ev: str, *, about: str, **fields: Any) -> None:
        """Let the gateway hear an event about a run."""
        self._intake.store([self._hardware.event(ev, UUID(about), **fields)])


def new_machine(shop: Merchant, number: str, *, kind: str) -> Machine:
    """Put a machine of any type that nobody hears into a shop."""
    return Machine(
        provision(account_id=shop.account_id, place_id=None, type=kind, number=number, name=kind.title())
    )


def new_chair(shop: Merchant, number: str) -> Machine:
    """Put a massage chair that nobody hears into a shop."""
    return Machine(
        provision(account_id=shop.account_id, place_id=None, type="chair", number=number, name="Chair")
    )
