"""`manage.py simulate`: play the simulated machines of a demo. It needs a broker, but no database."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from simulator import cli
from simulator.roster import RosterError
from simulator.script import ScriptError


class Command(BaseCommand):
    help = "Play the simulated machines of a demo until SIGTERM."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        cli.add_arguments(parser)

    def handle(self, **options: Any) -> None:
        try:
            cli.play(**{name: options[name] for name in cli.OPTIONS})
        except (RosterError, ScriptError, ValueError) as error:
            raise CommandError(str(error)) from None
