"""`manage.py provision_device`: set a machine up and say, once, what must be put into it."""

import json
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError

from devices.errors import UnknownType
from devices.machines.base import find_all
from devices.services.provision import credentials, provision
from payments import payloads
from payments.models import Code


class Command(BaseCommand):
    """Make one machine and its printed code."""

    help = "Set up a machine; prints its id, key, MQTT password and code as JSON. Keep them secret."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--account", type=int, required=True, help="id of the account that earns")
        parser.add_argument("--type", required=True, choices=sorted(find_all()))
        parser.add_argument("--number", required=True, help="as painted on the machine")
        parser.add_argument("--name", required=True)
        parser.add_argument("--place", type=UUID, help="id of the shop's place")
        parser.add_argument("--slow", action="store_true", help="it hangs on a slow network")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            device = provision(
                account_id=options["account"],
                place_id=options["place"],
                type=options["type"],
                number=options["number"],
                name=options["name"],
                slow=options["slow"],
            )
        except (IntegrityError, UnknownType) as error:
            raise CommandError(f"The machine was not set up: {error}") from error
        code = Code.objects.get(target=device.pk)
        self.stdout.write(json.dumps(asdict(credentials(device)) | {"code": payloads.payload_of(code.token)}))
