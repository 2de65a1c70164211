"""Free ports on loopback."""

import random
import socket

LOOPBACK = "127.0.0.1"

# Below the range from which Linux (32768) and macOS (49152) take the ports of outgoing connections: a server
# that was killed finds its port free again, because no connection can have borrowed it meanwhile.
PRIVATE_PORTS = range(20000, 32000)


END = 65536


def is_free(port: int) -> bool:
    """Whether a server could listen on this port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def answers(port: int, *, within_s: float = 0.2) -> bool:
    """Whether something listens on this port."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=within_s):
            return True
    except OSError:
        return False


def next_free(first: int) -> int:
    """The first free port from `first` upward."""
    return next(port for port in range(first, END) if is_free(port))


def pick(count: int) -> list[int]:
    """Distinct free ports for servers whose port nobody has to know; ours until this process ends."""
    chosen: list[int] = []
    for port in random.sample(PRIVATE_PORTS, len(PRIVATE_PORTS)):  # no secret: it only spreads them
        if is_free(port) and _claim(port):
            chosen.append(port)
        if len(chosen) == count:
            break
    return chosen


def _claim(port: int) -> bool:
    """Keep others that pick from taking a port before our server listens on it, and while it restarts.

    The claim is the UDP port of the same number, which no server of ours uses: the kernel gives it to one
    process alone, and takes it back when that one ends.
    """
    claim = socket.socket(type=socket.SOCK_DGRAM)
    try:
        claim.bind((LOOPBACK, port))
    except OSError:
        claim.close()
        return False
    claim.detach()  # open without an object that could be collected
    return True
