"""A running service with a laundry and a payer: what the fault tests break."""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import UUID, uuid4

from django.conf import settings

from devices import keys
from devices.models import Device, GatewayBeat, Run, Session
from devices.services.provision import provision
from payments.models import Code, Payment
from people.models import User
from people.services import start_session
from simulator.faults import Faults
from simulator.fleet import Fleet
from simulator.player import Device as Simulated
from tests.cast import PIN
from tests.devices.paying import balance, give
from tests.rig.service import Service
from tests.rig.waiting import eventually

RICH = 100_000
PROCESSES = ("web", "machines", "default", "beat", "gateway")


@dataclass(frozen=True)
class Answered:
    """What the service answered, and after how long."""

    status: int
    body: dict[str, Any]
    seconds: float

    @property
    def run(self) -> Run:
        return Run.objects.get(payment_id=UUID(self.body["id"]))


class Town:
    """Alice, and the machines of a shop."""

    def __init__(self, service: Service, payer: User, account_id: int) -> None:
        self.service, self.payer, self.account_id = service, payer, account_id
        give(payer, RICH)
        _, self._token = start_session(user_id=payer.pk)

    def machine(self, number: str = "07", type: str = "chair") -> Device:  # noqa: A002  # as everywhere
        """Set up a machine."""
        return provision(account_id=self.account_id, place_id=None, type=type, number=number, name="Machine")

    def open(self, **times: str) -> None:
        """Start the whole service and wait until it hears the machines."""
        self.service.env(GATEWAY_RETURN_S="0", **times)
        self.service.admit_devices()
        self.service.start(*PROCESSES)
        eventually(GatewayBeat.objects.exists, within_s=30, what="the gateway beats")
        self.ask("GET", "me")  # the first answer of a process costs its imports
        self._check_pin()

    def pay(self, device: Device, option: str = "10min") -> Answered:
        code = Code.objects.get(target=device.pk).token
        return self.ask("POST", "payments", {"code": code, "option": option, "pin": PIN})

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Answered:
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/json",
            "Idempotency-Key": str(uuid4()),
        }
        data = json.dumps(body).encode() if body is not None else None
        request = Request(f"{self.service.url}/api/v1/{path}", data, headers, method=method)  # noqa: S310  # ours
        began = time.monotonic()
        try:
            with urlopen(request, timeout=10) as response:  # noqa: S310  # ours
                status, answer = response.status, json.load(response)
        except HTTPError as error:
            status, answer = error.code, json.load(error)
        return Answered(status, answer, time.monotonic() - began)

    def payment(self, answered: Answered) -> dict[str, Any]:
        return self.ask("GET", f"payments/{answered.body['id']}").body

    @property
    def balance(self) -> int:
        return balance(self.payer)

    def _check_pin(self) -> None:
        """Let the session remember the PIN, so that no payment of the test pays for the slow hash."""
        answer = self.ask("POST", "payments", {"code": "0" * 26, "pin": PIN})
        assert answer.status == 404, answer


def simulate(*devices: Device, speed: float = 200, **faults: Any) -> Fleet:
    """Play machines; `faults` of all of them. Chairs of ten minutes take three seconds by default."""
    return Fleet(
        [_simulated(device, Faults(**faults)) for device in devices], mqtt_url=settings.MQTT_URL, speed=speed
    )


def _simulated(device: Device, faults: Faults) -> Simulated:
    key = keys.key_of(str(device.pk), device.key_version)
    return Simulated(
        id=str(device.pk),
        type=device.type,
        key=key,
        password=keys.password_of(str(device.pk), device.key_version),
        faults=faults,
    )


def wait_online(devices: Iterable[Device]) -> None:
    waiting = [device.pk for device in devices]
    eventually(
        lambda: (
            Session.objects.filter(pk__in=waiting, synced_at__isnull=False, gone_at=None).count()
            == len(waiting)
        ),
        within_s=30,
        what="machines online",
    )


def status_of(run: Run) -> str:
    return Run.objects.values_list("status", flat=True).get(pk=run.pk)


def money_of(run: Run) -> str:
    assert run.payment_id
    return Payment.objects.values_list("status", flat=True).get(pk=run.payment_id)
