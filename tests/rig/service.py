"""The service as real child processes, each of which a test may start, stop and kill."""

import http.client
import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from django.core.management import call_command

from devices.models import Device
from devices.queries import gateway_is_up
from devices.services.provision import credentials
from embedded import forking, ports, roles
from embedded.children import Child
from embedded.forking import Nursery
from tests.rig.servers import Servers
from tests.rig.waiting import eventually

START_S = 60  # on a cold disk


class Part:
    """One process of the service."""

    def __init__(self, child: Child, *, ready: Callable[[], bool], dress: Callable[[Child], None]) -> None:
        """`ready` says whether it works; `dress` gives it its environment before it starts."""
        self._child = child
        self._ready = ready
        self._dress = dress

    @property
    def running(self) -> bool:
        return self._child.running

    @property
    def pid(self) -> int:
        assert self._child.process is not None, f"{self._child.name} was not started"
        return self._child.process.pid

    @property
    def log(self) -> str:
        return self._child.log.read_text(errors="replace") if self._child.log.exists() else ""

    def spawn(self) -> None:
        """Start without waiting."""
        self._child.log.unlink(missing_ok=True)
        self._dress(self._child)
        self._child.spawn()

    def await_ready(self) -> None:
        """Wait until the process does its work; AssertionError with its last words when it ended instead."""
        eventually(
            lambda: not self.running or self._ready(), within_s=START_S, what=f"{self._child.name} ready"
        )
        assert self.running, f"{self._child.name} ended while starting:\n{self._child.last_words(40)}"

    def start(self) -> None:
        self.spawn()
        self.await_ready()

    def stop(self, within_s: float = 3) -> None:
        self._child.stop(within_s)

    def kill(self) -> None:
        """kill -9, of the whole process group."""
        self._child.kill()

    def says(self, text: str) -> bool:
        """Whether its log holds this text."""
        return text in self.log


class Nurseries:
    """One nursery for every environment a test asked for; they stay until the tests end."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._nurseries: dict[frozenset[tuple[str, str]], Nursery] = {}

    def for_environment(self, env: Mapping[str, str]) -> Nursery | None:
        """The nursery whose children see this environment on top of ours; None where forking is not safe."""
        key = frozenset(env.items())
        if forking.SUPPORTED and key not in self._nurseries:
            nursery = Nursery(env=os.environ | env, cwd=roles.PROJECT, log=self._log, modules=roles.LOADED)
            self._nurseries[key] = nursery.start()
        return self._nurseries.get(key)

    def close(self) -> None:
        for nursery in self._nurseries.values():
            nursery.stop()


class Service:
    """The processes by role; `start("web", "machines")` starts several at once, quicker than in turn."""

    def __init__(self, servers: Servers, nurseries: Nurseries, *, web_workers: int = 1) -> None:
        self.servers = servers
        self._nurseries = nurseries
        self.url = f"http://127.0.0.1:{servers.web_port}"
        self._env: dict[str, str] = {}
        self._parts: dict[str, Part] = {}
        self.web = self._part(
            "web", roles.web(port=servers.web_port, workers=web_workers, threads=8), self._web_answers
        )
        self.machines = self._worker("machines", queues="machines", threads=4)
        self.default = self._worker("default", queues="default,webhooks", threads=2)
        self.beat = self._part("beat", roles.beat())
        self.second_beat = self._part("second_beat", roles.beat())
        self.gateway = self._part("gateway", roles.manage("run_gateway"), gateway_is_up)
        self.standby = self._part("standby", roles.manage("run_gateway"))
        self.broker_config = self._part(
            "broker_config",
            roles.broker_watch(file=servers.nats.users_file, pid_file=servers.nats.pid_file),
        )
        self.simulator = self._part("simulator", roles.simulator(file=self._roster))

    def env(self, **variables: str) -> None:
        """Environment for the processes started from now on, e.g. `COMMAND_EXPIRY_S="1"`."""
        self._env.update(variables)

    def start(self, *names: str) -> None:
        """Start these processes together and wait until all of them work."""
        parts = [self._parts[name] for name in names]
        for part in parts:
            part.spawn()
        for part in parts:
            part.await_ready()

    def admit_devices(self) -> None:
        """Let the devices of the table, and our own processes, connect to the broker."""
        call_command("broker_config", format="nats", file=str(self.servers.nats.users_file))
        self.servers.nats.reload()

    def simulate(self, *devices: Device) -> None:
        """Play these machines from now on; a machine's clock runs `SPEED` times as fast (set it by `env`)."""
        machines = [
            {"id": secret.device_id, "type": device.type, "simulated": True}
            | {"key": secret.key, "mqtt_password": secret.mqtt_password}
            for device, secret in ((device, credentials(device)) for device in devices)
        ]
        self._roster.parent.mkdir(exist_ok=True)
        self._roster.write_text(json.dumps({"mqtt_url": self.servers.nats.url, "machines": machines}))
        self.simulator.start()

    def stop(self) -> None:
        """End everything; called between tests."""
        for part in self._parts.values():
            part.kill()
        self._env.clear()

    def logs(self) -> Mapping[str, str]:
        """What each process printed in this test."""
        return {name: part.log for name, part in self._parts.items() if part.log}

    def forget_logs(self) -> None:
        shutil.rmtree(self._logs, ignore_errors=True)

    @property
    def _logs(self) -> Path:
        return self.servers.folder / "service"

    @property
    def _roster(self) -> Path:
        return self._logs / "roster.json"

    def _worker(self, name: str, *, queues: str, threads: int) -> Part:
        argv = roles.worker(name=name, queues=queues, threads=threads, log_level="INFO")
        return self._part(name, argv, lambda: self._parts[name].says(" ready."))

    def _part(self, name: str, argv: list[str], ready: Callable[[], bool] = lambda: True) -> Part:
        child = Child(name=name, argv=argv, env={}, log=self._logs / f"{name}.log", cwd=roles.PROJECT)
        self._parts[name] = Part(child, ready=ready, dress=self._dress)
        return self._parts[name]

    def _dress(self, child: Child) -> None:
        child.env = os.environ | self._env
        child.forker = self._nurseries.for_environment(self._env)

    def _web_answers(self) -> bool:
        return ports.answers(self.servers.web_port) and _status(self.servers.web_port, "/healthz") == 200


def _status(port: int, path: str) -> int:
    connection = http.client.HTTPConnection(ports.LOOPBACK, port, timeout=1)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()
