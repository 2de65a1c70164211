"""What operators do to a machine besides selling it, each with its reason written down in the same breath."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from devices.decide import decide_cleared
from devices.errors import MachineBusy, MachineRunning, OperationUnsupported, TooManyCommands
from devices.machines.arguments import NO_ARGUMENTS, Schema, arguments, errors_in
from devices.machines.base import Machine, find_all
from devices.models import (
    COMMAND_IS_OPEN,
    IS_OPEN,
    Command,
    Device,
    Incident,
    OperatorAction,
    Parcel,
    Run,
)
from devices.protocol.commands import Op
from devices.services import faults, stops
from devices.services.moves import carry_out
from devices.services.work import Work
from devices.states import OPEN, RunStatus
from outbox import clock
from outbox.wake import wake
from payments.errors import ArgsInvalid

# Unexpired at a time, answered or not: a machine keeps as few as 32 in mind until they expire, and hears no
# new one while it has no room. Payers come first.
MOST_COMMANDS = 8
DOOR: Schema = {"type": "string", "pattern": "[A-Za-z0-9-]{1,16}", "maxLength": 16}


class Operation(StrEnum):
    """What may be asked of a machine; all but `clear` are said to it, and none starts a paid run."""

    IDENTIFY = "identify"
    STOP = "stop"
    QUERY = "query"
    OPEN = "open"
    CLEAR = "clear"
    POWER_ON = "power_on"
    POWER_OFF = "power_off"


DISTURBS = frozenset({Operation.STOP, Operation.OPEN, Operation.CLEAR, Operation.POWER_OFF})


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who does it: a person of the staff, or a shop's key."""

    user_id: UUID | None = None
    api_key_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be done, and why. `confirm`: although somebody is using the machine."""

    op: Operation
    reason: str
    args: Mapping[str, Any] = field(default_factory=dict)
    confirm: bool = False


@transaction.atomic
def operate(*, device_id: UUID, actor: Actor, wish: Wish) -> OperatorAction:
    """Do it, or have the machine told to, and write down who did it and why.

    A command is sent until the machine answers, for 30 s at most; whether the machine is heard is not asked:
    one that is out of order is what operators are for.

    Raises:
        OperationUnsupported, ArgsInvalid: this type of machine takes no such thing.
        MachineRunning: it would disturb an open run, and that was not confirmed.
        MachineBusy: the machine is speaking about its run right now.
        TooManyCommands: it was told so much lately that payers' commands would find no room in it.
    """
    # One operator at a time, so that two cannot see the same machine at rest.
    device = Device.objects.select_for_update(no_key=True).get(pk=device_id)
    machine = find_all()[device.type]
    _refuse_unknown(machine, wish)
    run = _disturbed(device, wish)
    if run is not None and wish.op in DISTURBS and not wish.confirm:
        raise MachineRunning
    command = None
    if wish.op is Operation.CLEAR:
        _clear(device, machine, door=wish.args.get("door"))
    else:
        command = _tell(device, wish, run)
    return OperatorAction.objects.create(
        device=device,
        op=wish.op,
        args=dict(wish.args),
        reason=wish.reason,
        user_id=actor.user_id,
        api_key_id=actor.api_key_id,
        command=command,
        run=run,
    )


def operations_of(device: Device) -> list[Operation]:
    """Return what may be asked of a machine."""
    known = find_all()[device.type].operations
    return [op for op in Operation if op is Operation.CLEAR or op.value in known]


def _refuse_unknown(machine: Machine, wish: Wish) -> None:
    if wish.op is not Operation.CLEAR and wish.op.value not in machine.operations:
        raise OperationUnsupported
    if errors := errors_in(_schema_of(machine, wish.op), wish.args):
        raise ArgsInvalid(errors={f"args.{name}": texts for name, texts in errors.items()})


def _schema_of(machine: Machine, op: Operation) -> Schema:
    if not machine.keeps_parcels or op not in {Operation.OPEN, Operation.CLEAR}:
        return NO_ARGUMENTS
    return arguments(door=DOOR, optional=("door",) if op is Operation.CLEAR else ())


def _disturbed(device: Device, wish: Wish) -> Run | None:
    """Return an open run that it is about; opening one door disturbs nobody behind another."""
    open_runs = Run.objects.filter(IS_OPEN, device=device)
    if "door" in wish.args:
        open_runs = open_runs.filter(Q(slot=wish.args["door"]) | Q(slot=""))
    return open_runs.order_by("pk").first()


def _tell(device: Device, wish: Wish, run: Run | None) -> Command:
    _refuse_crowding(device)
    at = clock.now()
    stops_run = wish.op is Operation.STOP and run is not None
    command = Command.objects.create(
        device=device,
        run=run if stops_run else None,
        op=Op(wish.op.value),
        # Named, so that a machine that meanwhile works for somebody else goes on.
        args={"run": str(run.pk)} if stops_run and run else dict(wish.args),
        expires_at=at + timedelta(seconds=settings.COMMAND_EXPIRY_S),
        due_at=at,
    )
    wake("devices.tasks.send_command", queue="machines", command_id=str(command.pk))
    return command


def _refuse_crowding(device: Device) -> None:
    """Raises TooManyCommands when operators' latest commands, or all open ones, are as many as fit."""
    waiting = Command.objects.filter(COMMAND_IS_OPEN, device=device, expires_at__gt=Now())
    latest = OperatorAction.objects.filter(device=device, command__isnull=False).order_by("-pk")
    expiries = list(latest.values_list("command__expires_at", flat=True)[:MOST_COMMANDS])
    crowded = len(expiries) == MOST_COMMANDS and min(expiries) > clock.now()
    if crowded or waiting.count() >= MOST_COMMANDS:
        raise TooManyCommands


def _clear(device: Device, machine: Machine, *, door: str | None) -> None:
    """End what started and does not end by itself, and close what was open about the machine.

    A run that has not started is left alone: its deadline gives the money back. With a door, only what lies
    behind that is over, for a parcel that nobody fetched.
    """
    started = Run.objects.filter(device=device, status=RunStatus.STARTED)
    for run in (started if door is None else started.filter(slot=door)).order_by("pk"):
        _end(run, machine)
    if door is not None:
        behind = Parcel.objects.filter(device=device, door=door, ended_at__isnull=True)
        behind.filter(stored_at__isnull=False, fetched_by__isnull=True).update(ended_at=Now())
        return
    # What is wrong with the money of a run that is still open is not over: nobody would hear of it again.
    told = Incident.objects.filter(device=device, closed_at__isnull=True)
    told.exclude(run__status__in=sorted(OPEN)).update(closed_at=Now())
    faults.clear(device_id=device.pk)


def _end(run: Run, machine: Machine) -> None:
    """Let a started run count as interrupted now, and tell the machine to break off what it may still do."""
    work = Work.lock_open(run.pk)
    if work is None:
        raise MachineBusy(_("The machine is speaking about its run right now. Try again."))
    verdict = decide_cleared(work.facts, left_s=_left_s(run, work.at), machine=machine)
    carry_out(work, verdict, at=work.at)
    stops.stop(run_id=run.pk, device_id=run.device_id, planned_s=run.planned_s, at=work.at)


def _left_s(run: Run, at: datetime) -> int:
    return ceil(max(0.0, (run.ends_at - at).total_seconds())) if run.ends_at else 0
