"""A machine's connection: hello, sync, synced, the last will, and what it says of itself."""

import secrets
from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from devices.models import COMMAND_IS_OPEN, Command, Run, Session
from devices.protocol.events import State, Telemetry
from devices.protocol.sessions import Conn, Hello, Sync
from devices.services import moves, stops
from devices.states import OPEN, Trouble
from devices.wiretime import milliseconds_up
from outbox.wake import wake

SESS_BYTES = 4


def greet(*, device_id: UUID, hello: Hello) -> Sync | None:
    """Offer a session in answer to a hello; return the sync to publish after the commit.

    The machine keeps the session it names if it is still the current one of this very connection. Nothing
    else changes: only `synced` proves that the machine heard us. A connection is offered one session however
    often its hello comes, so a hello delivered twice cannot take the offer away from under a `synced`.

    Returns:
        None if the machine has had a later connection since it powered up: this hello is a replay.
    """
    with transaction.atomic(savepoint=False):
        session = Session.objects.select_for_update(no_key=True).annotate(at=Now()).get(pk=device_id)
        if _is_outdated(hello, session):
            return None
        sess = _known_sess(hello, session) or secrets.token_hex(SESS_BYTES)
        Session.objects.filter(pk=device_id).update(
            offer_sess=sess, offer_boot=hello.boot, offer_c=hello.c, firmware=hello.fw
        )
        _note_unpaid(device_id, hello, at=session.at)
        return Sync(nonce=hello.nonce, now_ms=milliseconds_up(session.at), sess=sess)


def adopt(*, device_id: UUID, sess: str, boot: int) -> bool:
    """Make the offered session the current one and send again what is open; False if it was not offered.

    From here on the machine counts as online.
    """
    with transaction.atomic(savepoint=False):
        adopted = (
            Session.objects.filter(pk=device_id, offer_sess=sess, offer_boot=boot)
            .exclude(offer_sess="")
            .update(sess=sess, boot=boot, c=F("offer_c"), synced_at=Now(), gone_at=None, last_seen_at=Now())
        )
        if adopted:
            _send_again(device_id)
        return adopted == 1


def lose(*, device_id: UUID, conn: Conn) -> bool:
    """Take in a last will; False if it is not that of the current connection."""
    if conn.on:
        return False
    current = Session.objects.filter(pk=device_id, boot=conn.boot, c=conn.c, gone_at__isnull=True)
    return current.update(gone_at=Now()) == 1


def picture(*, device_id: UUID, state: State) -> None:
    """Keep what the machine says of itself, for people to look at."""
    Session.objects.filter(pk=device_id).update(state=_known(asdict(state)))


def measure(*, device_id: UUID, telemetry: Telemetry) -> None:
    """Keep the machine's last measurements."""
    Session.objects.filter(pk=device_id).update(telemetry=_known(asdict(telemetry)))


def seen(*, device_ids: Collection[UUID]) -> None:
    """Note that signed, not retained messages of these machines arrived just now."""
    Session.objects.filter(pk__in=device_ids).update(last_seen_at=Now())


def _send_again(device_id: UUID) -> None:
    """Make the open commands of a machine due and wake who sends them: same id, same expiry, new session."""
    waiting = Command.objects.filter(COMMAND_IS_OPEN, device_id=device_id)
    waiting.update(due_at=Now())
    for command_id in waiting.values_list("pk", flat=True):
        wake("devices.tasks.send_command", queue="machines", command_id=str(command_id))


def _is_outdated(hello: Hello, session: Session) -> bool:
    """Do we know a later connection of the same power-up?"""
    known = ((session.boot, session.c), (session.offer_boot, session.offer_c))
    return any(boot == hello.boot and c is not None and c > hello.c for boot, c in known)


def _known_sess(hello: Hello, session: Session) -> str:
    """Return the session that this very connection has or was offered; empty: none yet."""
    here = (hello.boot, hello.c)
    if hello.sess and (hello.sess, *here) == (session.sess, session.boot, session.c):
        return session.sess
    return session.offer_sess if here == (session.offer_boot, session.offer_c) else ""


def _note_unpaid(device_id: UUID, hello: Hello, *, at: datetime) -> None:
    """Record what the machine says it is running although the money went back, and stop it."""
    unpaid = Run.objects.filter(pk__in=hello.running, device_id=device_id, started_at__isnull=True).exclude(
        status__in=sorted(OPEN)
    )
    for run in unpaid:
        detail = {"status": run.status, "hello": True}
        moves.note(run.pk, Trouble.LATE_START, device_id=device_id, detail=detail)
        stops.stop(run_id=run.pk, device_id=device_id, planned_s=run.planned_s, at=at)


def _known(values: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if value not in (None, "", {})}
