"""Massage chairs: the payer buys minutes."""

from devices.machines.arguments import arguments
from devices.machines.base import CapturePoint, Machine, Option, Phase, gettext_noop
from devices.protocol.commands import Op


class Chair(Machine):
    """A massage chair: started when its motor draws current; stopped early, only the time used is paid."""

    slug = "chair"
    label = gettext_noop("Massage chair")
    options = (
        Option("10min", gettext_noop("10 minutes"), minutes=10, prices={"CNY": 1000, "JPY": 200}),
        Option("20min", gettext_noop("20 minutes"), minutes=20, prices={"CNY": 1800, "JPY": 380}),
        Option("30min", gettext_noop("30 minutes"), minutes=30, prices={"CNY": 2500, "JPY": 500}),
    )
    phases = (Phase("massage", gettext_noop("Massage"), evidence="current_a:3.1"),)
    capture_point = CapturePoint.END
    operations = Machine.operations | {Op.POWER_ON, Op.POWER_OFF}
    warn_s = 60
    start_schema = arguments(dur_s={"type": "integer", "minimum": 1, "maximum": 7200})
