"""A machine's connection: synced, the last will, and what it says of itself. Hellos: `greetings`."""

from collections.abc import Collection
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models.functions import Now

from devices.models import Session
from devices.protocol.events import State, Telemetry
from devices.protocol.sessions import Conn
from devices.states import COMMAND_OPEN
from outbox.wake import wake

# Takes the offer if it was made to this connection and under a key that is believed (devices/trust.py), and
# makes what is open due: same id, same expiry, new session. By hand, because after a power cut a whole
# street of machines comes back at once.
ADOPT = """
WITH adopted AS (
    UPDATE devices_session session
    SET sess = %(sess)s, boot = %(boot)s, c = offer_c, key_version = %(key_version)s,
        synced_at = statement_timestamp(), gone_at = NULL, last_seen_at = statement_timestamp()
    FROM devices_device device
    WHERE session.device_id = %(device)s AND device.id = session.device_id AND device.enabled
      AND session.offer_sess = %(sess)s AND session.offer_sess <> '' AND session.offer_boot = %(boot)s
      AND session.key_version <= %(key_version)s
      AND (device.key_version = %(key_version)s
        OR device.key_version = %(key_version)s + 1 AND device.old_key_until > statement_timestamp())
    RETURNING session.device_id
), due AS (
    UPDATE devices_command command SET due_at = statement_timestamp()
    FROM adopted
    WHERE command.device_id = adopted.device_id AND command.status = ANY(%(open)s)
    RETURNING command.id
)
SELECT EXISTS (SELECT FROM adopted), ARRAY(SELECT id FROM due)
"""


def adopt(*, device_id: UUID, sess: str, boot: int, key_version: int) -> bool:
    """Make the offered session the current one and send again what is open; False if it was not offered.

    From here on the machine counts as online, and commands are signed with the key it has just proved. It
    never falls back to a key of before: whoever holds that one is not the machine.
    """
    values: dict[str, Any] = {"device": device_id, "sess": sess, "boot": boot, "key_version": key_version}
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute(ADOPT, values | {"open": sorted(COMMAND_OPEN)})
        adopted, waiting = cursor.fetchone()
    for command_id in waiting:
        wake("devices.tasks.send_command", queue="machines", command_id=str(command_id))
    return bool(adopted)


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


def _known(values: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if value not in (None, "", {})}
