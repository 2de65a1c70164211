"""What a machine remembers of each command, so that it never obeys the same one twice."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from devices.protocol.commands import Command
from devices.protocol.envelope import Body


class Status(StrEnum):
    STARTING = "starting"  # accepted: the relay may have moved, nothing physical was seen yet
    RUNNING = "running"  # physical evidence was seen
    CLOSED = "closed"  # refused, or over: nothing will happen any more


@dataclass(frozen=True, slots=True)
class Record:
    """A command, how far it got, and every event it caused, in order."""

    id: UUID
    op: str
    exp: int  # ms
    args: dict[str, Any]
    status: Status
    left_s: int = 0  # of a run: what a power cut now would leave, at most a checkpoint too much
    events: tuple[Body, ...] = field(default=())

    @property
    def open(self) -> bool:
        return self.status is not Status.CLOSED

    @classmethod
    def of(cls, command: Command, status: Status, left_s: int = 0) -> "Record":
        return cls(command.id, command.op, command.exp, command.a, status, left_s)

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"id": str(self.id), "events": list(self.events)}

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> "Record":
        fixed = {"id": UUID(raw["id"]), "status": Status(raw["status"]), "events": tuple(raw["events"])}
        return cls(**(raw | fixed))
