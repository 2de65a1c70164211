"""The real PostgreSQL, Redis and NATS of one test process, on free ports in a short temporary folder."""

import base64
import secrets
import shutil
import tempfile
from pathlib import Path

from embedded import ports, roles, room
from embedded.home import PROJECT
from embedded.nats import Nats
from embedded.postgres import Postgres
from embedded.redis import Redis

STATIC_ROOT = PROJECT / ".pytest_cache" / "static"  # the same for all test processes and runs
# The test vector's key of the device contract, so that a test can compute what a device would.
DEVICE_MASTER_KEY = base64.urlsafe_b64encode(bytes(range(32))).decode().rstrip("=")


class Servers:
    """Handles with `start()`, `stop()` and `kill()`; a server started again keeps its port and its data."""

    def __init__(self, name: str, *, durable: bool = False) -> None:
        """`durable=True` keeps fsync on: for crash tests of the database, and for measuring."""
        self.folder = Path(tempfile.mkdtemp(prefix=f"saoma-{name}-"))
        self.folder.chmod(0o711)  # PostgreSQL, `nobody` when we are root, must get through
        STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise warns without it, and warnings are errors
        postgres_port, redis_port, mqtt_port, nats_port, self.web_port = ports.pick(5)
        self.postgres = Postgres(
            folder=self.folder,
            port=postgres_port,
            password=secrets.token_urlsafe(),
            superuser_password=secrets.token_urlsafe(),
            durable=durable,
        )
        self.redis = Redis(
            folder=self.folder, port=redis_port, password=secrets.token_urlsafe(), durable=False
        )
        self.nats = Nats(folder=self.folder, port=mqtt_port, core_port=nats_port)

    @property
    def environment(self) -> dict[str, str]:
        """What the settings read."""
        return {
            "DEMO": "1",
            "DEBUG": "0",
            "SECRET_KEY": "only-for-tests",
            "PIN_PEPPER": "only-for-tests",
            "DEVICE_MASTER_KEY": DEVICE_MASTER_KEY,
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.redis.url,
            "MQTT_URL": self.nats.url,
            "PUBLIC_URL": f"http://127.0.0.1:{self.web_port}",
            "STATIC_ROOT": str(STATIC_ROOT),
            "AUDIT_SECOND_LOOK_S": "0",  # here nobody sweeps between the looks
            **roles.ENVIRONMENT,
        }

    def start(self) -> None:
        """Start whatever does not run."""
        for server in (self.postgres, self.redis, self.nats):
            if not server.running:
                server.start()

    def forget_messages(self) -> None:
        """Empty Redis and the broker: queued tasks, retained messages, sessions."""
        self.redis.kill()
        self.nats.kill()
        shutil.rmtree(self.folder / "nats", ignore_errors=True)
        self.nats.users_file.unlink(missing_ok=True)
        self.start()

    def close(self) -> None:
        for server in (self.nats, self.redis, self.postgres):
            server.kill() if server is not self.postgres else server.stop()
        room.forget(self.folder / "postgres-home")
        shutil.rmtree(self.folder, ignore_errors=True)
