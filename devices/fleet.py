"""The fleet as an operator needs it: which machines want a visit, and that the others do not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from devices import presence
from devices.machines.base import find_all
from devices.models import IS_OPEN, Device, Fault, Run, Session
from devices.services.faults import SILENT
from devices.states import OPEN
from outbox import clock
from outbox.ids import first_id_of
from payments import days

LONGEST_RUN = timedelta(days=2)  # what ended today began at most so long before

# One row for each machine of a page, whatever their history: every part reads a few entries of an index.
SEEN = """
SELECT device.id,
       ARRAY(SELECT fault.code FROM devices_fault fault
             WHERE fault.device_id = device.id AND fault.cleared_at IS NULL ORDER BY fault.id),
       (SELECT min(fault.since) FROM devices_fault fault
        WHERE fault.device_id = device.id AND fault.cleared_at IS NULL),
       busy.runs, busy.ends_at, last.created_at, last.option, last.status,
       coalesce((SELECT sum(run.earned) FROM devices_run run
                 WHERE run.device_id = device.id AND run.id >= %(recent)s
                   AND coalesce(run.ended_at, run.started_at) >= %(today)s), 0)::bigint,
       tally.count, tally.dropped
FROM unnest(%(devices)s::uuid[]) AS device(id)
LEFT JOIN devices_tally tally ON tally.device_id = device.id AND tally.day = %(day)s
CROSS JOIN LATERAL (SELECT count(*) AS runs, max(run.ends_at) AS ends_at FROM devices_run run
                    WHERE run.device_id = device.id AND run.status = ANY(%(open)s)) busy
LEFT JOIN LATERAL (SELECT run.created_at, run.option, run.status FROM devices_run run
                   WHERE run.device_id = device.id ORDER BY run.id DESC LIMIT 1) last ON true
"""
SUMMARY = """
SELECT (SELECT beat_at FROM devices_gatewaybeat WHERE id = 1), %(at)s::timestamptz,
       count(*),
       count(*) FILTER (WHERE online),
       count(*) FILTER (WHERE device.id IN (SELECT device_id FROM devices_run WHERE status = ANY(%(open)s))),
       count(*) FILTER (WHERE device.id IN (SELECT device_id FROM devices_fault WHERE cleared_at IS NULL)),
       count(*) FILTER (WHERE device.id IN (SELECT device_id FROM devices_fault
                                            WHERE cleared_at IS NULL AND code = %(silent)s)),
       (SELECT coalesce(sum(run.earned), 0) FROM devices_run run
        WHERE run.id >= %(recent)s AND coalesce(run.ended_at, run.started_at) >= %(today)s)::bigint
FROM devices_device device
CROSS JOIN LATERAL (
    SELECT session.synced_at IS NOT NULL AND session.gone_at IS NULL
           AND session.last_seen_at > %(heard_after)s AS online
    FROM devices_session session WHERE session.device_id = device.id
) session
WHERE device.enabled AND device.account_id IS NOT NULL AND device.type = ANY(%(electronic)s)
"""


class Condition(StrEnum):
    """What a machine is doing, in one word; the first that fits."""

    SHUT_OUT = "shut_out"
    UNHEARD = "unheard"  # our own gateway is down: nothing is known
    FAULTY = "faulty"
    OFFLINE = "offline"
    RUNNING = "running"
    FREE = "free"


@dataclass(frozen=True, slots=True)
class Seen:
    """One machine on the operator's list."""

    device_id: UUID
    faults: list[str]  # codes, oldest first
    faulty_since: datetime | None
    runs: int  # open ones
    ends_at: datetime | None
    last_run_at: datetime | None
    last_option: str | None
    last_status: str | None
    income: int  # of its runs today, minor units, before fees
    announced: int | None  # payments a speaker was told of today; None: none
    dropped: int | None  # of these, never confirmed


