"""A machine as a payer sees it: one query for all that decides whether and for how much it may be paid."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.db import connection

from devices import presence, tariff
from devices.machines.base import Machine, find_all
from devices.states import OPEN
from payments.money import currency

# One round trip, because it stands on the path of every payment.
SIGHT = """
SELECT device.id, device.number, device.name, device.type, device.prices, device.settings,
       device.slow, device.enabled,
       account.id, account.kind, account.name, coalesce(place.name, ''),
       session.synced_at, session.gone_at, session.last_seen_at, coalesce(session.state->>'status', ''),
       (SELECT beat_at FROM devices_gatewaybeat WHERE id = 1),
       ARRAY(SELECT slot FROM devices_run WHERE device_id = device.id AND status = ANY(%s)),
       now()
FROM devices_device device
JOIN devices_session session ON session.device_id = device.id
JOIN payments_account account ON account.id = device.account_id
LEFT JOIN merchants_place place ON place.id = device.place_id
WHERE device.id = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Sight:
    """One machine at one instant."""

    device_id: UUID
    number: str
    name: str
    type: str
    prices_json: str
    settings_json: str
    slow: bool
    enabled: bool
    account_id: int
    account_kind: str
    account_name: str
    place: str
    synced_at: datetime | None
    gone_at: datetime | None
    last_seen_at: datetime | None
    says: str  # its own word for what it is doing
    beat_at: datetime | None
    taken: list[str]  # slots with an open run
    at: datetime

    @classmethod
    def of(cls, device_id: UUID) -> Self | None:
        """Return the machine as it is now; None: there is none."""
        return cls.of_many([device_id]).get(device_id)

    @classmethod
    def of_many(cls, device_ids: Collection[UUID]) -> dict[UUID, Self]:
        """Return machines as they are now, by id."""
        with connection.cursor() as cursor:
            cursor.execute(SIGHT, [sorted(OPEN), list(device_ids)])
            return {row[0]: cls(*row) for row in cursor.fetchall()}

    @property
    def machine(self) -> Machine:
        return find_all()[self.type]

    @property
    def online(self) -> bool:
        if not self.machine.electronic:
            return self.enabled
        return self.enabled and presence.is_online(
            synced_at=self.synced_at,
            gone_at=self.gone_at,
            last_seen_at=self.last_seen_at,
            beat_at=self.beat_at,
            at=self.at,
            says=self.says,
        )

    @property
    def settings(self) -> dict[str, Any]:
        """What its owner set, over what is usual for its type."""
        return self.machine.settled(json.loads(self.settings_json))

    @property
    def offers(self) -> dict[str, int]:
        """What it sells: option id -> amount in minor units."""
        prices: dict[str, Any] = json.loads(self.prices_json)
        return tariff.offers(self.machine, prices=prices, currency=currency())

    @property
    def options(self) -> list[dict[str, object]]:
        """What it sells, as the contract shows it."""
        return tariff.shown_options(self.machine, self.offers)

    def is_busy(self, slot: str = "") -> bool:
        """Does an open run occupy the slot, or the whole machine?"""
        return slot in self.taken or "" in self.taken

    def shown(self) -> dict[str, object]:
        """Return the contract's `machine` of a payable."""
        return {
            "id": str(self.device_id),
            "number": self.number,
            "name": self.name,
            "type": self.type,
            "online": self.online,
            "busy": self.is_busy(),
            "options": self.options,
            "args_schema": tariff.shown_schema(self.machine.args_schema),
        }
