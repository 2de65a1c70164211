"""A private PostgreSQL 18 out of a wheel: TCP on loopback, passwords, no unix socket."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from embedded import room
from embedded.children import Child
from embedded.errors import EmbeddedError
from embedded.ports import LOOPBACK
from embedded.postgres_install import find_install, readable_install
from embedded.server import Server

SUPERUSER = "postgres"
ROLE = "saoma"  # what the service signs in as: owner of its database, no superuser
DATABASE = "saoma"
STATUS_LINE = 8  # of postmaster.pid

# What it says when the sessions of a predecessor that was killed have not noticed yet.
MEMORY_IN_USE = "pre-existing shared memory block"

SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "48MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # One small machine, no replicas: less memory, fewer processes, less to write.
    "io_method": "sync",
    "jit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "log_checkpoints": "off",
}
# Survives the death of the process, not of the machine.
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}


class Postgres(Server):
    """PostgreSQL with one database `saoma`, owned by the role `saoma`.

    The superuser is for tests and benchmarks; the service never sees it.
    """

    name = "postgres"

    def __init__(
        self, *, folder: Path, port: int, password: str, superuser_password: str, durable: bool = True
    ) -> None:
        """`durable=False` turns fsync off: fast, and a power cut loses everything. For tests."""
        super().__init__(folder=folder, port=port)
        self.password = password
        self.superuser_password = superuser_password
        self.durable = durable
        self._uid = room.unprivileged_uid()
        self._home = folder

    @property
    def url(self) -> str:
        return f"postgres://{ROLE}:{self.password}@{LOOPBACK}:{self.port}/{DATABASE}"

    @property
    def superuser_url(self) -> str:
        return f"postgres://{SUPERUSER}:{self.superuser_password}@{LOOPBACK}:{self.port}/{DATABASE}"

    @property
    def data(self) -> Path:
        return self._home / "postgres"

    def prepare(self) -> Child:
        self.folder.mkdir(parents=True, exist_ok=True)
        install = find_install()
        if self._uid is not None:
            self._home = self._reachable_home()
            install = readable_install(install, beside=self._home)
        if not self.data.exists():
            self._create(install / "bin")
        settings = SETTINGS | {"port": str(self.port)} | ({} if self.durable else NOT_DURABLE)
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Child(
            name=self.name,
            argv=[str(install / "bin/postgres"), "-D", str(self.data), *options],
            env=_environment(),
            log=self.folder / "logs" / "postgres.log",
            cwd=Path("/"),  # ours may be closed to the account it runs under
            uid=self._uid,
            stop_signal=signal.SIGINT,  # "fast": end sessions, checkpoint, leave
            orphan_signal=signal.SIGINT,
        )

    def start(self, within_s: float = 30) -> None:
        deadline = time.monotonic() + within_s
        while True:
            try:
                return super().start(within_s)
            except EmbeddedError as error:
                if MEMORY_IN_USE not in str(error) or time.monotonic() > deadline:
                    raise
            time.sleep(0.1)

    def ready(self) -> bool:
        """Reads the status line of postmaster.pid, as pg_ctl does: no connection, no password."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        if self.child is None or self.child.process is None or len(lines) < STATUS_LINE:
            return False
        return lines[0] == str(self.child.process.pid) and lines[STATUS_LINE - 1].strip() == "ready"

    def stop_immediately(self) -> None:
        """PostgreSQL's `immediate` shutdown: no checkpoint, so that the next start recovers from the log."""
        if self.child is not None:
            self.child.signal(signal.SIGQUIT)
            self.child.wait(5)
            self.child.kill()

    def _reachable_home(self) -> Path:
        if room.open_to_all(self.folder):
            return self.folder
        return room.make_reachable(self.folder / "postgres-home")

    def _create(self, programs: Path) -> None:
        """Make the data folder under another name and rename it when it is whole."""
        fresh = self._home / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        password_file = self._home / "postgres.password"
        password_file.unlink(missing_ok=True)
        password_file.touch(mode=0o600)
        password_file.write_text(self.superuser_password)
        if self._uid is not None:
            os.chown(fresh, self._uid, self._uid)
            os.chown(password_file, self._uid, self._uid)
        try:
            self._run(programs / "initdb", *_initdb_options(fresh, password_file))
            self._run(programs / "postgres", *_single_user_options(fresh), text=self._first_sql())
        finally:
            password_file.unlink()
        fresh.rename(self.data)

    def _first_sql(self) -> str:
        """One statement a line, as the single-user server wants it."""
        return (
            f"CREATE ROLE {ROLE} LOGIN NOSUPERUSER PASSWORD '{self.password}'\n"
            f"CREATE DATABASE {DATABASE} OWNER {ROLE}\n"
        )

    def _run(self, program: Path, *options: str, text: str = "") -> None:
        done = subprocess.run(
            [str(program), *options],
            check=False,
            capture_output=True,
            cwd="/",
            env=_environment(),
            extra_groups=None if self._uid is None else [],
            group=self._uid,
            input=text,
            text=True,
            user=self._uid,
        )
        if done.returncode != 0:
            raise EmbeddedError(f"PostgreSQL could not make its data folder {self.data}:\n{done.stderr}")


def _environment() -> dict[str, str]:
    """Ours without what would tell PostgreSQL something else than the command line does."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
    return kept | {"LC_ALL": "C"}


def _initdb_options(data: Path, password_file: Path) -> list[str]:
    return [
        f"--pgdata={data}",
        f"--username={SUPERUSER}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        # PostgreSQL's own C.UTF-8 sorts the same on every platform.
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-sync",
    ]


def _single_user_options(data: Path) -> list[str]:
    return ["--single", "-D", str(data), "-c", "exit_on_error=true", "-c", "log_statement=none", "postgres"]
