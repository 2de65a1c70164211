"""`manage.py audit_ledger`: are the books right?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from payments import audit


class Command(BaseCommand):
    """Checks the books in one snapshot; safe while payments run."""

    help = "Check that no money was made or lost. Exits with 1 and says what is wrong if it was."

    def add_arguments(self, parser: CommandParser) -> None:
        """Offer the frequent pass."""
        parser.add_argument(
            "--quick", action="store_true", help="leave out the checks that read the whole history"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Check, and say so."""
        quick: bool = options["quick"]
        found = audit.confirmed_breaches(full=not quick)
        for breach in found:
            self.stderr.write(f"BREACH {breach}")
        if found:
            raise CommandError(f"The books are wrong: {len(found)} breaches.", returncode=1)
        self.stdout.write(f"The books are right: {len(audit.names())} checks, no breach.")
