"""Karaoke boxes: the payer buys time in the box."""

from collections.abc import Mapping
from typing import Any

from devices.machines.arguments import arguments
from devices.machines.base import MINUTE_S, NOTHING, CapturePoint, Machine, Option, Phase, gettext_noop


class Karaoke(Machine):
    """A karaoke box. Started when its screen shows the session; broken off, only the time used is paid."""

    slug = "karaoke"
    label = gettext_noop("Karaoke box")
    options = (
        Option("30min", gettext_noop("30 minutes"), minutes=30, prices={"CNY": 2500, "JPY": 500}),
        Option("60min", gettext_noop("1 hour"), minutes=60, prices={"CNY": 4500, "JPY": 900}),
        Option(
            "minutes",
            gettext_noop("By the minute"),
            prices={"CNY": 90, "JPY": 20},
            details=gettext_noop("10 to 240 minutes"),
            per="minutes",
            args_schema=arguments(
                minutes={
                    "type": "integer",
                    "title": gettext_noop("Minutes"),
                    "minimum": 10,
                    "maximum": 240,
                    "default": 20,
                }
            ),
        ),
    )
    phases = (
        Phase("welcome", gettext_noop("Welcome"), share=1, evidence="screen:session"),
        Phase("singing", gettext_noop("Singing"), share=28, evidence="screen:session"),
        Phase("last_song", gettext_noop("Last song"), share=1, evidence="screen:session"),
    )
    capture_point = CapturePoint.END
    warn_s = 60
    start_schema = arguments(dur_s={"type": "integer", "minimum": 1, "maximum": 4 * 3600})

    def planned_s(self, option: Option, args: Mapping[str, Any] = NOTHING) -> int:
        return args[option.per] * MINUTE_S if option.per else option.dur_s

    def build_args(self, option: Option, args: Mapping[str, Any]) -> dict[str, Any]:
        return {"dur_s": self.planned_s(option, args)}
