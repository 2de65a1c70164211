"""`manage.py home_assistant`: what to type into Home Assistant, so that it shows the machines."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from devices import home_assistant, keys, mqtt
from devices.services import discovery


class Command(BaseCommand):
    """Print the broker's address and the user that may look, and nothing else."""

    help = "Print how to connect Home Assistant; --again tells it of every machine once more."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--again", action="store_true", help="after the broker lost its retained messages"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not home_assistant.is_on():
            raise CommandError("It is off: set HOME_ASSISTANT_PREFIX=homeassistant and restart the service.")
        if options["again"]:
            self.stdout.write(f"{discovery.forget()} machines will be told again within minutes.")
        host, port = mqtt.address()
        self.stdout.write(f"Broker: {host}\nPort: {port}\nUsername: {keys.VIEWER_USER}")
        self.stdout.write(f"Password: {keys.password_of(keys.VIEWER_USER)}")
        self.stdout.write(f"Client id: {keys.VIEWER_USER}-home")
        self.stdout.write(f"Discovery prefix: {settings.HOME_ASSISTANT_PREFIX}")
