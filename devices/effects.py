"""What a verdict changes of a run and its command. Pure: rows and clock are arguments, nothing is written."""

from datetime import datetime, timedelta
from typing import Any

from devices.decide import Verdict
from devices.states import GIVEN_BACK, OPEN, CommandStatus, RunStatus


def status_after(status: RunStatus, verdict: Verdict) -> RunStatus:
    """Where a run in `status` is once the verdict was carried out."""
    return verdict.moves[-1] if verdict.moves else status


def run_columns(
    verdict: Verdict, *, status: RunStatus, planned_s: int, overrun_s: int, at: datetime
) -> dict[str, Any]:
    """What changes of the run; None and empty text leave a column as it is.

    Args:
        status: after the verdict.
        overrun_s: how long after its planned end a run that nobody ended is over.
    """
    starts, tells_rest = verdict.claims, verdict.left_s is not None
    left_s = planned_s if verdict.left_s is None else min(verdict.left_s, planned_s)
    return {
        "status": status,
        "started_at": at if starts else None,
        "ends_at": at + timedelta(seconds=left_s) if starts or tells_rest else None,
        "ends_by": at + timedelta(seconds=planned_s + overrun_s) if starts else None,
        "ended_at": None if status in OPEN else at,
        "phase": verdict.phase,
        "earned": verdict.earned,
        "failure": verdict.failure,
        "assumed": verdict.assumed,
    }


def command_status(status: RunStatus) -> CommandStatus:
    """How the start command stands when its run is in `status`."""
    if status in OPEN:
        return CommandStatus.SENT
    if status == RunStatus.REJECTED:
        return CommandStatus.REJECTED
    return CommandStatus.EXPIRED if status in GIVEN_BACK else CommandStatus.DONE
