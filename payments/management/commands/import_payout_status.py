"""`manage.py import_payout_status`: read what the bank says of the files it got."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from payments.bank import reports
from payments.bank.errors import StatusFileRefused


class Command(BaseCommand):
    """Applies a file from the bank; the same file again changes nothing."""

    help = (
        "Read a status report (pain.002) or returns (camt.054, camt.053) from the bank. Exits with 1 if a "
        "person has to look at something; all the rest was applied then."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Ask for the file."""
        parser.add_argument("file", type=Path, help="the file as the bank sent it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Apply it, and say what it did."""
        try:
            done = reports.apply(options["file"].read_bytes())
        except (OSError, StatusFileRefused) as error:
            raise CommandError(str(error)) from error
        for problem in done.problems:
            self.stderr.write(problem)
        self.stdout.write(f"{done.moved} withdrawals moved, {done.unchanged} stayed as they were.")
        if done.problems:
            raise CommandError(f"{len(done.problems)} lines need a person.")
