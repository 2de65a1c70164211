"""How each process of the service is started: the demo and the tests run the very same ones."""

import signal
import sys
from pathlib import Path

from embedded.ports import LOOPBACK

PROJECT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable

# The project is checked elsewhere; a worker that did it too would load every page it never serves.
ENVIRONMENT = {
    "CELERY_SKIP_CHECKS": "1",
    "PYTHONUNBUFFERED": "1",
    "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
}

# What the nursery loads before it forks: everything that a role would load before it reads its arguments.
LOADED = (
    "config.celery",
    "config.urls",
    "celery.bin.celery",
    "celery.apps.beat",
    "celery.apps.worker",
    "celery.concurrency.thread",
    "celery.worker.consumer",
    "devices.management.commands.broker_config",
    "devices.management.commands.run_gateway",
    "devices.tasks",
    "granian.cli",
    "granian.server.mp",
    "kombu.transport.redis",
    "outbox.tasks",
    "simulator.cli",
)

# What the kernel sends a role whose parent was killed, if not SIGKILL: granian must end its workers first.
ORPHAN_SIGNALS = {"web": signal.SIGTERM}

# Workers of one machine find each other through the rows; Celery's own gossip would only cost idle time.
QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat")


def web(*, port: int, workers: int, threads: int) -> list[str]:
    """The API, the wallet and the admin."""
    listen = ["--host", LOOPBACK, "--port", str(port)]
    size = ["--workers", str(workers), "--blocking-threads", str(threads)]
    calm = ["--workers-kill-timeout", "1", "--respawn-failed-workers", "--log-level", "warning"]
    return [PYTHON, "-m", "granian", "--interface", "wsgi", *listen, *size, *calm, "config.wsgi:application"]


def worker(*, name: str, queues: str, threads: int, log_level: str = "WARNING") -> list[str]:
    """A Celery worker in one process; `queues` is comma-separated. It says "ready." at level INFO."""
    size = ["--pool", "threads", "--concurrency", str(threads)]
    names = ["--hostname", f"{name}@%h", "--loglevel", log_level]
    return [*_celery("worker"), "--queues", queues, *size, *QUIET, *names]


def beat() -> list[str]:
    """The clock of the sweeps. It remembers nothing: the tick after a missed one finds the same rows."""
    scheduler = ["--scheduler", "celery.beat:Scheduler"]  # instead of the one that keeps a file
    return [*_celery("beat"), *scheduler, "--pidfile", "", "--loglevel", "WARNING"]


def manage(command: str, *arguments: str) -> list[str]:
    """A command of manage.py."""
    return [PYTHON, str(PROJECT / "manage.py"), command, *arguments]


def simulator(*, file: Path) -> list[str]:
    """The machines of `file` that nobody else plays; knows the broker alone, not the service."""
    return [PYTHON, "-m", "simulator", "--file", str(file)]


def broker_users(*, file: Path) -> list[str]:
    """Write the broker's users file once."""
    return manage("broker_config", "--format", "nats", "--file", str(file))


def broker_watch(*, file: Path, pid_file: Path) -> list[str]:
    """Keep the broker's users file up to date and make the broker read it again."""
    return [*broker_users(file=file), "--watch", "--reload-pid-file", str(pid_file)]


def _celery(command: str) -> list[str]:
    return [PYTHON, "-m", "celery", "--app", "config.celery", "--quiet", command]
