"""`manage.py simulate`: play the simulated machines of a demo. It needs a broker, but no database."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from simulator import cli
from simulator.roster import RosterError


class Command(BaseCommand):
    help = "Play the simulated machines of a demo until SIGTERM."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        cli.add_arguments(parser)

    def handle(
        self, *, file: Path, speed: float, mqtt_url: str | None, data: Path | None, **options: Any
    ) -> None:
        try:
            cli.play(file=file, speed=speed, mqtt_url=mqtt_url, data=data)
        except (RosterError, ValueError) as error:
            raise CommandError(str(error)) from None
