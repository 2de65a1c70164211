"""What every command that does something to a machine must be told: to which, who does it, and why."""

from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser

from devices.models import Device
from people.models import User


def add_why(parser: CommandParser) -> None:
    """Ask for the machine, the person and the reason."""
    parser.add_argument("device", type=UUID, help="id of the machine")
    parser.add_argument("--by", required=True, help="phone number of who does it, one of the staff")
    parser.add_argument("--reason", required=True, help="why; kept with the deed")


def device_and_who(options: dict[str, Any]) -> tuple[UUID, UUID]:
    """Return the ids of the machine and of who is at it.

    Raises:
        CommandError: no such machine, nobody of the staff, or no reason.
    """
    device_id: UUID = options["device"]
    if not Device.objects.filter(pk=device_id).exists():
        raise CommandError(f"There is no machine {device_id}.")
    who = User.objects.filter(phone=options["by"], is_staff=True, is_active=True).first()
    if who is None:
        raise CommandError(f"{options['by']} is nobody of the staff.")
    if not options["reason"].strip():
        raise CommandError("Say why.")
    return device_id, who.pk
