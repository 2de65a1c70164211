"""What a type of machine is. One file in this folder describes one type and is found by itself.

A type is pure data and arithmetic: the server asks it what to charge, what to send and when the money is
earned; the simulator plays its phases; the wallet draws its options. Nothing here knows a database, a broker
or a clock.
"""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from itertools import accumulate, pairwise
from typing import Any, ClassVar, TypeGuard

from devices import machines
from devices.machines.arguments import NO_ARGUMENTS, Errors, Schema, errors_in
from devices.machines.behaviours import Behaviour
from devices.protocol.commands import Op
from devices.protocol.events import Event, EventName

MINUTE_S = 60
NOTHING: Mapping[str, Any] = {}


def gettext_noop(text: str) -> str:
    """Mark a label for the translators; whoever shows it translates it."""
    return text


class ArgsInvalid(Exception):
    """The payer's arguments do not fit the machine; `errors` says what is wrong with each."""

    def __init__(self, errors: Errors) -> None:
        super().__init__(", ".join(sorted(errors)))
        self.errors = errors


class SettingsInvalid(Exception):
    """What an operator set does not fit the type; `errors` says what is wrong with each setting."""

    def __init__(self, errors: Errors) -> None:
        super().__init__(", ".join(sorted(errors)))
        self.errors = errors


class CapturePoint(StrEnum):
    """When escrowed money becomes the operator's."""

    START = "start"  # as soon as the machine physically started
    PHASE = "phase"  # when it enters `capture_phase`; broken off before, the payer gets everything back
    END = "end"  # when it finishes; broken off before, the part that ran is earned
    NEVER = "never"  # the machine holds no money


class Reveal(StrEnum):
    """What a started run shows to who paid for it or opened it, and to nobody else."""

    NOTHING = ""
    CLOCK_CODE = "clock_code"  # what a lock with a keypad and a clock takes now
    PARCEL_CODE = "parcel_code"  # what whoever fetches the parcel types


