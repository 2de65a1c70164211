"""The people of every test: Alice pays, Bob is paid, Charlie may see nothing, Mei runs the laundry."""

from functools import cache

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client

from merchants.models import Merchant
from merchants.services import open_merchant
from payments import accounts
from people.models import Pin, User
from people.tokens import peppered

PASSWORD = "correct horse battery"
PIN = "135790"

_hashed = cache(make_password)  # hashing is slow on purpose; the tests about it do it for real


def person(name: str, phone: str) -> User:
    """Store a person with a wallet, signed up as the service would."""
    user = User.objects.create(name=name, phone=phone, password=_hashed(PASSWORD))
    Pin.objects.create(user=user, hash=_hashed(peppered(PIN)))
    accounts.open_wallet(user_id=user.pk, name=name)
    return user


@pytest.fixture
def alice(db: None) -> User:
    """Pays."""
    return person("Alice", "+8613800000001")


@pytest.fixture
def bob(db: None) -> User:
    """Is paid."""
    return person("Bob", "+8613800000002")


@pytest.fixture
def charlie(db: None) -> User:
    """May see nothing of the others."""
    return person("Charlie", "+8613800000003")


@pytest.fixture
def mei(db: None) -> User:
    """Runs the laundry."""
    return person("Mei", "+8613800000004")


@pytest.fixture
def mei_shop(mei: User) -> Merchant:
    """The laundry: verified, on the standard plan."""
    shop = open_merchant(
        owner_id=mei.pk, name="Corner Laundry", category="laundry", name_ascii="CORNER LAUNDRY"
    )
    Merchant.objects.filter(pk=shop.pk).update(verified=True)
    shop.refresh_from_db()
    return shop


@pytest.fixture
def boss(db: None) -> User:
    """May do everything in the admin."""
    return User.objects.create_superuser(phone="+8613800000009", password=PASSWORD, name="Boss")


@pytest.fixture
def desk(boss: User) -> Client:
    """The boss's browser, signed in."""
    browser = Client()
    browser.force_login(boss)
    return browser
