"""How a simulated machine takes a start, so that a type tells in its own file what it looks like at work."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What follows a start command. By default: accepted, started, all phases, finished.

    Attributes:
        lasts_s: how long the phases take together.
        rejects: the reject code it answers instead; empty: it accepts.
        silent: it answers nothing at all, as if it had never heard of the command.
        no_start: its relay moves, and no sensor ever shows that it works.
        breaks_after_s: it reports a fault after so long; None: never.
    """

    lasts_s: int
    rejects: str = ""
    silent: bool = False
    no_start: bool = False
    breaks_after_s: int | None = None
