"""Coin-operated machines of any kind: the payer buys pulses, which the machine takes for coins."""

from collections.abc import Mapping
from typing import Any

from devices.machines.arguments import arguments
from devices.machines.base import NOTHING, CapturePoint, Machine, Option, Phase, gettext_noop
from devices.machines.behaviours import Behaviour

PULSE_S = 1  # a pulse and the pause behind it, at the slowest


class Pulse(Machine):
    """A relay at a coin input. What the machine behind it does with the coins, nobody hears."""

    slug = "pulse"
    label = gettext_noop("Coin machine")
    options = (
        Option(
            "pulses",
            gettext_noop("Plays"),
            prices={"CNY": 100, "JPY": 100},
            details=gettext_noop("1 to 20"),
            per="n",
        ),
    )
    phases = (Phase("pulses", gettext_noop("Sending"), evidence="relay:pulsing"),)
    capture_point = CapturePoint.START
    args_schema = arguments(
        n={"type": "integer", "title": gettext_noop("How many"), "minimum": 1, "maximum": 20, "default": 1}
    )
    start_schema = args_schema

    def planned_s(self, option: Option, args: Mapping[str, Any] = NOTHING) -> int:
        return PULSE_S * int(args["n"])

    def build_args(self, option: Option, args: Mapping[str, Any]) -> dict[str, Any]:
        return {"n": args["n"]}

    def behaviour(self, start_args: Mapping[str, Any]) -> Behaviour:
        return Behaviour(lasts_s=PULSE_S * int(start_args["n"]))
