"""Setting up a machine."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from devices import keys
from devices.errors import UnknownType
from devices.machines.base import find_all
from devices.models import Device, Session
from devices.protocol.keys import encode_key
from payments import codes
from payments.models import Code


@dataclass(frozen=True, slots=True)
class Credentials:
    """What is put into a machine once; nobody stores it."""

    device_id: str  # user name and client id at the broker
    key: str  # signs messages; base64url
    mqtt_password: str


def provision(
    *,
    account_id: int,
    place_id: UUID | None,
    type: str,  # noqa: A002  # the field's own name
    number: str,
    name: str,
    simulated: bool = False,
    slow: bool = False,
) -> Device:
    """Set up a machine that earns for an account, and its printed code.

    Args:
        type: slug of a machine type.
        number: painted on the machine; names one machine of the account.
        slow: it hangs on a slow network: its payer waits longer for the release.

    Raises:
        UnknownType: no file in devices/machines/ describes it.
    """
    if type not in find_all():
        raise UnknownType(type)
    with transaction.atomic():
        device = Device.objects.create(
            account_id=account_id,
            place_id=place_id,
            type=type,
            number=number,
            name=name,
            simulated=simulated,
            slow=slow,
        )
        Session.objects.create(device=device)
        _print_code(device)
    return device


def credentials(device: Device) -> Credentials:
    """Return what a machine needs to connect and to be believed."""
    name = str(device.pk)
    return Credentials(
        device_id=name,
        key=encode_key(keys.key_of(name, device.key_version)),
        mqtt_password=keys.password_of(name, device.key_version),
    )


def _print_code(device: Device) -> Code:
    """Make the code that is stuck to the machine."""
    return codes.create(
        account_id=device.account_id,
        kind="static",
        payable="machine",
        target=device.pk,
        place_id=device.place_id,
        label=f"{device.name} {device.number}",
    )
