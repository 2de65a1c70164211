"""Paying for machines as a wallet does, without HTTP in between."""

from collections.abc import Mapping
from uuid import UUID, uuid4

from devices.gateway.intake import Intake
from devices.models import Device, Run
from payments.accounts import wallet_of
from payments.idempotency import Answer, Call, digest
from payments.models import Code, Lane, Payment
from payments.services import pay, top_up
from people.models import User
from tests.devices.hardware import Hardware

BOOT = 77


def call(user: User, key: str = "") -> Call:
    return Call(caller=user.pk, key=key or str(uuid4()), body_hash=digest("POST", "/test", {}))


def give(user: User, amount: int) -> None:
    """Top a wallet up."""
    top_up(call=call(user), amount=amount)


def balance(user: User) -> int:
    """What a wallet holds, without what is in escrow."""
    return sum(Lane.objects.filter(account=wallet_of(user.pk)).values_list("amount", flat=True))


def earned(device: Device) -> int:
    """What the machine's owner has."""
    return sum(Lane.objects.filter(account=device.account_id).values_list("amount", flat=True))


def token(device: Device) -> str:
    return Code.objects.get(target=device.pk).token


def pay_for(
    device: Device,
    payer: User,
    *,
    option: str | None = "10min",
    args: Mapping[str, object] | None = None,
    amount: int | None = None,
    version: str | None = None,
) -> Answer:
    return pay(call=call(payer), code=token(device), option=option, args=args, amount=amount, version=version)


def run_of(answer: Answer) -> Run:
    return Run.objects.get(payment_id=UUID(str(answer.body["id"])))


def bought(device: Device, payer: User, option: str = "10min") -> Run:
    """Pay and return the run."""
    return run_of(pay_for(device, payer, option=option))


def payment_of(run: Run) -> Payment:
    assert run.payment_id
    return Payment.objects.get(pk=run.payment_id)


def go_online(intake: Intake, hardware: Hardware) -> str:
    """Bring a machine online; return its session."""
    (answer,) = intake.store([hardware.hello()])
    sess = hardware.read_sync(answer.payload).sess
    intake.store([hardware.event("synced", sess=sess)])
    return sess
