"""What is wrong with machines: noticed, told once, and over when the machine shows that it is.

A fault is opened by what the machine says (`fault`), by a run that failed through it, and by silence. It is
over when the machine says `fault` `ok`, finishes a run, is heard again (silence alone), or is cleared.
"""

import logging
from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from devices.decide import Verdict
from devices.models import Fault
from devices.protocol.events import OK, RejectCode
from devices.states import RunStatus
from outbox.services import publish

log = logging.getLogger(__name__)

SILENT = "silent"  # not heard for ten minutes
LONGEST_DETAIL = 160
MOST_LASTING = 32  # of one machine: the codes are its own words, and people must be able to read the list

# One row per code while it lasts: noticing it again counts, and tells nobody.
NOTICE = """
INSERT INTO devices_fault (device_id, code, detail, times, since, last_at)
SELECT %(device)s, %(code)s, %(detail)s, 1, statement_timestamp(), statement_timestamp()
WHERE %(code)s = %(silent)s
   OR (SELECT count(*) < %(most)s FROM devices_fault WHERE device_id = %(device)s AND cleared_at IS NULL)
   OR EXISTS (SELECT FROM devices_fault
              WHERE device_id = %(device)s AND code = %(code)s AND cleared_at IS NULL)
ON CONFLICT (device_id, code) WHERE cleared_at IS NULL DO UPDATE
SET times = devices_fault.times + 1,
    last_at = EXCLUDED.last_at,
    detail = coalesce(nullif(EXCLUDED.detail, ''), devices_fault.detail)
RETURNING times
"""


def notice(*, device_id: UUID, code: str, detail: str = "") -> bool:
    """Note that something is wrong with a machine; False if that was known, or so much else is already.

    Publishes `devices.device.faulted`.
    """
    values: dict[str, Any] = {"device": device_id, "code": code, "detail": detail[:LONGEST_DETAIL]}
    values |= {"silent": SILENT, "most": MOST_LASTING}
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(NOTICE, values)
            (times,) = cursor.fetchone() or (None,)
        if times != 1:
            return False
        log.warning("Device %s has a fault: %s", device_id, code)
        publish("devices.device.faulted", device_id=str(device_id), code=code)
    return True


def clear(*, device_id: UUID, codes: Collection[str] | None = None) -> list[str]:
    """Note that faults of a machine are over, all of them unless some are named; return which were open.

    Publishes `devices.device.recovered` for each.
    """
    meant = Fault.objects.filter(device_id=device_id)
    return _clear(meant if codes is None else meant.filter(code__in=codes))


def _clear(meant: QuerySet[Fault]) -> list[str]:
    over = []
    with transaction.atomic():
        for fault in meant.filter(cleared_at__isnull=True).order_by("pk"):
            if Fault.objects.filter(pk=fault.pk, cleared_at__isnull=True).update(cleared_at=Now()):
                publish("devices.device.recovered", device_id=str(fault.device_id), code=fault.code)
                over.append(fault.code)
    return over


def told(*, device_id: UUID, code: str, evidence: str) -> None:
    """Take in a machine's `fault`; with the code `ok` it says that nothing is wrong any more."""
    if code == OK:
        clear(device_id=device_id)
    else:
        notice(device_id=device_id, code=code, detail=evidence)


def learn(*, device_id: UUID, run_id: UUID, status: RunStatus, verdict: Verdict) -> None:
    """Learn from how a run ended: a finished one shows that the machine works.

    An end that was assumed shows nothing, and one behind a locker's door nothing about the other doors.
    """
    if status is RunStatus.FINISHED and not verdict.assumed:
        _clear(Fault.objects.filter(device_id=device_id, device__runs__pk=run_id, device__runs__slot=""))
    elif code := _fault_in(status, verdict.failure):
        notice(device_id=device_id, code=code)


def _fault_in(status: RunStatus, failure: str) -> str:
    """Return which fault of the machine an end betrays; empty: none.

    A door left open or a busy machine is nobody's to mend, and a command that came too late is the network's.
    """
    if status is RunStatus.FAILED:
        return "" if failure == RejectCode.EXPIRED else failure
    if status is RunStatus.REJECTED:
        return failure if failure == RejectCode.FAULT else ""
    return failure if status is RunStatus.RELEASED else ""
