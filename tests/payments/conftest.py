"""Money in Alice's wallet, a shop that is paid, and something that is paid into escrow."""

from collections.abc import Iterator

import pytest

from merchants.models import Merchant
from payments import payables
from payments.models import Account, Code
from people.models import User
from tests.payments.hands import Box, box_code, box_of, fill, static_code

RICH = 100_000  # 1000.00


@pytest.fixture
def rich_alice(alice: User) -> User:
    fill(alice, RICH)
    return alice


@pytest.fixture
def bob_code(bob: User) -> Code:
    """Bob's printed code."""
    return static_code(bob)


@pytest.fixture
def shop(mei_shop: Merchant) -> Account:
    """The account of Mei's laundry."""
    return mei_shop.account


@pytest.fixture
def box(shop: Account) -> Iterator[Box]:
    """Something of Mei's that costs 10.00 and is paid into escrow, at 0.6 %."""
    yield box_of(shop, price=1000, fee_bp=60)
    payables._registered.pop("order")


@pytest.fixture
def sticker(box: Box, shop: Account) -> Code:
    """The code on Mei's box."""
    return box_code(shop)
