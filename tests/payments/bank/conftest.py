"""Money to take out, and our own account at a bank that works by files."""

import pytest
from pytest_django import Settings

from payments.models import Withdrawal
from people.models import User
from tests.payments.bank.files import OUR_ACCOUNT
from tests.payments.bank.hands import ask
from tests.payments.conftest import rich_alice, shop

__all__ = ["rich_alice", "shop"]


@pytest.fixture
def by_file(db: None, settings: Settings) -> None:
    """Withdrawals leave in files from now on."""
    settings.BANK = "files"
    settings.BANK_DEBTOR_NAME = "Saoma Payments Ltd"
    settings.BANK_DEBTOR_ACCOUNT = OUR_ACCOUNT
    settings.BANK_DEBTOR_BIC = "BUKBGB22"


@pytest.fixture
def withdrawal(rich_alice: User) -> Withdrawal:
    """105.00 of Alice, asked for."""
    return ask(rich_alice, 10_500)
