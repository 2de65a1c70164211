"""Washing machines: the payer buys a course."""

from collections.abc import Mapping
from typing import Any

from devices.machines.arguments import arguments
from devices.machines.base import CapturePoint, Machine, Option, Phase, gettext_noop
from devices.protocol.commands import Op


class Washer(Machine):
    """A washing machine. Started when its door is locked and a course runs; earned once it washes."""

    slug = "washer"
    label = gettext_noop("Washing machine")
    options = (
        Option(
            "quick",
            gettext_noop("Quick"),
            minutes=20,
            prices={"CNY": 300, "JPY": 200},
            details=gettext_noop("Cold, 20 minutes"),
        ),
        Option(
            "cotton-40",
            gettext_noop("Cotton 40 °C"),
            minutes=38,
            prices={"CNY": 400, "JPY": 300},
            details=gettext_noop("Everyday laundry, 38 minutes"),
        ),
        Option(
            "cotton-60",
            gettext_noop("Cotton 60 °C"),
            minutes=55,
            prices={"CNY": 500, "JPY": 400},
            details=gettext_noop("Towels and bedding, 55 minutes"),
        ),
    )
    phases = (
        Phase("fill", gettext_noop("Filling"), share=8, evidence="door:locked,flow_lpm:9.5"),
        Phase("wash", gettext_noop("Washing"), share=46, evidence="door:locked,drum_rpm:52"),
        Phase("rinse", gettext_noop("Rinsing"), share=26, evidence="door:locked,drum_rpm:48"),
        Phase("spin", gettext_noop("Spinning"), share=18, evidence="door:locked,drum_rpm:1000"),
        Phase("unlock", gettext_noop("Unlocking the door"), share=2, evidence="door:locked,drum_rpm:0"),
    )
    capture_point = CapturePoint.PHASE
    capture_phase = "wash"
    operations = Machine.operations | {Op.POWER_ON, Op.POWER_OFF}
    has_door = True
    warn_s = 300
    start_schema = arguments(
        course={"type": "string", "enum": [option.id for option in options]},
        dur_s={"type": "integer", "minimum": 1, "maximum": 4 * 3600},
    )

    def build_args(self, option: Option, args: Mapping[str, Any]) -> dict[str, Any]:
        return {"course": option.id, "dur_s": option.dur_s}
