"""What a person should look at, found in the payments of the last days. It moves no money, stops nobody.

Every rule begins with the payments of the last minutes or of one hour, by their primary key, and looks
further back only for the codes and payers found there, by their own indexes: a pass costs as much as there is
traffic, not as much as there is history.
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from outbox.ids import first_id_of, uuid7
from payments import notices, traffic
from payments.models import Alert

DAY = notices.DAY
RECENT = timedelta(minutes=15)  # three passes: one that was missed loses nothing
CLOSED_FOR = DAY  # what a person has just closed is not raised again by the same payments

# A person who scans, reads and types a PIN needs half a minute: nobody does that for ten minutes on end.
MOST_PAID = 20
# One each ten seconds is a queue that no single person serves.
MOST_RECEIVED = 60
VELOCITY_WINDOW = timedelta(minutes=10)

SWAP_PAYERS = 3  # two may be a couple that shares a bill
SWAP_MEMORY = timedelta(days=14)  # whoever used a machine within it is its usual payer
_MOST_OWN = 1000  # payments of one payer that are looked through

_RAISE = """
INSERT INTO payments_alert (id, kind, code_id, account_id, detail, closed_because)
SELECT %(id)s, %(kind)s, %(code)s, %(account)s, %(detail)s, ''
WHERE NOT EXISTS (
    SELECT 1 FROM payments_alert
    WHERE kind = %(kind)s AND code_id IS NOT DISTINCT FROM %(code)s::uuid AND account_id = %(account)s
        AND closed_at > %(closed_after)s
)
ON CONFLICT (kind, code_id, account_id) WHERE closed_at IS NULL
DO UPDATE SET seen = payments_alert.seen + 1, last_seen_at = statement_timestamp(), detail = excluded.detail
RETURNING id = %(id)s
"""
# Printed codes of people that were paid just now, each with its newest payments of a day.
_PERSONAL = """
SELECT code.id, code.account_id, account.name, code.label, code.memo, paid.payers, paid.amounts
FROM (SELECT DISTINCT code_id FROM payments_payment WHERE id >= %(recent)s) AS lately
JOIN payments_code AS code ON code.id = lately.code_id AND code.kind = 'static' AND code.payable = 'person'
JOIN payments_account AS account ON account.id = code.account_id AND account.kind = 'wallet'
CROSS JOIN LATERAL (
    SELECT array_agg(payer_id) AS payers, array_agg(amount) AS amounts
    FROM (
        SELECT payer_id, amount FROM payments_payment
        WHERE code_id = code.id AND id >= %(day)s ORDER BY id DESC LIMIT %(most)s
    ) AS newest
) AS paid
"""
# Of the payers of such a code, those who paid the same amount to a machine or counter that nobody paid since.
_SWAPPED = """
WITH thief AS (
    SELECT code.id, code.account_id, account.name
    FROM (SELECT DISTINCT code_id FROM payments_payment WHERE id >= %(recent)s) AS lately
    JOIN payments_code AS code
        ON code.id = lately.code_id AND code.kind = 'static' AND code.payable = 'person'
    JOIN payments_account AS account ON account.id = code.account_id AND account.kind = 'wallet'
), paid AS (
    SELECT thief.id AS code_id, newest.payer_id, newest.amount,
        (array_agg(newest.id ORDER BY newest.id DESC))[1] AS id
    FROM thief CROSS JOIN LATERAL (
        SELECT id, payer_id, amount FROM payments_payment
        WHERE code_id = thief.id AND id >= %(day)s ORDER BY id DESC LIMIT %(most)s
    ) AS newest
    GROUP BY thief.id, newest.payer_id, newest.amount
), used AS (
    SELECT DISTINCT paid.code_id, paid.payer_id, paid.id, own.code_id AS usual_id
    FROM paid CROSS JOIN LATERAL (
        SELECT code_id, amount FROM payments_payment
        WHERE payer_id = paid.payer_id AND id >= %(memory)s ORDER BY id DESC LIMIT %(most_own)s
    ) AS own
    WHERE own.amount = paid.amount
), swapped AS (
    SELECT used.code_id, used.usual_id, count(DISTINCT used.payer_id) AS payers
    FROM used
    JOIN payments_code AS usual
        ON usual.id = used.usual_id AND usual.kind = 'static' AND usual.payable <> 'person'
    CROSS JOIN LATERAL (
        SELECT id FROM payments_payment WHERE code_id = usual.id ORDER BY id DESC LIMIT 1
    ) AS last
    WHERE last.id < used.id
    GROUP BY used.code_id, used.usual_id HAVING count(DISTINCT used.payer_id) >= %(payers)s
)
SELECT thief.id, thief.account_id, thief.name, usual.id, owner.name, swapped.payers
FROM swapped
JOIN thief ON thief.id = swapped.code_id
JOIN payments_code AS usual ON usual.id = swapped.usual_id
JOIN payments_account AS owner ON owner.id = usual.account_id
ORDER BY swapped.payers
"""
_VELOCITY = """
SELECT payer_id, count(*), true FROM payments_payment
WHERE id >= %(since)s GROUP BY payer_id HAVING count(*) >= %(paid)s
UNION ALL
SELECT payee_id, count(*), false FROM payments_payment
JOIN payments_account AS payee ON payee.id = payee_id AND payee.kind = 'wallet'
WHERE payments_payment.id >= %(since)s GROUP BY payee_id HAVING count(*) >= %(received)s
"""
# Printed codes of machines and counters that were paid at this hour on an earlier day and not lately, with
# how often they were paid in each hour.
_QUIET = """
SELECT code.id, code.account_id, account.name, code.label, counts.hours, counts.payments
FROM (
    SELECT code_id FROM payments_payment WHERE id >= %(from_1)s AND id < %(to_1)s
    UNION SELECT code_id FROM payments_payment WHERE id >= %(from_2)s AND id < %(to_2)s
    UNION SELECT code_id FROM payments_payment WHERE id >= %(from_7)s AND id < %(to_7)s
) AS usual
JOIN payments_code AS code ON code.id = usual.code_id AND code.kind = 'static' AND code.payable <> 'person'
    AND code.status = 'active'
