"""Shared bikes with a keypad lock: the payer buys a code."""

from devices.machines.arguments import arguments
from devices.machines.base import CapturePoint, Machine, Option, Phase, Reveal, gettext_noop


class Bike(Machine):
    """A bike without a radio. Its lock knows the time and computes the same codes as the server.

    Nobody can tell whether the lock was opened, so showing the code is what is sold: it earns at once, and
    the ride is over at its planned end.
    """

    slug = "bike"
    label = gettext_noop("Shared bike")
    options = (
        Option(
            "30min",
            gettext_noop("30 minutes"),
            minutes=30,
            prices={"CNY": 150, "JPY": 100},
            reveals=Reveal.CLOCK_CODE,
        ),
        Option(
            "60min",
            gettext_noop("1 hour"),
            minutes=60,
            prices={"CNY": 250, "JPY": 180},
            reveals=Reveal.CLOCK_CODE,
        ),
        Option(
            "day",
            gettext_noop("1 day"),
            minutes=24 * 60,
            prices={"CNY": 1500, "JPY": 1000},
            reveals=Reveal.CLOCK_CODE,
        ),
    )
    phases = (Phase("ride", gettext_noop("Riding")),)
    capture_point = CapturePoint.START
    operations = frozenset()
    electronic = False
    overrun_s = 0
    start_schema = arguments(dur_s={"type": "integer", "minimum": 1, "maximum": 24 * 3600})
