"""Setting up a machine, and the code that is stuck to it."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from devices import keys, setup_codes, speakers
from devices.errors import CodeStillPays, UnknownType
from devices.machines.base import find_all
from devices.models import Device, OperatorAction, Session
from devices.protocol.keys import encode_key
from outbox.ids import uuid7
from payments import codes
from payments.models import Account, Code

SERIAL = 8  # characters of its id that a machine without an owner goes by


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
    device = Device(
        account_id=account_id,
        place_id=place_id,
        type=type,
        number=number,
        name=name,
        simulated=simulated,
        slow=slow,
    )
    with transaction.atomic():
        _store(device)
        print_code(device)
    return device


def provision_unclaimed(
    *,
    type: str,  # noqa: A002  # the field's own name
    name: str = "",
    number: str = "",
    slow: bool = False,
) -> tuple[Device, str]:
    """Set up a machine that waits for whoever scans its set-up code; return it with the code's token.

    The token is said this once: what is stored is its hash.

    Args:
        type: slug of a machine type.
        name: by default its type's.
        number: by default the end of its id; its owner paints another one.
        slow: as for `provision`.

    Raises:
        UnknownType: no file in devices/machines/ describes it.
    """
    token, device_id = setup_codes.new_token(), uuid7()
    label = str(find_all()[type].label) if type in find_all() else ""
    device = Device(
        id=device_id,
        setup_hash=setup_codes.hash_of(token),
        type=type,
        number=number or str(device_id)[-SERIAL:].upper(),
        name=name or label,
        slow=slow,
    )
    with transaction.atomic():
        _store(device)
    return device, token


def credentials(device: Device) -> Credentials:
    """Return what a machine needs to connect and to be believed."""
    name = str(device.pk)
    return Credentials(
        device_id=name,
        key=encode_key(keys.key_of(name, device.key_version)),
        mqtt_password=keys.password_of(name, device.key_version),
    )


def print_code(device: Device) -> Code:
    """Make the code that is stuck to the machine, inside the caller's transaction.

    A speaker sells nothing: its code pays its owner, and the payer types the amount.
    """
    return codes.create(
        account_id=device.earner_id,
        kind="static",
        payable=_owner(device) if speakers.is_speaker(device.type) else "machine",
        target=device.pk,
        place_id=device.place_id,
        label=f"{device.name} {device.number}",
    )


def renew_code(*, device_id: UUID, user_id: UUID, reason: str) -> Code:
    """Make a new code for a machine whose printed one was revoked.

    Raises:
        CodeStillPays: its code works. With two of them nobody knew which sticker is the right one.
    """
    with transaction.atomic():
        device = Device.objects.select_for_update(no_key=True).get(pk=device_id)
        stuck = {"target": device.pk, "account_id": device.earner_id, "kind": Code.Kind.STATIC}
        if Code.objects.filter(status=Code.Status.ACTIVE, **stuck).exists():
            raise CodeStillPays
        code = print_code(device)
        OperatorAction.objects.create(
            device=device, op="new_code", reason=reason, user_id=user_id, args={"code": str(code.pk)}
        )
    return code


def _owner(device: Device) -> str:
    """Return what a code that pays a machine's owner points at."""
    shop = Account.objects.filter(pk=device.earner_id, kind=Account.Kind.MERCHANT).exists()
    return "merchant" if shop else "person"


def _store(device: Device) -> None:
    if device.type not in find_all():
        raise UnknownType(device.type)
    device.save(force_insert=True)
    Session.objects.create(device=device)