JOIN payments_account AS account ON account.id = code.account_id
CROSS JOIN LATERAL (
    SELECT array_agg(hour) AS hours, array_agg(payments) AS payments
    FROM (
        SELECT extract(epoch FROM date_trunc('hour', confirmed_at, %(zone)s))::bigint AS hour,
            count(*) AS payments
        FROM payments_payment WHERE code_id = code.id AND id >= %(memory)s GROUP BY 1
    ) AS one
) AS counts
WHERE NOT EXISTS (SELECT 1 FROM payments_payment WHERE code_id = code.id AND id >= %(lately)s)
"""
logger = logging.getLogger(__name__)


class Sighting(NamedTuple):
    """Something a rule saw."""

    kind: Alert.Kind
    code_id: UUID | None
    account_id: int
    detail: str


def look(*, now: datetime) -> int:
    """Write down what looks wrong at an instant; return how many alerts are new.

    What is open already is counted once more instead. Safe to run twice at once.
    """
    rules = (_swapped_stickers, _like_machines, _stopped_traffic, _velocity)
    return sum(_write_down(seen, now) for rule in rules for seen in rule(now))


def _write_down(seen: Sighting, now: datetime) -> bool:
    """Make or refresh an alert; say whether it is new."""
    row = {
        "id": uuid7(),
        "kind": seen.kind.value,
        "code": seen.code_id,
        "account": seen.account_id,
        "detail": seen.detail[: Alert._meta.get_field("detail").max_length],
        "closed_after": now - CLOSED_FOR,
    }
    (is_new,) = next(_rows(_RAISE, row), (False,))
    if is_new:
        logger.warning("Alert %s: %s", seen.kind.value, seen.detail)
    return bool(is_new)


def _like_machines(now: datetime) -> Iterator[Sighting]:
    window = {"recent": first_id_of(now - RECENT), "day": first_id_of(now - DAY), "most": notices.MOST_READ}
    for code_id, account_id, name, label, memo, payers, amounts in _rows(_PERSONAL, window):
        named = notices.speaks_of_a_machine(name, label, memo) and len(set(payers)) >= SWAP_PAYERS
        if named or notices.is_paid_like_a_machine(list(zip(payers, amounts, strict=True))):
            detail = _(
                "%(payers)d people paid the printed code of %(name)s within a day, as one pays a machine."
            )
            yield Sighting(
                Alert.Kind.LIKE_A_MACHINE,
                code_id,
                account_id,
                detail % {"payers": len(set(payers)), "name": name},
            )


def _swapped_stickers(now: datetime) -> Iterator[Sighting]:
    window = {
        "recent": first_id_of(now - RECENT),
        "day": first_id_of(now - DAY),
        "memory": first_id_of(now - SWAP_MEMORY),
        "most": notices.MOST_READ,
        "most_own": _MOST_OWN,
        "payers": SWAP_PAYERS,
    }
    for code_id, account_id, name, usual_id, usual_name, payers in _rows(_SWAPPED, window):
        detail = _(
            "%(payers)d payers of %(usual)s (code %(usual_id)s) now pay their usual amount to %(name)s "
            "(code %(id)s), and nobody pays the usual code any more. Look at the sticker."
        )
        told = {"payers": payers, "usual": usual_name, "usual_id": usual_id, "name": name, "id": code_id}
        yield Sighting(Alert.Kind.SWAPPED_STICKER, code_id, account_id, detail % told)


def _stopped_traffic(now: datetime) -> Iterator[Sighting]:
    zone = ZoneInfo(settings.BUSINESS_TIME_ZONE)
    window: dict[str, object] = {"zone": settings.BUSINESS_TIME_ZONE}
    for days in (1, 2, 7):
        window[f"from_{days}"] = first_id_of(now - days * DAY - traffic.HOUR)
        window[f"to_{days}"] = first_id_of(now - days * DAY)
    window["memory"] = first_id_of(now - traffic.MEMORY)
    window["lately"] = first_id_of(now - traffic.SHORTEST_QUIET)
    for code_id, account_id, name, label, hours, payments in _rows(_QUIET, window):
        counts = {datetime.fromtimestamp(at, zone): paid for at, paid in zip(hours, payments, strict=True)}
        silent_h = traffic.silent_hours(counts, now=now.astimezone(zone))
        if silent_h:
            detail = _(
                "Nobody has paid %(name)s %(label)s for %(hours)d hours in which somebody usually does."
            )
            told = {"name": name, "label": label, "hours": silent_h}
            yield Sighting(Alert.Kind.TRAFFIC_STOPPED, code_id, account_id, detail % told)


def _velocity(now: datetime) -> Iterator[Sighting]:
    window = {"since": first_id_of(now - VELOCITY_WINDOW), "paid": MOST_PAID, "received": MOST_RECEIVED}
    for account_id, payments, as_payer in _rows(_VELOCITY, window):
        paid, received = (
            _("Paid %(payments)d times in ten minutes."),
            _("Was paid %(payments)d times in ten minutes."),
        )
        detail = (paid if as_payer else received) % {"payments": payments}
        yield Sighting(Alert.Kind.VELOCITY, None, account_id, detail)


def _rows(query: str, values: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        yield from cursor.fetchall()
