"""`manage.py export_payouts`: write what waits for the bank into a file that a person takes there."""

from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from outbox import clock
from payments import money
from payments.bank import payouts, writing
from payments.bank.errors import PayoutRefused
from payments.models import PayoutFile


class Command(BaseCommand):
    """Makes one pain.001 message, or writes an earlier one again."""

    help = (
        "Write all withdrawals that were asked for into one ISO 20022 file (pain.001.001.09) for the bank. "
        "A withdrawal is in one file only; --again writes an earlier file once more, byte for byte."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Ask where to, and when the bank shall pay."""
        parser.add_argument("--out", type=Path, required=True, help="folder to write the file into")
        parser.add_argument("--execution-date", type=date.fromisoformat, help="YYYY-MM-DD; default today")
        parser.add_argument(
            "--again", metavar="MESSAGE_ID", help="write this file again instead of a new one"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the file and write it."""
        folder: Path = options["out"]
        if not folder.is_dir():  # before anything is submitted
            raise CommandError(f"{folder} is no folder.")
        try:
            file = payouts.find(message_id=options["again"]) if options["again"] else self._new(options)
        except PayoutRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        self._warn_of_stuck()
        if file is None:
            self.stdout.write("Nothing waits for the bank.")
        else:
            self._write(file, folder)
        self._warn_of_lost(folder)

    def _new(self, options: dict[str, Any]) -> PayoutFile | None:
        at = clock.now()
        today = timezone.localdate(at)
        execute_on = options["execution_date"] or today
        if execute_on < today:
            raise CommandError(f"The bank cannot pay on {execute_on}: it is over.")
        return payouts.export(at=at, execute_on=execute_on)

    def _write(self, file: PayoutFile, folder: Path) -> None:
        try:
            path = writing.write(file, folder=folder)
        except OSError as error:
            raise CommandError(
                f"Could not write it ({error}). The file is kept: write it with --again {file.message_id}"
            ) from error
        total = f"{money.text(file.total, money.currency())} {money.currency()}"
        self.stdout.write(f"{path}: {file.transfers} transfers, {total} in all, message {file.message_id}.")
        if payouts.more_waits():
            self.stdout.write("More waits for the next file: run it again.")

    def _warn_of_stuck(self) -> None:
        count, total = payouts.without_a_way()
        if count:
            sum_of_all = f"{money.text(total, money.currency())} {money.currency()}"
            self.stderr.write(
                f"{count} withdrawals of {sum_of_all} name no bank account: cancel them in the admin."
            )

    def _warn_of_lost(self, folder: Path) -> None:
        """Name what an export may have submitted that died before it wrote: its money would wait for ever."""
        for message_id in payouts.unanswered():
            if not writing.place(message_id, folder=folder).exists():
                self.stderr.write(
                    f"The bank has said nothing of {message_id}, which is not in {folder}. If it never got "
                    f"there, write it with --again {message_id}"
                )
