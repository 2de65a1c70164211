"""A machine for developers: each option has one outcome, every time."""

from collections.abc import Mapping
from typing import Any

from devices.machines.arguments import arguments
from devices.machines.base import CapturePoint, Machine, Option, Phase, gettext_noop
from devices.machines.behaviours import Behaviour

_PRICES = {"CNY": 100, "JPY": 100}


class Sandbox(Machine):
    """Does what it was paid for, good or bad, so that whoever builds on this service sees every ending."""

    slug = "sandbox"
    label = gettext_noop("Test machine")
    options = (
        Option("ok", gettext_noop("Runs for a minute"), minutes=1, prices=_PRICES),
        Option("rejected", gettext_noop("Refuses"), minutes=1, prices=_PRICES),
        Option("no-start", gettext_noop("Accepts and does not start"), minutes=1, prices=_PRICES),
        Option("silent", gettext_noop("Never answers"), minutes=1, prices=_PRICES),
        Option("breaks-off", gettext_noop("Breaks off half-way"), minutes=1, prices=_PRICES),
    )
    phases = (Phase("work", gettext_noop("Running"), evidence="sandbox:running"),)
    capture_point = CapturePoint.END
    start_schema = arguments(
        outcome={"type": "string", "enum": [option.id for option in options]},
        dur_s={"type": "integer", "minimum": 1, "maximum": 600},
    )

    def build_args(self, option: Option, args: Mapping[str, Any]) -> dict[str, Any]:
        return {"outcome": option.id, "dur_s": option.dur_s}

    def behaviour(self, start_args: Mapping[str, Any]) -> Behaviour:
        outcome, dur_s = start_args["outcome"], start_args["dur_s"]
        return Behaviour(
            lasts_s=dur_s,
            rejects="busy" if outcome == "rejected" else "",
            silent=outcome == "silent",
            no_start=outcome == "no-start",
            breaks_after_s=dur_s // 2 if outcome == "breaks-off" else None,
        )