@dataclass(frozen=True, slots=True)
class Option:
    """Something a payer can choose and what it usually costs.

    Attributes:
        minutes: how long the machine will run; 0: it is done at once.
        prices: currency -> minor units; operators set their own.
        per: the argument whose value the price is multiplied with; empty: the price is for the whole.
        args_schema: what the payer must fill in for this option; None: the type's.
        may_be_free: a price of 0 is meant, and makes a run without a payment.
        quoted: the price depends on more than the option; it is the price of a step until it was quoted.
    """

    id: str
    label: str  # English, marked with gettext_noop
    minutes: int = 0
    prices: Mapping[str, int] = field(default_factory=dict)
    details: str = ""  # English, marked with gettext_noop
    per: str = ""
    args_schema: Schema | None = None
    may_be_free: bool = False
    quoted: bool = False
    reveals: Reveal = Reveal.NOTHING

    @property
    def dur_s(self) -> int:
        return self.minutes * MINUTE_S


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of a run: named in `progress` events, shown to the payer, played by the simulator."""

    id: str
    label: str  # English, marked with gettext_noop
    share: int = 1  # its part of the run's time, relative to the other phases
    evidence: str = ""  # what the sensors of a healthy machine say while it lasts


@dataclass(frozen=True, slots=True)
class Step:
    """A phase with its place in one particular run."""

    phase: Phase
    begins_s: int
    ends_s: int


class Machine:
    """A type of machine. Subclasses fill in the attributes; few need to override a method."""

    slug: ClassVar[str]  # stored with every device, never changed
    label: ClassVar[str]
    options: ClassVar[tuple[Option, ...]]
    phases: ClassVar[tuple[Phase, ...]]
    capture_point: ClassVar[CapturePoint]
    capture_phase: ClassVar[str] = ""

    args_schema: ClassVar[Schema] = NO_ARGUMENTS  # what the payer must fill in besides the option
    start_schema: ClassVar[Schema]  # what the start command carries: the machine refuses anything else
    start_op: ClassVar[Op] = Op.START
    operations: ClassVar[frozenset[Op]] = frozenset(
        {Op.STOP, Op.QUERY, Op.IDENTIFY}
    )  # what operators may ask
    settings_schema: ClassVar[Schema] = NO_ARGUMENTS  # what an operator may set besides prices
    default_settings: ClassVar[Mapping[str, Any]] = NOTHING
    warn_s: ClassVar[int] = 0  # so long before its end the payer is told that it ends; 0: never
    overrun_s: ClassVar[int] = 600  # so long after its planned end a run that nobody ended is over
    electronic: ClassVar[bool] = True  # False: nobody to talk to, paying alone is the start
    keeps_parcels: ClassVar[bool] = False  # it has doors, behind which things stay when the run is over
    has_door: ClassVar[bool] = False  # it must be closed, else the machine refuses with `door_open`

    def option(self, option_id: str) -> Option:
        """The option of that id. Raises KeyError."""
        return {option.id: option for option in self.options}[option_id]

    def schema_of(self, option: Option) -> Schema:
        """What the payer must fill in for this option."""
        return self.args_schema if option.args_schema is None else option.args_schema

    def amount(
        self,
        option: Option,
        *,
        price: int,
        args: Mapping[str, Any],
        settings: Mapping[str, Any] = NOTHING,
        stayed_s: int = 0,
    ) -> int:
        """What a run costs, given the operator's price of the option and checked arguments; minor units.

        Args:
            settings: complete, see `settled`.
            stayed_s: how long the thing that is fetched has been in the machine.
        """
        return price * args[option.per] if option.per else price

    def start_args(self, option: Option, args: Mapping[str, Any], *, door: str = "") -> dict[str, Any]:
        """The arguments of the start command, with the door to open if it has doors. Raises ArgsInvalid."""
        self.check_args(option, args)
        built = self.build_args(option, args)
        return built | {"door": door} if door else built

    def build_args(self, option: Option, args: Mapping[str, Any]) -> dict[str, Any]:
        """As `start_args`, for arguments already checked."""
        return {"dur_s": option.dur_s}

    def check_args(self, option: Option, args: Mapping[str, Any]) -> None:
        """Raises ArgsInvalid unless the payer's arguments fit the option."""
        if errors := errors_in(self.schema_of(option), args):
            raise ArgsInvalid(errors)

    def check_settings(self, settings: Mapping[str, Any]) -> None:
        """Raises SettingsInvalid unless what an operator set fits the type."""
        if errors := errors_in(self.settings_schema, settings):
            raise SettingsInvalid(errors)

    def settled(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """What an operator set over what is usual."""
        return {**self.default_settings, **settings}

    def doors(self, option: Option, settings: Mapping[str, Any]) -> tuple[str, ...]:
        """The doors that an option may use, the first free one of which the server picks."""
        return ()

    def behaviour(self, start_args: Mapping[str, Any]) -> Behaviour:
        """What a simulated machine does with these arguments of a start command."""
        return Behaviour(lasts_s=start_args.get("dur_s", 0))

    def understands(self, start_args: Mapping[str, Any]) -> bool:
        """Would the machine take these arguments of a start command? Else it answers `args`."""
        return not errors_in(self.start_schema, start_args)

    def slot(self, args: Mapping[str, Any]) -> str:
        """What of the machine a run occupies: two open runs never share it. Empty: the whole machine."""
        return ""

    def planned_s(self, option: Option, args: Mapping[str, Any] = NOTHING) -> int:
        """How long the machine will be at work, in seconds, given checked arguments."""
        return option.dur_s

    def is_capture_point(self, event: Event) -> bool:
        """Does this event earn the whole amount? A later event implies the earlier ones."""
        return event.ev in _CAPTURED_BY[self.capture_point] or (
            self.capture_point is CapturePoint.PHASE and event.phase in self._phases_from_capture
        )

    def earned(self, *, amount: int, dur_s: int, left_s: int) -> int:
        """The operator's part, in minor units, of a run that was broken off before its capture point."""
        if self.capture_point is CapturePoint.START:
            return amount
        if self.capture_point is CapturePoint.END:
            return pro_rata(amount=amount, dur_s=dur_s, left_s=left_s)
        return 0

    def script(self, dur_s: int) -> tuple[Step, ...]:
        """The phases of a run of that length, in order and without gaps."""
        total = sum(phase.share for phase in self.phases)
        ends = accumulate((phase.share for phase in self.phases), initial=0)
        bounds = pairwise(dur_s * end // total for end in ends)
        return tuple(Step(phase, begin, end) for phase, (begin, end) in zip(self.phases, bounds, strict=True))

    @property
    def _phases_from_capture(self) -> list[str]:
        names = [phase.id for phase in self.phases]
        return names[names.index(self.capture_phase) :]


_CAPTURED_BY: dict[CapturePoint, frozenset[EventName]] = {
    CapturePoint.START: frozenset({EventName.STARTED, EventName.PROGRESS, EventName.FINISHED}),
    CapturePoint.PHASE: frozenset({EventName.FINISHED}),
    CapturePoint.END: frozenset({EventName.FINISHED}),
    CapturePoint.NEVER: frozenset(),
}


def pro_rata(*, amount: int, dur_s: int, left_s: int) -> int:
    """The part of `amount` that belongs to the time a machine ran, rounded half up."""
    if dur_s <= 0:
        return amount
    ran_s = dur_s - min(max(left_s, 0), dur_s)
    return (2 * amount * ran_s + dur_s) // (2 * dur_s)


@cache
def find_all() -> Mapping[str, Machine]:
    """Every type of machine in this folder, by slug, sorted by slug."""
    found: dict[str, Machine] = {}
    for machine in _machines():
        if machine.slug in found:
            raise LookupError(f"Two machine types are called {machine.slug!r}.")
        found[machine.slug] = machine
    return dict(sorted(found.items()))


def _machines() -> Iterator[Machine]:
    for info in pkgutil.iter_modules(machines.__path__, f"{machines.__name__}."):
        for item in vars(importlib.import_module(info.name)).values():
            if _is_type_of(item, info.name):
                yield item()


def _is_type_of(item: object, module: str) -> TypeGuard[type[Machine]]:
    """Is this a complete machine type, written in that module and not just imported there?"""
    return (
        isinstance(item, type)
        and issubclass(item, Machine)
        and item.__module__ == module
        and hasattr(item, "slug")
    )
