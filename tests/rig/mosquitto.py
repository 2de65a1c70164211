"""A Mosquitto broker on a free port, configured by what `broker_config` writes for it."""

import os
import pwd
import signal
from pathlib import Path

from django.core.management import call_command

from embedded import ports
from embedded.children import Child
from embedded.server import Server
from tests.rig import needs

CONFIG = """\
listener {port} 127.0.0.1
allow_anonymous false
password_file {users}
acl_file {acl}
use_username_as_clientid true
user {user}
persistence false
log_dest stdout
"""


class Mosquitto(Server):
    """The second kind of broker a deployment may choose; `admit_devices` writes who may connect."""

    name = "mosquitto"

    def __init__(self, *, folder: Path, port: int) -> None:
        super().__init__(folder=folder, port=port)
        self.users_file = folder / "mosquitto-users"
        self.acl_file = folder / "mosquitto-acl"

    @property
    def url(self) -> str:
        return f"mqtt://{ports.LOOPBACK}:{self.port}"

    def admit_devices(self) -> None:
        """Let the devices of the table, and our own processes, connect."""
        call_command(
            "broker_config", format="mosquitto", file=str(self.users_file), acl_file=str(self.acl_file)
        )
        if self.child is not None and self.child.running:
            self.child.signal(signal.SIGHUP)

    def prepare(self) -> Child:
        program = needs.program("mosquitto", "mosquitto")
        config = self.folder / "mosquitto.conf"
        account = pwd.getpwuid(
            os.geteuid()
        ).pw_name  # stay who we are: its default account cannot read our files
        config.write_text(
            CONFIG.format(port=self.port, users=self.users_file, acl=self.acl_file, user=account)
        )
        return Child(
            name=self.name,
            argv=[str(program), "-c", str(config)],
            env=os.environ,
            log=self.folder / "logs" / "mosquitto.log",
        )

    def ready(self) -> bool:
        return ports.answers(self.port)
