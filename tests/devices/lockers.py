"""A locker with its controller, used as couriers and receivers use it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.postgres.functions import TransactionNow

from devices import queries
from devices.gateway.intake import Intake
from devices.models import Device, Parcel, Run
from devices.schedule import DEAF
from devices.services import free
from devices.services.drive import attend
from devices.services.provision import provision
from outbox.errors import Refusal
from payments import codes, payloads
from payments.idempotency import Answer, Call, digest
from people.models import User
from tests.devices.hardware import Hardware
from tests.devices.paying import go_online, token

HOUR_S = 3600
DAY_S = 24 * HOUR_S


@dataclass
class Locker:
    """Doors 1 and 2 are small, 3 is large. By default a day is free, then twelve hours cost 1.00."""

    device: Device
    hardware: Hardware
    intake: Intake

    def says(self, ev: str, run: Run, **fields: Any) -> None:
        self.intake.store([self.hardware.event(ev, run.pk, **fields)])

    def plays(self, run: Run) -> Run:
        """Let the door open and close."""
        self.sent(run)
        for ev in ("accepted", "started", "finished"):
            self.says(ev, run)
        return fresh(run)

    def sent(self, run: Run) -> None:
        assert attend(command_id=run.pk, ears=DEAF, connected=True)

    def put_in(self, user: User, size: str = "s") -> Run:
        """A parcel lies behind a door, for as long as the courier can be seen."""
        return self.plays(self.use(user, option=f"deposit-{size}"))

    def use(self, user: User, **wish: Any) -> Run:
        """Use it for nothing."""
        return run_of(self.ask(user, **wish))

    def ask(self, user: User, *, key: str = "", **wish: Any) -> Answer:
        call = Call(user.pk, key or str(uuid4()), digest("POST", "/test", {}))
        return free.use(call=call, code=token(self.device), **wish)

    def fetch(self, user: User, code: str | None, **wish: Any) -> Run:
        return self.use(user, option="pickup", args={"code": code}, **wish)

    def scan(self, user: User, **wish: Any) -> dict[str, Any]:
        payload = payloads.payload_of(token(self.device))
        shown: dict[str, Any] = codes.scan(payload=payload, payer_id=user.pk, **wish)
        return shown

    def quote(self, user: User, code: str | None) -> dict[str, Any]:
        return self.scan(user, option="pickup", args={"code": code})


def new_locker(account_id: int, intake: Intake) -> Locker:
    device = provision(account_id=account_id, place_id=None, type="locker", number="5", name="Locker")
    Device.objects.filter(pk=device.pk).update(settings={"doors": {"S": ["1", "2"], "L": ["3"]}})
    locker = Locker(device, Hardware(device), intake)
    go_online(intake, locker.hardware)
    return locker


def fresh(run: Run) -> Run:
    return Run.objects.get(pk=run.pk)


def run_of(answer: Answer) -> Run:
    return Run.objects.get(pk=UUID(str(answer.body["id"])))


def code_of(run: Run, reader: User) -> str | None:
    """What the reader is shown of a run's code."""
    seen = queries.with_ears(Run.objects.filter(pk=run.pk)).get()
    return queries.unlock_code(seen, reader_id=reader.pk)


def parcel_of(run: Run) -> Parcel:
    return Parcel.objects.get(deposit=run)


def lies_for(run: Run, seconds: int) -> None:
    """Let a parcel have been there for exactly so long, by the clock of the test's transaction."""
    Parcel.objects.filter(deposit=run).update(stored_at=TransactionNow() - timedelta(seconds=seconds))


def refused(error: type[Refusal], act: Callable[[], object]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        act()
    assert caught.value.code == error.code
    return caught.value


def wrong(code: str) -> str:
    """Another code than this one."""
    return str((int(code) + 1) % 10**8).zfill(8)
