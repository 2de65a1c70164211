"""What can be wrong with a machine. Every switch may be turned while the machine is being played."""

from dataclasses import dataclass

from devices.protocol.events import EventName, RejectCode


@dataclass
class Faults:
    """One machine's faults; the default is a healthy machine."""

    silent: bool = False  # reads no command, though it stays online
    deaf_s: float = 0  # reads each command that much later
    mute_s: float = 0  # obeys at once, but its events leave that much later
    rejects: RejectCode | None = None  # refuses every start with this code
    door_open: bool = False  # of a machine with a door
    no_start: bool = False  # accepts, moves the relay, and nothing physical happens
    breaks_after_s: int | None = None  # seconds of the machine's own time into a run
    power_cut_after: EventName | None = None  # once: the power fails when this event is stored, not yet sent
