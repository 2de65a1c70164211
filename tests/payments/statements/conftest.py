"""Mei's counter, where Alice pays."""

import pytest

from payments import codes
from payments.models import Account, Code


@pytest.fixture
def counter(shop: Account) -> Code:
    """The sticker at the laundry's counter."""
    return codes.create(account_id=shop.pk, payable="merchant")
