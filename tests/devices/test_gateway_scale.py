"""A thousand machines, a flood of hostile messages, and a take-over: what one gateway must stand."""

import secrets
import threading
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from devices import keys
from devices.gateway.line import BATCH_BYTES, BATCH_MESSAGES, Incoming, Line
from devices.models import REJECTED_SLOTS, Device, Event, GatewayBeat, RejectedMessage, Session
from devices.protocol.events import EventName
from devices.protocol.topics import Topic
from merchants.models import Merchant
from tests.devices.crowd import Crowd, LightMachine
from tests.rig.service import Part, Service
from tests.rig.waiting import eventually

MACHINES = 1000
ATTACKERS = 4
FLOOD_S = 4.0
A_SECOND = 4000  # hostile messages
MOST_MB = 200
GROWTH_MB = 25  # whatever was said, it waits at the broker

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def crowd(service: Service, mei_shop: Merchant) -> Iterator[Crowd]:
    """A thousand machines that have just been switched on, and two gateways."""
    devices = Device.objects.bulk_create(
        Device(account_id=mei_shop.account_id, type="chair", number=str(number), name="Chair")
        for number in range(MACHINES)
    )
    Session.objects.bulk_create(Session(device=device) for device in devices)
    service.admit_devices()
    service.start("gateway", "standby")
    with Crowd((_light(device) for device in devices), url=service.servers.nats.url) as crowd:
        eventually(lambda: _online() == MACHINES, within_s=120, what="a thousand machines online")
        yield crowd


class Flood(threading.Thread):
    """Machines that shout whatever is not allowed, thousands of times a second."""

    SHOUTS = b"", b"\xff\xfe\xfd", b"x" * 4_000, b'{"v":1}.AAAA', b"{" * 500, secrets.token_bytes(400)

    def __init__(self, attackers: list[LightMachine]) -> None:
        super().__init__()
        self._attackers = attackers
        self.sent = 0

    def run(self) -> None:
        began = time.monotonic()
        while (passed_s := time.monotonic() - began) < FLOOD_S:
            while self.sent < passed_s * A_SECOND:
                for attacker, shout in product(self._attackers, self.SHOUTS):
                    attacker.publish(Topic.EVT, shout)
                    self.sent += 1
            time.sleep(0.01)


@pytest.mark.django_db(transaction=True)
def test_a_thousand_machines_are_heard_through_a_flood_and_through_a_take_over(
    service: Service, crowd: Crowd
) -> None:
    active, other = _active(service)
    before_mb = _resident_mb(active)
    flood = Flood(crowd.machines[:ATTACKERS])
    flood.start()
    time.sleep(FLOOD_S / 4)
    for machine in crowd.machines[ATTACKERS : ATTACKERS + 50]:
        machine.event(EventName.FAULT, code="door")
    eventually(lambda: _faults() == 50, within_s=60, what="what the honest ones said")
    flood.join()
    eventually(lambda: _rejected() == flood.sent, within_s=60, what="every shout counted")
    assert RejectedMessage.objects.count() == REJECTED_SLOTS
    assert _resident_mb(active) < min(MOST_MB, before_mb + GROWTH_MB)

    active.kill()
    crowd.machines[-1].event(EventName.FAULT, code="door")
    eventually(lambda: _faults() == 51, within_s=30, what="the other gateway hears")
    assert other.says("listens")
    assert _online() == MACHINES


def test_a_batch_is_bounded_however_much_the_client_reads_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def read_much(line: Line, wait_s: float) -> None:
        line._arrived.extend(arriving)
        arriving.clear()

    monkeypatch.setattr(Line, "_turn", read_much)
    monkeypatch.setattr(Line, "_check", lambda *_: None)
    arriving = [_said(mid, b"x" * 200) for mid in range(300)] + [_said(300, b"x" * BATCH_BYTES)] * 3
    line, expected = Line(), list(arriving)
    batches = []
    while batch := line.read(wait_s=0):
        batches.append(batch)

    assert [one for batch in batches for one in batch] == expected
    assert max(len(batch) for batch in batches) == BATCH_MESSAGES
    assert max(sum(len(one.payload) for one in batch) for batch in batches) < 2 * BATCH_BYTES


def _said(mid: int, payload: bytes) -> Incoming:
    return Incoming("v1/x/evt", payload, False, mid, 1)


def _light(device: Device) -> LightMachine:
    name = str(device.pk)
    return LightMachine(name, keys.key_of(name), keys.password_of(name))


def _active(service: Service) -> tuple[Part, Part]:
    """Return the gateway that listens and the one that waits."""
    holder = int(GatewayBeat.objects.get().holder.rpartition(":")[2])
    first, second = service.gateway, service.standby
    return (first, second) if first.pid == holder else (second, first)


def _online() -> int:
    return Session.objects.filter(synced_at__isnull=False, gone_at=None).count()


def _faults() -> int:
    return Event.objects.filter(name="fault").count()


def _rejected() -> int:
    return GatewayBeat.objects.get().rejected


def _resident_mb(part: Part) -> float:
    status = Path(f"/proc/{part.pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024
