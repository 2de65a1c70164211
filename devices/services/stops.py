"""Stopping a run that started although its money had gone back, so that nobody rides for free."""

from datetime import datetime, timedelta
from uuid import UUID, uuid5

from devices.machines.base import find_all
from devices.models import COMMAND_IS_OPEN, Command, Device
from devices.protocol.commands import Op
from devices.states import CommandStatus
from outbox.wake import wake


def stop(*, run_id: UUID, device_id: UUID, planned_s: int, at: datetime) -> None:
    """Tell a machine to break off a run that nobody pays for; once per run, however often it is asked.

    The machine is told until the run would have ended by itself, so staying offline for a while saves nobody.
    It names the run: a machine that meanwhile works for somebody else goes on.
    """
    if Op.STOP not in find_all()[Device.objects.values_list("type", flat=True).get(pk=device_id)].operations:
        return
    command = Command(
        id=_stop_id(run_id),
        device_id=device_id,
        run_id=run_id,
        op=Op.STOP,
        args={"run": str(run_id)},
        expires_at=at + timedelta(seconds=planned_s),
        due_at=at,
    )
    Command.objects.bulk_create([command], ignore_conflicts=True)
    wake("devices.tasks.send_command", queue="machines", command_id=str(command.pk))


def withdraw(*, run_id: UUID) -> None:
    """Send no stop any more: the run is over."""
    waiting = Command.objects.filter(COMMAND_IS_OPEN, pk=_stop_id(run_id))
    waiting.update(status=CommandStatus.EXPIRED)


def _stop_id(run_id: UUID) -> UUID:
    """Return the one id that the stop of a run can have: that is what makes it one."""
    return uuid5(run_id, Op.STOP)
