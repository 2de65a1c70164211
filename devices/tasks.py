"""What a `machines` worker does. Each task looks the work up in the rows, so it may be lost or come twice."""

import logging
from datetime import datetime
from uuid import UUID

from celery import shared_task

from devices import home_assistant, queries
from devices.publisher import publisher
from devices.schedule import DEAF, Ears
from devices.services import discovery, drive, operate, watch
from outbox import clock

log = logging.getLogger(__name__)


@shared_task(name="devices.tasks.send_command")
def send_command(*, command_id: str, **_: object) -> None:
    """Send one command that has just become due."""
    _attend(UUID(command_id), ears=DEAF)


@shared_task(name="devices.tasks.sweep")
def sweep(**_: object) -> int:
    """Attend to every command that is due by the database's clock, the only one that decides about money."""
    return attend_to_due(at=clock.now())


@shared_task(name="devices.tasks.watch")
def watch_machines(**_: object) -> None:
    """Tell which machines came and went, and which have been silent for too long."""
    watch.watch(at=clock.now())


@shared_task(name="devices.tasks.discover")
def discover(**_: object) -> None:
    """Tell Home Assistant of machines that are new or changed, if it is on."""
    if home_assistant.is_on():
        discovery.discover(keep=publisher().keep)


def attend_to_due(*, at: datetime) -> int:
    """Attend to every due command; return how many there were. Any number of sweeps may run at once.

    Args:
        at: the instant to sweep for.
    """
    ears = queries.ears(at=at)
    due = list(drive.due_commands(at=at))
    for command_id in due:
        try:
            _attend(command_id, ears=ears, at=at)
        except Exception:  # one bad row must not keep the others from their money
            log.exception("Command %s could not be attended to", command_id)
    return len(due)


def _attend(command_id: UUID, *, ears: Ears, at: datetime | None = None) -> None:
    speaking = publisher()
    connected = speaking.is_connected()
    outgoing = drive.attend(command_id=command_id, ears=ears, connected=connected, at=at)
    outgoing = outgoing or operate.attend(command_id=command_id, connected=connected, at=at)
    if outgoing is not None:
        speaking.publish(outgoing)
