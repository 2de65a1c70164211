"""`manage.py provision_device`: set a machine up and say, once, what must be put into it."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError

from devices import setup_codes
from devices.errors import UnknownType
from devices.machines.base import find_all
from devices.models import Device
from devices.services.provision import credentials, provision, provision_unclaimed
from payments import payloads, qr
from payments.models import Code


def _svg(text: str) -> bytes:
    return qr.svg(text).encode()


DRAWN: dict[str, Callable[[str], bytes]] = {".svg": _svg, ".png": qr.png}


class Command(BaseCommand):
    """Make one machine: somebody's, with its printed code, or nobody's yet, with its set-up code."""

    help = (
        "Set up a machine; prints its id, key, MQTT password and code as JSON. Keep them secret. Without "
        "--account it belongs to nobody: whoever scans its set-up code first becomes its owner."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--account", type=int, help="id of the account that earns")
        parser.add_argument("--type", required=True, choices=sorted(find_all()))
        parser.add_argument("--number", default="", help="as painted on the machine; needed with --account")
        parser.add_argument("--name", default="", help="needed with --account; else by default its type's")
        parser.add_argument("--place", type=UUID, help="id of the shop's place")
        parser.add_argument("--slow", action="store_true", help="it hangs on a slow network")
        parser.add_argument("--image", type=Path, help="draw its code into this file, .svg or .png")

    def handle(self, *args: Any, **options: Any) -> None:
        image: Path | None = options["image"]
        if image is not None and image.suffix not in DRAWN:
            raise CommandError("--image draws .svg or .png.")
        try:
            device, code = _owned(options) if options["account"] is not None else _unclaimed(options)
        except (IntegrityError, UnknownType) as error:
            raise CommandError(f"The machine was not set up: {error}") from error
        if image is not None:
            (text,) = code.values()
            image.write_bytes(DRAWN[image.suffix](text))
        self.stdout.write(json.dumps(asdict(credentials(device)) | code))
        if "setup_code" in code:
            self.stderr.write(qr.terminal(code["setup_code"]))


def _owned(options: dict[str, Any]) -> tuple[Device, dict[str, str]]:
    if not options["number"] or not options["name"]:
        raise CommandError("A machine of an account needs --number and --name.")
    device = provision(
        account_id=options["account"],
        place_id=options["place"],
        type=options["type"],
        number=options["number"],
        name=options["name"],
        slow=options["slow"],
    )
    return device, {"code": payloads.payload_of(Code.objects.get(target=device.pk).token)}


def _unclaimed(options: dict[str, Any]) -> tuple[Device, dict[str, str]]:
    if options["place"] is not None:
        raise CommandError("A machine without an account stands nowhere yet: its owner says where.")
    device, token = provision_unclaimed(
        type=options["type"], name=options["name"], number=options["number"], slow=options["slow"]
    )
    return device, {"setup_code": setup_codes.payload_of(token)}
