"""What the server's database holds, in memory: all that a server process finds when it starts."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from devices.decide import Facts
from devices.states import COMMAND_OPEN, OPEN, CommandStatus, RunStatus, Trouble


@dataclass
class Run:
    id: UUID
    slot: str
    status: RunStatus
    price: int  # minor units
    planned_s: int
    release_at: datetime
    started_at: datetime | None = None
    ends_at: datetime | None = None
    ends_by: datetime | None = None
    ended_at: datetime | None = None
    phase: str = ""
    earned: int | None = None
    failure: str = ""
    assumed: bool = False

    @property
    def facts(self) -> Facts:
        return Facts(
            status=self.status,
            price=self.price,
            planned_s=self.planned_s,
            earned=self.earned,
            started=self.started_at is not None,
            assumed=self.assumed,
        )

    @property
    def is_open(self) -> bool:
        return self.status in OPEN


@dataclass
class Command:
    """A run's start has the run's id; a stop one of its own."""

    id: UUID
    op: str
    args: dict[str, Any]
    created_at: datetime
    expires_at: datetime
    due_at: datetime
    status: CommandStatus = CommandStatus.PENDING
    attempt: int = 0

    @property
    def is_open(self) -> bool:
        return self.status in COMMAND_OPEN


@dataclass
class Session:
    sess: str = ""
    boot: int | None = None
    c: int | None = None
    offer_sess: str = ""
    offer_boot: int | None = None
    offer_c: int | None = None
    synced_at: datetime | None = None
    gone_at: datetime | None = None
    last_seen_at: datetime | None = None
    says: str = ""  # the machine's own word for its state


@dataclass
class Hold:
    """The price of a run in escrow, under its run's id."""

    amount: int
    status: str = "open"


@dataclass
class Rows:
    runs: dict[UUID, Run] = field(default_factory=dict)
    commands: dict[UUID, Command] = field(default_factory=dict)
    holds: dict[UUID, Hold] = field(default_factory=dict)
    session: Session = field(default_factory=Session)
    events: set[tuple[int, int]] = field(default_factory=set)  # (boot, n) of those taken in
    incidents: set[tuple[UUID, Trouble]] = field(default_factory=set)
    beat_at: datetime | None = None
    hearing_since: datetime | None = None
