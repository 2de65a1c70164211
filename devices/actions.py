"""Reading what was done to machines. What leaves here is ready for JSON."""

from uuid import UUID

from devices.models import OperatorAction
from devices.states import CommandStatus
from payments.answers import Json, instant


def of_device(*, device_id: UUID, before: UUID | None = None, limit: int = 20) -> list[OperatorAction]:
    """Return what was done to a machine, newest first, or before one of these."""
    found = OperatorAction.objects.select_related("user", "api_key", "command")
    found = found.filter(device_id=device_id)
    if before is not None:
        found = found.filter(pk__lt=before)
    return list(found.order_by("-pk")[:limit])


def answer(action: OperatorAction) -> Json:
    """Return what whoever asked for an action is told."""
    return {"id": str(action.pk), "op": action.op, "status": _status(action)}


def view(action: OperatorAction) -> Json:
    """Return an action as its machine's owner sees it."""
    return answer(action) | {
        "args": action.args,
        "reason": action.reason,
        "by": _actor(action),
        "run": str(action.run_id) if action.run_id else None,
        "created_at": instant(action.created_at),
    }


def _actor(action: OperatorAction) -> str:
    """Return the name of the key or of the person; a person's phone number is nobody's business."""
    if action.api_key is not None:
        return action.api_key.name
    return action.user.name if action.user is not None else ""


def _status(action: OperatorAction) -> str:
    """Return how far the machine got with it; what needs no machine is done."""
    return action.command.status if action.command else CommandStatus.DONE.value
