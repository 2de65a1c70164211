"""`make demo`: the whole service with its servers, from nothing, as children of this process."""

import os
import shlex
import shutil
import signal
import sys
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from embedded import forking, home, ports, roles, secrets, static_files
from embedded.children import Child
from embedded.errors import EmbeddedError
from embedded.forking import Nursery
from embedded.nats import Nats
from embedded.postgres import Postgres
from embedded.readiness import Readiness
from embedded.redis import Redis
from embedded.server import Server
from embedded.strays import MARK, PidFile
from embedded.supervisor import Supervisor
from embedded.terminal import Terminal, invitation

WEB_PORT = 8000
MQTT_PORT = 1883
READY_S = 120
PREPARE_S = 120


class Demo:
    """One run of the demo in one folder."""

    def __init__(self, folder: Path, terminal: Terminal) -> None:
        self.folder = folder
        self.terminal = terminal
        pid_file = PidFile(folder / "children.pid")
        for name in pid_file.end_strays(str(folder)):  # first of all: they may hold the ports
            terminal.show(f"  Ended what a former demo left behind: {name}.")
        self.supervisor = Supervisor(say=terminal.say, changed=pid_file.write)
        self.json = folder / "demo.json"
        self._seed = folder / "seed.json"  # what demo.json becomes when everything answers
        self._static = folder / "static"
        self._nursery: Nursery | None = None
        self._secrets = secrets.load(folder / "secrets")
        self.web_port = self._public_port("PORT", WEB_PORT, "web")
        mqtt_port = self._public_port("MQTT_PORT", MQTT_PORT, "MQTT")
        postgres_port, redis_port, nats_port = ports.pick(3)
        self.postgres = Postgres(
            folder=folder,
            port=postgres_port,
            password=self._secrets["POSTGRES_PASSWORD"],
            superuser_password=self._secrets["POSTGRES_SUPERUSER_PASSWORD"],
        )
        self.redis = Redis(folder=folder, port=redis_port, password=self._secrets["REDIS_PASSWORD"])
        self.nats = Nats(folder=folder, port=mqtt_port, core_port=nats_port)

    @property
    def base_url(self) -> str:
        return f"http://{ports.LOOPBACK}:{self.web_port}"

    def start(self) -> None:
        """Start everything and return when it answers; then `demo.json` is there."""
        shutil.rmtree(self.folder / "logs", ignore_errors=True)
        self._start_nursery()
        with self.terminal.step("PostgreSQL and Redis"):
            self._serve(self.postgres)
            self._serve(self.redis)
        with self.terminal.step("database, people, machines"):
            self._prepare()
        with self.terminal.step("static files"):
            static_files.collect_if_changed(self._static, self._collect_static)
        with self.terminal.step("MQTT broker"):
            self._serve(self.nats)
        with self.terminal.step("the service"):
            for child in self._service():
                self.supervisor.spawn(child)
            self.supervisor.run(until=Readiness(self.base_url, self._seed, READY_S))
        publish(self._seed, self.json)

    def watch(self) -> None:
        """Keep everything running until Ctrl-C."""
        self.terminal.show(invitation(self.json))
        self.supervisor.run()

    def stop(self) -> None:
        """Stop everything; a second Ctrl-C does not interrupt that."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        self.terminal.show("\n  Stopping ...")
        self.supervisor.stop()
        if self._nursery is not None:
            self._nursery.stop()
        for server in (self.nats, self.redis, self.postgres):
            server.stop()  # one that was still starting is not watched yet
        self.terminal.show("  Stopped; `make demo` continues where this ended.")

    def _start_nursery(self) -> None:
        """Begin to load the project, while the servers start."""
        if forking.SUPPORTED:
            log = self.folder / "logs" / "nursery.log"
            self._nursery = Nursery(env=self._environment, cwd=roles.PROJECT, log=log, modules=roles.LOADED)
            self.supervisor.listen_to(self._nursery.start())

    def _public_port(self, variable: str, default: int, what: str) -> int:
        text = os.environ.get(variable) or str(default)
        if not text.isdecimal() or not 0 < int(text) < ports.END:
            raise EmbeddedError(f"{variable} must be a port number, not {text!r}.")
        wanted = int(text)
        port = ports.next_free(wanted)
        if port != wanted:
            self.terminal.show(f"  Port {wanted} is taken: {what} listens on {port}.")
        return port

    def _serve(self, server: Server) -> None:
        server.start()
        if server.child is not None:
            self.supervisor.watch(server.child)

    @cached_property
    def _environment(self) -> dict[str, str]:
        settings = {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DEMO": "1",
            "DEBUG": "0",
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.redis.url,
            "MQTT_URL": self.nats.url,
            "PUBLIC_URL": self.base_url,
            "STATIC_ROOT": str(self._static),
            "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
            MARK: str(self.folder),
        }
        kept = {name: self._secrets[name] for name in ("SECRET_KEY", "PIN_PEPPER", "DEVICE_MASTER_KEY")}
        return {**os.environ, **kept, **settings, **roles.ENVIRONMENT}

    def _prepare(self) -> None:
        """Migrate, seed, and write the broker's users, in one process."""
        addresses = ["--base-url", self.base_url, "--mqtt-url", self.nats.url]
        self._run_to_end(
            "prepare",
            ["migrate", "--verbosity", "0"],
            ["seed_demo", "--json", str(self._seed), *addresses],
            ["broker_config", "--format", "nats", "--file", str(self.nats.users_file)],
        )

    def _collect_static(self) -> None:
        self._run_to_end("static", ["collectstatic", "--no-input", "--verbosity", "0"])

    def _run_to_end(self, name: str, *commands: list[str]) -> None:
        argv = [roles.PYTHON, "-m", "embedded.prepare", *(shlex.join(command) for command in commands)]
        child = self._child(name, argv, piped=False)
        try:
            child.spawn()
            if child.process is None or child.process.wait(PREPARE_S) != 0:
                raise EmbeddedError(f"The demo could not be prepared ({name}):\n{child.last_words(40)}")
        finally:
            child.kill()

    def _service(self) -> list[Child]:
        users, reload = self.nats.users_file, self.nats.pid_file
        commands = {
            "web": roles.web(port=self.web_port, workers=2, threads=4),
            "machines": roles.worker(name="machines", queues="machines", threads=4),
            "default": roles.worker(name="default", queues="default,webhooks", threads=2),
            "beat": roles.beat(),
            "gateway": roles.manage("run_gateway"),
            "broker-users": roles.broker_watch(file=users, pid_file=reload),
            "simulator": roles.simulator(file=self._seed),
        }
        return [self._child(name, argv, piped=True) for name, argv in commands.items()]

    def _child(self, name: str, argv: list[str], *, piped: bool) -> Child:
        return Child(
            name=name,
            argv=argv,
            env=self._environment,
            log=self.folder / "logs" / f"{name}.log",
            cwd=roles.PROJECT,
            piped=piped,
            forker=self._nursery,
            orphan_signal=roles.ORPHAN_SIGNALS.get(name, signal.SIGKILL),
        )


def publish(seed: Path, target: Path) -> None:
    """Put demo.json in place at once; who sees it finds everything answering."""
    fresh = target.with_name(f"{target.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    shutil.copyfile(seed, fresh)
    fresh.replace(target)


def main(folder: Path) -> int:
    terminal = Terminal()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        with home.claimed(folder):
            run(Demo(folder, terminal))
    except EmbeddedError as error:
        terminal.show(f"\n  {error}")
        return 1
    return 0


def run(demo: Demo) -> None:
    """Start, watch and stop; Ctrl-C at any moment is the ordinary end."""
    try:
        with suppress(KeyboardInterrupt):
            demo.start()
            demo.watch()
    finally:
        demo.stop()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else home.HOME))
