"""Which session a machine's hello gets. Pure: what is known of its connections is an argument."""

from typing import Protocol

from devices.protocol.sessions import Hello


class Connections(Protocol):
    """The machine's current connection, and the one that was last offered a session."""

    @property
    def sess(self) -> str: ...
    @property
    def boot(self) -> int | None: ...
    @property
    def c(self) -> int | None: ...
    @property
    def offer_sess(self) -> str: ...
    @property
    def offer_boot(self) -> int | None: ...
    @property
    def offer_c(self) -> int | None: ...


def is_outdated(hello: Hello, known: Connections) -> bool:
    """Do we know a later connection of the same power-up?"""
    pairs = ((known.boot, known.c), (known.offer_boot, known.offer_c))
    return any(boot == hello.boot and c is not None and c > hello.c for boot, c in pairs)


def known_sess(hello: Hello, known: Connections) -> str:
    """The session that this very connection has or was offered; empty: none yet."""
    here = (hello.boot, hello.c)
    if hello.sess and (hello.sess, *here) == (known.sess, known.boot, known.c):
        return known.sess
    return known.offer_sess if here == (known.offer_boot, known.offer_c) else ""
