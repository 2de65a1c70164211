"""Speakers, paid for through their own codes."""

from datetime import timedelta

from devices.models import Command, Device
from devices.services import operate
from devices.services.provision import provision
from merchants.models import Place
from outbox.clock import now
from outbox.relay import drain
from payments.models import Code, Payment
from payments.services import pay
from people.models import User
from tests.devices.paying import call


def speaker(account_id: int, *, number: str = "S1", place: Place | None = None) -> Device:
    return provision(
        account_id=account_id,
        place_id=place.pk if place else None,
        type="speaker",
        number=number,
        name="Speaker",
    )


def code_of(device: Device) -> str:
    return Code.objects.get(target=device.pk).token


def paid(payer: User, token: str, amount: int = 1280) -> Payment:
    answer = pay(call=call(payer), code=token, amount=amount)
    assert answer.status == 201, answer.body
    return Payment.objects.get(pk=str(answer.body["id"]))


def told(device: Device) -> list[Command]:
    return list(Command.objects.filter(device=device, op="announce").order_by("pk"))


def hand_over() -> None:
    """Let the outbox deliver what waits."""
    drain(queue="default", most=100)


def attend(command: Command, *, later_s: float = 0) -> bool:
    """Attend to a command as a worker does; was it sent?"""
    return (
        operate.attend(command_id=command.pk, connected=True, at=now() + timedelta(seconds=later_s))
        is not None
    )
