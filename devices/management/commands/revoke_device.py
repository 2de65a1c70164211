"""`manage.py revoke_device`: shut a machine out, or let it in again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from devices.management.staff import add_why, device_and_who
from devices.services.credentials import restore, revoke


class Command(BaseCommand):
    """Withdraw what one machine is believed by; with --restore give it back."""

    help = "Shut a machine out: nobody can pay for it, it is not heard, and the broker refuses it."

    def add_arguments(self, parser: CommandParser) -> None:
        add_why(parser)
        parser.add_argument("--restore", action="store_true", help="let it in again, with the key it had")

    def handle(self, *args: Any, **options: Any) -> None:
        device_id, user_id = device_and_who(options)
        act = restore if options["restore"] else revoke
        done = act(device_id=device_id, user_id=user_id, reason=options["reason"])
        self.stdout.write("Done." if done else "Nothing was done: it was so already.")
