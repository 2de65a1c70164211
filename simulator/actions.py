"""The language between the core of a machine and the world: actions go out in order, reports come in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from devices.protocol.topics import Topic
from simulator.records import Record


@dataclass(frozen=True, slots=True)
class Persist:
    """Store the record durably; the actions behind this one wait until it is on disk."""

    record: Record


@dataclass(frozen=True, slots=True)
class Forget:
    """The record may be thrown away: its command expired long ago."""

    command_id: UUID


@dataclass(frozen=True, slots=True)
class Send:
    """Publish a message; nothing is queued while the connection is down."""

    topic: Topic
    message: bytes
    n: int | None = None  # the event to be confirmed when the broker took it


@dataclass(frozen=True, slots=True)
class SwitchOn:
    """Move the relay."""

    run_id: UUID
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SwitchOff:
    run_id: UUID


@dataclass(frozen=True, slots=True)
class Operate:
    """An operator's action that is no run: blink, open, power."""

    op: str
    args: Mapping[str, Any]


Action = Persist | Forget | Send | SwitchOn | SwitchOff | Operate


@dataclass(frozen=True, slots=True)
class Working:
    """A sensor shows that the machine physically runs."""

    run_id: UUID
    evidence: str
    left_s: int


@dataclass(frozen=True, slots=True)
class Entered:
    """The run entered its next phase."""

    run_id: UUID
    phase: str
    evidence: str
    left_s: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Time passed: what a power cut now would leave."""

    run_id: UUID
    left_s: int


@dataclass(frozen=True, slots=True)
class Done:
    run_id: UUID


@dataclass(frozen=True, slots=True)
class Broke:
    """The run ended before its time, by a fault of the machine."""

    run_id: UUID
    code: str
    left_s: int


@dataclass(frozen=True, slots=True)
class Halted:
    """The run ended before its time, because somebody stopped it."""

    run_id: UUID
    left_s: int


Report = Working | Entered | Checkpoint | Done | Broke | Halted
