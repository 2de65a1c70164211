"""Answering hellos, all that came together: after a power cut a whole street of machines is back at once."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models.functions import Now

from devices import handshake
from devices.models import Run, Session
from devices.protocol.sessions import Hello, Sync
from devices.services import moves, stops
from devices.states import OPEN, Trouble
from devices.wiretime import milliseconds_up

SESS_BYTES = 4
OFFER = """
UPDATE devices_session SET offer_sess = %s, offer_boot = %s, offer_c = %s, firmware = %s WHERE device_id = %s
"""


def greet(*, hellos: Sequence[tuple[UUID, Hello]]) -> list[Sync | None]:
    """Offer sessions in answer to hellos; return the syncs, in their order, to publish after the commit.

    A machine keeps the session it names if it is still the current one of this very connection. Nothing else
    changes: only `synced` proves that the machine heard us. A connection is offered one session however often
    its hello comes, so a hello delivered twice cannot take the offer away from under a `synced`.

    Returns:
        None for a hello older than a later connection of the same power-up: it is a replay.
    """
    with transaction.atomic(savepoint=False):
        rows = Session.objects.filter(pk__in={device_id for device_id, _ in hellos}).annotate(at=Now())
        known = {row.pk: row for row in rows.select_for_update(no_key=True).order_by("pk")}
        offers = [_offer(known[device_id], hello) for device_id, hello in hellos]
        _store(list(known.values()))
        for (device_id, hello), sess in zip(hellos, offers, strict=True):
            if sess and hello.running:
                _note_unpaid(device_id, hello, at=known[device_id].at)
        return [
            Sync(nonce=hello.nonce, now_ms=milliseconds_up(known[device_id].at), sess=sess) if sess else None
            for (device_id, hello), sess in zip(hellos, offers, strict=True)
        ]


def _offer(session: Session, hello: Hello) -> str:
    """Let the session know what is offered, and return it; empty for a replay."""
    if handshake.is_outdated(hello, session):
        return ""
    session.offer_sess = handshake.known_sess(hello, session) or secrets.token_hex(SESS_BYTES)
    session.offer_boot, session.offer_c, session.firmware = hello.boot, hello.c, hello.fw
    return session.offer_sess


def _store(sessions: Sequence[Session]) -> None:
    """Store the offers in one round trip."""
    with connection.cursor() as cursor:
        cursor.executemany(
            OFFER, [(one.offer_sess, one.offer_boot, one.offer_c, one.firmware, one.pk) for one in sessions]
        )


def _note_unpaid(device_id: UUID, hello: Hello, *, at: datetime) -> None:
    """Record what the machine says it is running although the money went back, and stop it."""
    unpaid = Run.objects.filter(pk__in=hello.running, device_id=device_id, started_at__isnull=True).exclude(
        status__in=sorted(OPEN)
    )
    for run in unpaid:
        detail = {"status": run.status, "hello": True}
        moves.note(run.pk, Trouble.LATE_START, device_id=device_id, detail=detail)
        stops.stop(run_id=run.pk, device_id=device_id, planned_s=run.planned_s, at=at)
