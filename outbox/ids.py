"""The one function that makes identifiers."""

import os
import time
from datetime import datetime
from uuid import UUID

_VERSION = 0x7 << 76
_VARIANT = 0b10 << 62


def uuid7() -> UUID:
    """Return a new UUID of version 7 (RFC 9562): milliseconds, their fraction, 62 random bits.

    Ids made by one process within about 250 ns may compare in any order, ids of two hosts in any order
    at all: they lie close together in an index, nothing more. Never read a commit order out of an id.
    """
    ms, rest_ns = divmod(time.time_ns(), 1_000_000)
    fraction = (rest_ns << 12) // 1_000_000
    random = int.from_bytes(os.urandom(8), "big") >> 2
    return UUID(int=(ms & 0xFFFF_FFFF_FFFF) << 80 | _VERSION | fraction << 64 | _VARIANT | random)


def first_id_of(at: datetime) -> UUID:
    """Return the smallest id that `uuid7` can make in the millisecond of an instant.

    `id >= first_id_of(at)` reads about what was made since by the primary key alone. About: the hosts' clocks
    made the ids, and a row is committed after its id was made.
    """
    ms = int(at.timestamp() * 1000)
    return UUID(int=ms << 80 | _VERSION | _VARIANT)
