"""What machines report: events, which the server stores, and the two pictures of now (state, telemetry)."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from devices.protocol.envelope import VERSION, Body
from devices.protocol.errors import BadField, UnknownEvent
from devices.protocol.fields import MAX_COUNT, MAX_SECONDS, MAX_U32, Fields

OK = "ok"
MAX_COUNTERS = 16
MAX_RSSI = 127


class EventName(StrEnum):
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    STARTED = "started"
    PROGRESS = "progress"
    FINISHED = "finished"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    SYNCED = "synced"
    FAULT = "fault"


class RejectCode(StrEnum):
    """Why a machine refused. The server treats a code it does not know like any other refusal."""

    BUSY = "busy"
    DOOR_OPEN = "door_open"
    EXPIRED = "expired"
    UNSUPPORTED = "unsupported"
    FAULT = "fault"
    ARGS = "args"


NO_START = "no_start"  # `failed`: accepted, but no physical evidence 20 s after the expiry
BROKEN_OFF = frozenset({EventName.FAILED, EventName.INTERRUPTED})


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened; unique per (device, boot, n), and repeated unchanged."""

    id: UUID | None  # the command it answers; None: about the machine itself
    boot: int
    n: int
    ev: EventName
    t: int  # ms, by the server's clock as the machine keeps it
    code: str = OK  # rejected, failed, fault: why; progress: the phase entered
    left_s: int | None = None
    evidence: str = ""
    ran: bool | None = None  # of failed and interrupted: did the machine physically run?
    sess: str = ""  # of synced: the session adopted

    @property
    def phase(self) -> str | None:
        """The phase a `progress` event says was entered."""
        return self.code if self.ev is EventName.PROGRESS else None

    def body(self) -> Body:
        body: Body = {
            "v": VERSION,
            "id": None if self.id is None else str(self.id),
            "boot": self.boot,
            "n": self.n,
            "ev": str(self.ev),
            "t": self.t,
            "code": str(self.code),
        }
        if self.ran is not None:
            body["ran"] = self.ran
        if self.left_s is not None:
            body["left_s"] = self.left_s
        if self.evidence:
            body["evidence"] = self.evidence
        if self.sess:
            body["sess"] = self.sess
        return body

    @classmethod
    def parse(cls, body: Body) -> "Event":
        """Read a verified body. Raises UnknownEvent, BadField."""
        fields = Fields(body)
        name = _name(fields)
        broken_off = name in BROKEN_OFF
        event = cls(
            id=fields.optional_uuid("id"),
            boot=fields.integer("boot", 0, MAX_U32),
            n=fields.integer("n", 0, MAX_COUNT),
            ev=name,
            t=fields.time_ms("t"),
            code=fields.token("code") if name is EventName.REJECTED else fields.token("code", OK),
            left_s=fields.integer("left_s", 0, MAX_SECONDS, None),
            evidence=fields.text("evidence", ""),
            ran=fields.flag("ran") if broken_off else None,
            sess=fields.token("sess") if name is EventName.SYNCED else "",
        )
        event._check()
        return event

    def _check(self) -> None:
        about_machine = self.ev in (EventName.SYNCED, EventName.FAULT)
        if self.id is None and not about_machine:
            raise BadField("id")
        if self.ran and self.left_s is None:
            raise BadField("left_s")


@dataclass(frozen=True, slots=True)
class State:
    """Retained picture of a machine, for people; no money depends on it."""

    status: str
    door: str = ""
    course: str = ""
    left_s: int | None = None

    def body(self) -> Body:
        body: Body = {"v": VERSION, "status": self.status}
        optional = {"door": self.door, "course": self.course, "left_s": self.left_s}
        return body | {name: value for name, value in optional.items() if value not in ("", None)}

    @classmethod
    def parse(cls, body: Body) -> "State":
        """Read a verified body. Raises BadField."""
        fields = Fields(body)
        return cls(
            status=fields.token("status"),
            door=fields.token("door", ""),
            course=fields.token("course", ""),
            left_s=fields.integer("left_s", 0, MAX_SECONDS, None),
        )


@dataclass(frozen=True, slots=True)
class Telemetry:
    """Every 30 s: a sign of life, and what helps to find a bad antenna or a leak."""

    rssi: int | None = None  # dBm
    heap: int | None = None  # bytes free
    counters: dict[str, int] = field(default_factory=dict)

    def body(self) -> Body:
        body: Body = {"v": VERSION}
        optional = {"rssi": self.rssi, "heap": self.heap, "counters": self.counters}
        return body | {name: value for name, value in optional.items() if value not in (None, {})}

    @classmethod
    def parse(cls, body: Body) -> "Telemetry":
        """Read a verified body. Raises BadField."""
        fields = Fields(body)
        return cls(
            rssi=fields.integer("rssi", -MAX_RSSI - 1, MAX_RSSI, None),
            heap=fields.integer("heap", 0, MAX_COUNT, None),
            counters=_counters(fields.mapping("counters", {})),
        )


def _name(fields: Fields) -> EventName:
    name = fields.token("ev")
    try:
        return EventName(name)
    except ValueError:
        raise UnknownEvent(name) from None


def _counters(raw: dict[str, Any]) -> dict[str, int]:
    if len(raw) > MAX_COUNTERS:
        raise BadField("counters")
    counters = Fields(raw)
    for name in raw:
        Fields({"name": name}).token("name")
    return {name: counters.integer(name, 0, MAX_COUNT) for name in raw}
