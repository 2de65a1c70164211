"""The town, closed: a test opens it with the times it needs."""

import pytest

from merchants.models import Merchant
from people.models import User
from tests.faults.town import Town
from tests.rig.service import Service


@pytest.fixture
def town(service: Service, alice: User, mei_shop: Merchant) -> Town:
    """Alice and Mei's shop; nothing runs yet."""
    return Town(service, alice, mei_shop.account_id)
