"""Commands: what the server tells a machine to do, each with an id, an expiry and exactly one verdict."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from devices.protocol.envelope import VERSION, Body
from devices.protocol.fields import Fields


class Op(StrEnum):
    START = "start"
    STOP = "stop"
    QUERY = "query"
    IDENTIFY = "identify"
    OPEN = "open"
    ANNOUNCE = "announce"
    POWER_ON = "power_on"
    POWER_OFF = "power_off"


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `op` is text, so that a machine can answer `unsupported` to what it does not know yet."""

    id: UUID  # of a start: the run's id
    sess: str
    t: int  # ms, when this message was made
    exp: int  # ms; from then on the machine refuses it
    op: str
    a: dict[str, Any] = field(default_factory=dict)

    def body(self) -> Body:
        return {
            "v": VERSION,
            "id": str(self.id),
            "sess": self.sess,
            "t": self.t,
            "exp": self.exp,
            "op": str(self.op),
            "a": self.a,
        }

    def as_query(self) -> "Command":
        """The question after the outcome of this command: same id, same expiry, starts nothing."""
        return replace(self, op=Op.QUERY)

    @classmethod
    def parse(cls, body: Body) -> "Command":
        """Read a verified body. Raises BadField."""
        fields = Fields(body)
        return cls(
            id=fields.uuid("id"),
            sess=fields.token("sess"),
            t=fields.time_ms("t"),
            exp=fields.time_ms("exp"),
            op=fields.token("op"),
            a=fields.mapping("a"),
        )
