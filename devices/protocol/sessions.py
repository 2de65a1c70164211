"""How a machine comes online: hello, sync, then the event `synced`; and the unsigned presence beside it."""

import re
import secrets
from dataclasses import dataclass
from uuid import UUID

from devices.protocol.envelope import VERSION, Body, decode, encode
from devices.protocol.errors import BadField, Oversized
from devices.protocol.fields import MAX_COUNT, MAX_U32, Fields

KEEPALIVE_S = 30
SYNC_WITHIN_S = 5  # a sync older than this would set the clock behind
MAX_RUNNING = 4
MAX_CONN_BYTES = 128

_NONCE = re.compile(r"[0-9a-f]{16}\Z")


def new_nonce() -> str:
    """64 random bits in hex, for one hello."""
    return secrets.token_hex(8)


@dataclass(frozen=True, slots=True)
class Hello:
    """A machine asks for a session and the time."""

    nonce: str
    boot: int  # random per power-up
    c: int  # connections since then
    fw: str
    running: tuple[UUID, ...] = ()  # at most 4
    more: bool = False  # are there more than these?
    sess: str = ""  # the hourly repeat: the session to keep

    def body(self) -> Body:
        body: Body = {
            "v": VERSION,
            "nonce": self.nonce,
            "boot": self.boot,
            "c": self.c,
            "fw": self.fw,
            "running": [str(run_id) for run_id in self.running],
            "more": self.more,
        }
        return body | {"sess": self.sess} if self.sess else body

    @classmethod
    def parse(cls, body: Body) -> "Hello":
        """Read a verified body. Raises BadField."""
        fields = Fields(body)
        return cls(
            nonce=_nonce(fields),
            boot=fields.integer("boot", 0, MAX_U32),
            c=fields.integer("c", 0, MAX_COUNT),
            fw=fields.text("fw"),
            running=fields.uuids("running", MAX_RUNNING),
            more=fields.flag("more"),
            sess=fields.token("sess", ""),
        )


@dataclass(frozen=True, slots=True)
class Sync:
    """The server's answer to a hello."""

    nonce: str
    now_ms: int  # the database clock
    sess: str
    keepalive_s: int = KEEPALIVE_S

    def body(self) -> Body:
        return {
            "v": VERSION,
            "nonce": self.nonce,
            "now_ms": self.now_ms,
            "sess": self.sess,
            "keepalive_s": self.keepalive_s,
        }

    @classmethod
    def parse(cls, body: Body) -> "Sync":
        """Read a verified body. Raises BadField."""
        fields = Fields(body)
        return cls(
            nonce=_nonce(fields),
            now_ms=fields.time_ms("now_ms"),
            sess=fields.token("sess"),
            keepalive_s=fields.integer("keepalive_s", 1, 3600),
        )


@dataclass(frozen=True, slots=True)
class Conn:
    """Presence, retained and unsigned because the broker publishes the last will: a hint, never a proof."""

    on: bool
    boot: int
    c: int

    def encode(self) -> bytes:
        return encode({"on": int(self.on), "boot": self.boot, "c": self.c})

    @classmethod
    def decode(cls, message: bytes) -> "Conn":
        """Read a message. Raises Oversized, NotUtf8, NotJson, BadField."""
        if len(message) > MAX_CONN_BYTES:
            raise Oversized(f"{len(message)} bytes, {MAX_CONN_BYTES} allowed")
        fields = Fields(decode(message))
        return cls(
            on=bool(fields.integer("on", 0, 1)),
            boot=fields.integer("boot", 0, MAX_U32),
            c=fields.integer("c", 0, MAX_COUNT),
        )


def _nonce(fields: Fields) -> str:
    nonce = fields.text("nonce")
    if not _NONCE.match(nonce):
        raise BadField("nonce")
    return nonce
