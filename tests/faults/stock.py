"""Machines of every type that a person buys at, some of them broken, and what a wallet asks of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from devices import keys
from devices.machines.base import Machine, find_all
from devices.models import Device
from devices.protocol.keys import encode_key
from devices.services.provision import provision
from payments.models import Code
from tests.faults.wallets import Wish

PRICE = 500  # minor units; also of what is free unless its owner says otherwise
OF_EACH_TYPE = 4  # the last of them is broken
# Everything that the type has for sale, if not its first option without arguments.
WISHES: Mapping[str, tuple[tuple[str, dict[str, Any]], ...]] = {
    "pulse": (("pulses", {"n": 3}),),
    "sandbox": (("ok", {}), ("breaks-off", {}), ("rejected", {}), ("no-start", {}), ("silent", {})),
}
SETTINGS: Mapping[str, dict[str, Any]] = {"locker": {"doors": {"S": [str(door) for door in range(1, 100)]}}}
FAULTS: tuple[Mapping[str, Any], ...] = (
    {"silent": True},
    {"breaks_after_s": 200},
    {"duplicates": 0.3},
    {"deaf_s": 3},
    {"delay_s": 1.0, "reorder": 0.3, "replays": 0.3},
    {"mute_s": 2},
    {"no_start": True},
    {"rejects": "busy"},
)


@dataclass(frozen=True)
class Sold:
    """A machine, what is asked of it, and what is wrong with it."""

    device: Device
    wishes: tuple[Wish, ...]
    faults: Mapping[str, Any]


def stock(account_id: int) -> list[Sold]:
    """Set up machines of every type that takes money."""
    types = [machine for machine in find_all().values() if machine.options]
    faults = cycle(FAULTS)
    return [
        _machine(account_id, machine, number, next(faults) if _is_broken(machine, number) else {})
        for machine in types
        for number in range(1, OF_EACH_TYPE + 1)
    ]


def told(sold: Sold) -> dict[str, Any]:
    """Return what the hall must know of a machine."""
    name, version = str(sold.device.pk), sold.device.key_version
    return {
        "id": name,
        "type": sold.device.type,
        "key": encode_key(keys.key_of(name, version)),
        "password": keys.password_of(name, version),
        "faults": dict(sold.faults),
    }


def _is_broken(machine: Machine, number: int) -> bool:
    return machine.electronic and number == OF_EACH_TYPE


def _machine(account_id: int, machine: Machine, number: int, faults: Mapping[str, Any]) -> Sold:
    device = provision(
        account_id=account_id, place_id=None, type=machine.slug, number=f"{machine.slug} {number}", name="M"
    )
    wishes = WISHES.get(machine.slug, ((machine.options[0].id, {}),))
    Device.objects.filter(pk=device.pk).update(
        prices={option: PRICE for option, _ in wishes}, settings=SETTINGS.get(machine.slug, {})
    )
    token = Code.objects.get(target=device.pk).token
    return Sold(device, tuple(Wish(token, option, args) for option, args in wishes), faults)
