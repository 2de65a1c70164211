"""What can be wrong with a machine and its line. Every switch may be turned while the machine is played."""

from dataclasses import dataclass

from devices.protocol.events import EventName, RejectCode


@dataclass
class Faults:
    """One machine's faults; the default is a healthy machine on a healthy line."""

    # The machine
    silent: bool = False  # reads no command, though it stays online
    deaf_s: float = 0  # reads each command that much later
    mute_s: float = 0  # obeys at once, but its events leave that much later
    rejects: RejectCode | None = None  # refuses every start with this code
    door_open: bool = False  # of a machine with a door
    no_start: bool = False  # accepts, moves the relay, and nothing physical happens
    breaks_after_s: int | None = None  # seconds of the machine's own time into a run
    fault: str = ""  # a fault of the machine itself, told with its code; empty: none, or repaired
    wrong_key: bool = False  # signs and checks with a key that is not its own
    drift: float = 0  # its crystal: 0.01 gains a hundredth, -0.01 loses one

    # Its power
    power_cut_after: EventName | None = None  # once: the power fails when this event is stored, not yet sent
    power_cut_at_put: int = 0  # once: the power fails at the n-th durable write from now; 0: never
    power_cut_before: bool = False  # then: before that write, instead of directly after it

    # Its line, both ways; a chance is per message, from 0 to 1
    loss: float = 0
    duplicates: float = 0
    delay_s: float = 0  # at most; each message its own part of it, so that they overtake each other
    reorder: float = 0  # chance that a message waits until the next one has passed
    replays: float = 0  # chance, per message to the machine, that an old one of any session comes again
    half_open: bool = False  # the line carries nothing any more and nobody is told; ends with the connection
