"""Parcel lockers: a courier puts something in, whoever has the code takes it out."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from devices.machines.arguments import NO_ARGUMENTS, Schema, arguments
from devices.machines.base import (
    NOTHING,
    CapturePoint,
    Machine,
    Option,
    Phase,
    Reveal,
    SettingsInvalid,
    gettext_noop,
)
from devices.machines.behaviours import Behaviour
from devices.machines.tariffs import Stay
from devices.protocol.commands import Op

PICK_UP = "pickup"
OPEN_S = 120  # a door that is not closed by then makes the locker complain
SIMULATED_OPEN_S = 15
HOUR_S = 3600
CAP_STEPS = 10  # where the operator set no cap

_DOOR: Schema = {"type": "string", "pattern": "[A-Za-z0-9-]{1,16}"}
_DOORS: Schema = {"type": "array", "items": _DOOR, "maxItems": 200}
_CODE: Schema = {
    "type": "string",
    "title": gettext_noop("Pick-up code"),
    "pattern": "[0-9]{8}",
    "maxLength": 8,
}


def _deposit(option_id: str, label: str) -> Option:
    """Putting something in costs nothing unless the operator asks couriers for a fee."""
    return Option(
        option_id,
        label,
        prices={"CNY": 0, "JPY": 0},
        args_schema=NO_ARGUMENTS,
        may_be_free=True,
        reveals=Reveal.PARCEL_CODE,
    )


class Locker(Machine):
    """A row of doors. Opening a door is what is sold; a door that stays shut costs nothing.

    `pickup` is priced by the step: nothing in the free time, then each step that has begun, up to the cap.
    """

    slug = "locker"
    label = gettext_noop("Parcel locker")
    options = (
        _deposit("deposit-s", gettext_noop("Put in, small")),
        _deposit("deposit-m", gettext_noop("Put in, medium")),
        _deposit("deposit-l", gettext_noop("Put in, large")),
        Option(
            PICK_UP,
            gettext_noop("Take out"),
            prices={"CNY": 100, "JPY": 100},
            details=gettext_noop("Free at first, then by time"),
            args_schema=arguments(code=_CODE),
            may_be_free=True,
            quoted=True,
        ),
    )
    phases = (Phase("open", gettext_noop("Door open"), evidence="door:open"),)
    capture_point = CapturePoint.START
    args_schema = arguments(code=_CODE, optional=("code",))
    start_schema = arguments(door=_DOOR)
    operations = Machine.operations | {Op.OPEN}
    keeps_parcels = True
    settings_schema = arguments(
        doors=arguments(S=_DOORS, M=_DOORS, L=_DOORS, optional=("S", "M", "L")),
        free_s={"type": "integer", "minimum": 0, "maximum": 90 * 24 * HOUR_S},
        step_s={"type": "integer", "minimum": 60, "maximum": 30 * 24 * HOUR_S},
        cap={"type": "integer", "minimum": 0, "maximum": 10**12},  # minor units
        optional=("doors", "free_s", "step_s", "cap"),
    )
    default_settings = {
        "doors": {"S": ["1", "2", "3", "4"], "M": ["5", "6"], "L": ["7"]},
        "free_s": 24 * HOUR_S,
        "step_s": 12 * HOUR_S,
    }

    def check_settings(self, settings: Mapping[str, Any]) -> None:
        super().check_settings(settings)
        doors = Counter(door for size in settings.get("doors", {}).values() for door in size)
        if twice := sorted(door for door, times in doors.items() if times > 1):
            raise SettingsInvalid({"doors": [f"Named twice: {', '.join(twice)}."]})

    def amount(
        self,
        option: Option,
        *,
        price: int,
        args: Mapping[str, Any],
        settings: Mapping[str, Any] = NOTHING,
        stayed_s: int = 0,
    ) -> int:
        if option.id != PICK_UP:
            return price
        stay = Stay(settings["free_s"], settings["step_s"], settings.get("cap", CAP_STEPS * price))
        return stay.amount(stayed_s, step_price=price)

    def doors(self, option: Option, settings: Mapping[str, Any]) -> tuple[str, ...]:
        size = option.id.removeprefix("deposit-").upper()
        return tuple(settings["doors"].get(size, ()))

    def build_args(self, option: Option, args: Mapping[str, Any]) -> dict[str, Any]:
        return {}

    def planned_s(self, option: Option, args: Mapping[str, Any] = NOTHING) -> int:
        return OPEN_S

    def behaviour(self, start_args: Mapping[str, Any]) -> Behaviour:
        return Behaviour(lasts_s=SIMULATED_OPEN_S)
