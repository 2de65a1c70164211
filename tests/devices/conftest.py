"""Machines to try things on. Their owners and payers stand in tests/cast.py."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F

from devices.gateway.beat import beat
from devices.gateway.intake import Intake
from devices.models import Device, GatewayBeat
from devices.services.provision import provision
from merchants.models import Merchant
from tests.devices.hardware import Hardware
from tests.devices.lockers import Locker, new_locker


@pytest.fixture
def chair(db: None, mei_shop: Merchant) -> Device:
    """A massage chair in Mei's laundry."""
    return provision(account_id=mei_shop.account_id, place_id=None, type="chair", number="07", name="Chair")


@pytest.fixture
def hardware(chair: Device) -> Hardware:
    """The chair's controller."""
    return Hardware(chair)


@pytest.fixture
def intake(db: None) -> Intake:
    """An active gateway's intake; the gateway has heard the machines for an hour."""
    beat(holder="test")
    GatewayBeat.objects.update(hearing_since=F("beat_at") - timedelta(hours=1))
    return Intake(still_ours=lambda: True)


@pytest.fixture
def locker(mei_shop: Merchant, intake: Intake) -> Locker:
    """A parcel locker in Mei's laundry, online."""
    return new_locker(mei_shop.account_id, intake)


@pytest.fixture
def gateway_silent_since(db: None) -> Callable[[float], None]:
    """Let the gateway's last beat be so many seconds ago."""

    def silent(seconds: float) -> None:
        GatewayBeat.objects.update(beat_at=F("beat_at") - timedelta(seconds=seconds))

    return silent
