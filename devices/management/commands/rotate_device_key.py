"""`manage.py rotate_device_key`: give a machine a new key and say, once, what must be put into it."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from devices.management.staff import add_why, device_and_who
from devices.services.credentials import rotate
from outbox.errors import Refusal


class Command(BaseCommand):
    """Change the key and the broker password of one machine."""

    help = (
        "Give a machine a new key and MQTT password, printed as JSON. What it signs with the key before is "
        "believed for 24 hours, unless that one leaked: then say --now."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_why(parser)
        parser.add_argument("--now", action="store_true", help="believe the key before no longer")

    def handle(self, *args: Any, **options: Any) -> None:
        device_id, user_id = device_and_who(options)
        try:
            made = rotate(
                device_id=device_id, user_id=user_id, reason=options["reason"], at_once=options["now"]
            )
        except Refusal as refusal:
            raise CommandError(f"{refusal.detail} Then say --now.") from refusal
        self.stdout.write(json.dumps(asdict(made)))