@dataclass(frozen=True, slots=True)
class Summary:
    """The whole fleet in a few numbers: enabled machines with an owner and electronics."""

    beat_at: datetime | None
    at: datetime
    machines: int
    online: int
    running: int
    faulty: int
    silent: int
    income: int  # minor units

    @classmethod
    def now(cls) -> Self:
        """Return the fleet as it is now."""
        at = clock.now()
        electronic = [slug for slug, machine in find_all().items() if machine.electronic]
        values = _since(at) | {
            "at": at,
            "open": sorted(OPEN),
            "silent": SILENT,
            "electronic": electronic,
            "heard_after": at - timedelta(seconds=settings.ONLINE_S),
        }
        with connection.cursor() as cursor:
            cursor.execute(SUMMARY, values)
            return cls(*cursor.fetchone())

    @property
    def hears(self) -> bool:
        """Do we hear the machines at all?"""
        return presence.gateway_is_up(self.beat_at, at=self.at)

    @property
    def offline(self) -> int:
        return self.machines - self.online


def seen(device_ids: Sequence[UUID]) -> dict[UUID, Seen]:
    """Return what an operator wants to know of machines, in one query."""
    at = clock.now()
    values = _since(at) | {"devices": list(device_ids), "open": sorted(OPEN), "day": days.business_day(at)}
    with connection.cursor() as cursor:
        cursor.execute(SEEN, values)
        return {row[0]: Seen(*row) for row in cursor.fetchall()}


def condition_of(device: Device, seen: Seen, *, summary: Summary) -> Condition:
    """Return what a machine is doing; its session is loaded."""
    if not device.enabled:
        return Condition.SHUT_OUT
    if seen.faults:
        return Condition.FAULTY
    machine = find_all().get(device.type)
    deaf = _not_obeying(device, summary) if machine is None or machine.electronic else None
    return deaf or (Condition.RUNNING if seen.runs else Condition.FREE)


def _not_obeying(device: Device, summary: Summary) -> Condition | None:
    """Return why a machine with electronics would not take a command; None: it would."""
    if not summary.hears:
        return Condition.UNHEARD
    if out_of_order(device):
        return Condition.FAULTY
    return None if is_connected(device.session, at=summary.at) else Condition.OFFLINE


def out_of_order(device: Device) -> str:
    """Return the machine's own word for it if it says that it cannot work; empty: it does not."""
    says = str(device.session.state.get("status", ""))
    return says if says in presence.OUT_OF_ORDER else ""


def is_connected(session: Session, *, at: datetime) -> bool:
    """Was a machine heard lately, with a session and no last will? Asks nothing of our own ears."""
    return presence.is_online(
        synced_at=session.synced_at,
        gone_at=session.gone_at,
        last_seen_at=session.last_seen_at,
        beat_at=at,
        at=at,
    )


def with_trouble(devices: QuerySet[Device]) -> QuerySet[Device]:
    """Add `trouble`: whether a fault of the machine lasts."""
    return devices.annotate(trouble=Exists(Fault.objects.filter(device=OuterRef("pk"), cleared_at=None)))


def of_condition(devices: QuerySet[Device], condition: str) -> QuerySet[Device]:
    """Return the machines of one of the list's conditions, or all for a word nobody knows."""
    now = clock.now()
    lasting = Fault.objects.filter(device=OuterRef("pk"), cleared_at=None)
    heard = Q(session__synced_at__isnull=False, session__gone_at=None) & Q(
        session__last_seen_at__gt=now - timedelta(seconds=settings.ONLINE_S)
    )
    known: dict[str, Any] = {
        "faulty": Exists(lasting),
        "silent": Exists(lasting.filter(code=SILENT)),
        "offline": ~heard,
        "running": Exists(Run.objects.filter(IS_OPEN, device=OuterRef("pk"))),
        "shut_out": Q(enabled=False),
    }
    return devices.filter(known[condition]) if condition in known else devices


def _since(at: datetime) -> dict[str, Any]:
    today = days.start_of(days.business_day(at))
    return {"today": today, "recent": first_id_of(today - LONGEST_RUN)}
