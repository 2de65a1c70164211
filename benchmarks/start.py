"""How long a payer waits: from the commit of the payment to the commit of the machine's `accepted`.

PostgreSQL itself tells both instants (`track_commit_timestamp`), so no clock of ours is involved.
"""

import statistics
import time
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import psycopg
from django.db import connection

from benchmarks.world import pay
from devices.models import Device
from devices.services.provision import provision
from merchants.services import open_merchant
from outbox import clock
from payments.models import Code
from tests.rig.service import Service
from tests.rig.waiting import eventually

MACHINES = 20
SPEED = 600  # a ten-minute chair is free again after a second
PACE_S = 0.1
P50_MS, P99_MS = 15, 60

LATENCIES = """
SELECT 1000 * extract(epoch FROM pg_xact_commit_timestamp(event.xmin) - pg_xact_commit_timestamp(hold.xmin))
FROM devices_event event
JOIN devices_run run ON run.id = event.command
JOIN payments_transfer hold ON hold.payment_id = run.payment_id AND hold.kind = 'hold'
WHERE event.name = 'accepted' AND event.received_at >= %s
"""


def measure(*, service: Service, payers: Sequence[UUID], starts: int) -> str:
    """Pay for `starts` machines, ten a second, and return the distribution in milliseconds."""
    track_commits(service)
    began = clock.now()
    machines = _provision(payers[0])
    service.env(SPEED=str(SPEED))
    service.admit_devices()
    service.start("machines", "default", "beat", "gateway")
    service.simulate(*machines)
    eventually(lambda: _online() == MACHINES, within_s=30, what="the machines online")
    _pay_in_turn(machines, payers[1:], starts)
    eventually(lambda: len(latencies(began)) == starts, within_s=30, what="every machine's answer")
    return _report(sorted(latencies(began)))


def track_commits(service: Service) -> None:
    """Let PostgreSQL remember when each transaction committed."""
    with psycopg.connect(service.servers.postgres.superuser_url, autocommit=True) as superuser:
        superuser.execute("ALTER SYSTEM SET track_commit_timestamp = on")
    connection.close()
    service.servers.postgres.stop()
    service.servers.postgres.start()


def _provision(owner: UUID) -> list[Device]:
    shop = open_merchant(owner_id=owner, name="Chair Hall", category="arcade")
    return [
        provision(account_id=shop.account_id, place_id=None, type="chair", number=str(number), name="Chair")
        for number in range(MACHINES)
    ]


def _online() -> int:
    return Device.objects.filter(session__synced_at__isnull=False, session__gone_at__isnull=True).count()


def _pay_in_turn(machines: list[Device], payers: Sequence[UUID], starts: int) -> None:
    tokens = [Code.objects.get(target=machine.pk).token for machine in machines]
    for number in range(starts):
        began = time.monotonic()
        pay(payers[number % len(payers)], tokens[number % len(tokens)], option="10min")
        time.sleep(max(0.0, PACE_S - (time.monotonic() - began)))


def latencies(since: datetime) -> list[float]:
    """Return how long each machine that answered since then took, in milliseconds."""
    with connection.cursor() as cursor:
        cursor.execute(LATENCIES, [since])
        return [float(row[0]) for row in cursor.fetchall()]


def _report(took: list[float]) -> str:
    p50, p99 = statistics.median(took), took[len(took) * 99 // 100]
    return (
        f"\nPayment committed to `accepted` committed, {len(took)} starts, ten a second\n"
        f"| p50 | {p50:.1f} ms | goal {P50_MS} ms | {'reached' if p50 <= P50_MS else 'MISSED'} |\n"
        f"| p99 | {p99:.1f} ms | goal {P99_MS} ms | {'reached' if p99 <= P99_MS else 'MISSED'} |"
    )
