"""`manage.py audit_ledger`: are the books right?"""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from payments import audit_passes
from payments.models import AuditPass


class Command(BaseCommand):
    """Checks the books in one snapshot; safe while payments run."""

    help = (
        "Check that no money was made or lost. Exits with 1 and says what is wrong if it was; "
        "withdrawals are stopped then until somebody lets them run again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Offer the long pass, and an answer for programs."""
        parser.add_argument("--full", action="store_true", help="also the checks that read the whole history")
        parser.add_argument("--json", action="store_true", help="say it as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check, write the pass down, and say so."""
        seen = audit_passes.audit_now(full=options["full"])
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(seen), ensure_ascii=False))
        else:
            self._say(seen)
        if seen.breaches:
            raise CommandError(f"The books are wrong: {len(seen.breaches)} breaches.", returncode=1)

    def _say(self, seen: AuditPass) -> None:
        for breach in seen.breaches:
            self.stderr.write(f"BREACH {breach}")
        if not seen.breaches:
            self.stdout.write(f"The books are right: {seen.checks} checks in {seen.took_ms} ms, no breach.")


def _as_json(seen: AuditPass) -> dict[str, object]:
    return {
        "right": not seen.breaches,
        "full": seen.full,
        "checks": seen.checks,
        "took_ms": seen.took_ms,
        "breaches": seen.breaches,
    }
