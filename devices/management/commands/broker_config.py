"""`manage.py broker_config`: the broker's users and rights, from the machines in the database."""

import signal
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, close_old_connections

from devices.broker import emqx, files, mosquitto, nats
from devices.broker.users import Devices, devices

POLL_S = 2.0  # a new or revoked machine takes effect within ten seconds; the query is cheap

RENDERERS: dict[str, Callable[[Devices], dict[str, str]]] = {
    "emqx": emqx.render,
    "nats": nats.render,
    "mosquitto": mosquitto.render,
}


class Command(BaseCommand):
    """Write the broker's files, once or whenever a machine comes or goes."""

    requires_system_checks = ()  # they would load every page of the service, which this process never serves
    help = (
        "Write the users file of NATS, or the password and ACL files of Mosquitto; make the broker read "
        "them. For EMQX: what makes it ask this service over HTTP; write it once."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=sorted(RENDERERS), required=True)
        parser.add_argument(
            "--file",
            required=True,
            help="NATS, EMQX: the file to include; Mosquitto: the password_file",
        )
        parser.add_argument("--acl-file", help="Mosquitto: the acl_file")
        parser.add_argument(
            "--watch", action="store_true", help="go on until SIGTERM, polling every two seconds"
        )
        parser.add_argument(
            "--reload-pid-file", help="send SIGHUP to the process whose id stands there, after writing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        paths = _paths(options)
        render = RENDERERS[options["format"]]
        pid_file = Path(options["reload_pid_file"]) if options["reload_pid_file"] else None
        written = _write(paths, render, pid_file, known=None)
        if options["watch"]:
            self._watch(lambda known: _write(paths, render, pid_file, known=known), written)

    def _watch(self, update: Callable[[Devices], Devices], known: Devices) -> None:
        stop = threading.Event()

        def end(number: int, frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        while not stop.wait(POLL_S):
            close_old_connections()
            try:
                known = update(known)
            except OperationalError as error:
                self.stderr.write(f"The database does not answer, the broker keeps its users: {error}")


def _paths(options: dict[str, Any]) -> dict[str, Path]:
    if options["format"] != "mosquitto":
        return {"": Path(options["file"])}
    if not options["acl_file"]:
        raise CommandError("Mosquitto needs --acl-file too.")
    return {mosquitto.PASSWORDS: Path(options["file"]), mosquitto.RIGHTS: Path(options["acl_file"])}


def _write(
    paths: dict[str, Path],
    render: Callable[[Devices], dict[str, str]],
    pid_file: Path | None,
    *,
    known: Devices | None,
) -> Devices:
    """Write what changed since `known` and return what is known now."""
    current = devices()
    if current == known:
        return current
    for name, text in render(current).items():
        files.write(paths[name], text)
    if pid_file:
        files.reload(pid_file)
    return current
