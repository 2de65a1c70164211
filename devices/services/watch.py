"""Watching which machines are there: what changed is told once, and long silence is a fault.

Nothing is decided while the gateway is deaf or was so lately: that silence is ours.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from devices import queries
from devices.machines.base import find_all
from devices.services import faults
from outbox.services import publish

SILENT_S = 600
MOST = 500  # machines a pass; the others wait for the next
SILENT = faults.SILENT

# Rows that the gateway is writing are left for the next pass: nobody waits, so nobody deadlocks.
CHANGED = """
WITH changed AS (
    SELECT session.device_id,
           coalesce(device.enabled AND session.gone_at IS NULL AND session.synced_at IS NOT NULL
                    AND session.last_seen_at > %(heard_after)s, false) AS online
    FROM devices_session session JOIN devices_device device ON device.id = session.device_id
    WHERE session.told_online IS DISTINCT FROM
          coalesce(device.enabled AND session.gone_at IS NULL AND session.synced_at IS NOT NULL
                   AND session.last_seen_at > %(heard_after)s, false)
    LIMIT %(most)s
    FOR NO KEY UPDATE OF session SKIP LOCKED
)
UPDATE devices_session session SET told_online = changed.online
FROM changed WHERE session.device_id = changed.device_id
RETURNING session.device_id, changed.online
"""
# Machines that were never heard are not set up yet; those without electronics say nothing.
FELL_SILENT = """
SELECT device.id
FROM devices_device device JOIN devices_session session ON session.device_id = device.id
WHERE device.enabled AND device.account_id IS NOT NULL AND device.type = ANY(%(types)s)
  AND session.last_seen_at < %(heard_after)s
  AND NOT EXISTS (SELECT FROM devices_fault fault
                  WHERE fault.device_id = device.id AND fault.code = %(code)s AND fault.cleared_at IS NULL)
LIMIT %(most)s
"""
# A machine that somebody switched off here is not expected to speak.
HEARD_AGAIN = """
SELECT fault.device_id
FROM devices_fault fault
JOIN devices_device device ON device.id = fault.device_id
JOIN devices_session session ON session.device_id = fault.device_id
WHERE fault.code = %(code)s AND fault.cleared_at IS NULL
  AND (session.last_seen_at >= %(heard_after)s OR NOT device.enabled)
LIMIT %(most)s
"""


def watch(*, at: datetime) -> None:
    """Tell which machines came and went since the last time, and note who has been silent for ten minutes.

    Any number of passes may run at once.

    Args:
        at: the clock of the pass.

    Publishes `devices.device.online`, `.offline`, `.faulted`, `.recovered`.
    """
    ears = queries.ears(at=at)
    if not ears.silence_counts:
        return
    _tell_presence(at)
    for device_id in _found(HEARD_AGAIN, at - timedelta(seconds=SILENT_S)):
        faults.clear(device_id=device_id, codes=[SILENT])
    if ears.hearing_s >= SILENT_S:
        for device_id in _found(FELL_SILENT, at - timedelta(seconds=SILENT_S)):
            faults.notice(device_id=device_id, code=SILENT)


def _tell_presence(at: datetime) -> None:
    heard_after = at - timedelta(seconds=settings.ONLINE_S)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(CHANGED, {"heard_after": heard_after, "most": MOST})
        for device_id, online in cursor.fetchall():
            fact = "devices.device.online" if online else "devices.device.offline"
            publish(fact, device_id=str(device_id))


def _found(statement: str, heard_after: datetime) -> list[UUID]:
    types = [slug for slug, machine in find_all().items() if machine.electronic]
    values: dict[str, Any] = {"heard_after": heard_after, "most": MOST, "code": SILENT, "types": types}
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [device_id for (device_id,) in cursor.fetchall()]
