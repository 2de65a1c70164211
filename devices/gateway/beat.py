"""The gateway's sign of life."""

from django.conf import settings
from django.db import connection

# One row for ever. A gap longer than the silence that counts as an outage begins a new time of hearing.
BEAT = """
INSERT INTO devices_gatewaybeat (id, beat_at, hearing_since, holder)
VALUES (1, now(), now(), %(holder)s)
ON CONFLICT (id) DO UPDATE
SET beat_at = EXCLUDED.beat_at,
    holder = EXCLUDED.holder,
    hearing_since = CASE
        WHEN devices_gatewaybeat.beat_at < now() - make_interval(secs => %(silent_s)s)
        THEN EXCLUDED.hearing_since
        ELSE devices_gatewaybeat.hearing_since
    END
"""


def beat(*, holder: str) -> None:
    """Store that everything that reached us so far is stored. Only who hears the broker may say so."""
    with connection.cursor() as cursor:
        cursor.execute(BEAT, {"holder": holder, "silent_s": settings.GATEWAY_SILENT_S})
