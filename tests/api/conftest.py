"""The cast at their phones, money in their wallets, and machines that answer."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db.models import F
from pytest_django import Settings

from devices.gateway.beat import beat
from devices.models import GatewayBeat
from merchants.models import Merchant
from merchants.scopes import ALL
from merchants.services import create_key, open_merchant
from payments import codes
from payments.models import Code
from people.models import User
from tests.api.callers import WRONG_PIN, Caller, Person
from tests.api.machines import Machine, new_chair, new_machine
from tests.cast import PASSWORD, PIN


@pytest.fixture(autouse=True)
def no_static_files(settings: Settings) -> None:
    """Reading their names anew for every caller would take longer than the test."""
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture
def secrets() -> list[str]:
    """What no log line may hold; whoever makes another one adds it."""
    return [PIN, WRONG_PIN, PASSWORD]


@pytest.fixture(autouse=True)
def nothing_secret_is_logged(secrets: list[str], caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    logged = "\n".join(
        record.getMessage() + (record.exc_text or "")
        for phase in ("setup", "call")
        for record in caplog.get_records(phase)  # type: ignore[arg-type]
    )
    assert [secret for secret in secrets if secret in logged] == []


@pytest.fixture
def alice(alice: User, secrets: list[str]) -> Person:
    return _at_the_phone(alice, secrets)


@pytest.fixture
def bob(bob: User, secrets: list[str]) -> Person:
    return _at_the_phone(bob, secrets)


@pytest.fixture
def charlie(charlie: User, secrets: list[str]) -> Person:
    return _at_the_phone(charlie, secrets)


@pytest.fixture
def mei(mei: User, secrets: list[str]) -> Person:
    return _at_the_phone(mei, secrets)


@pytest.fixture
def till(mei_shop: Merchant, secrets: list[str]) -> Caller:
    """The laundry's server, whose key may do everything."""
    secrets.append(create_key(merchant_id=mei_shop.pk, name="till", scopes=ALL)[1])
    return Caller(secrets[-1])


@pytest.fixture
def rival(bob: Person, secrets: list[str]) -> Caller:
    """Another shop's server, whose key may do everything there."""
    shop = open_merchant(owner_id=bob.pk, name="Rival", category="laundry", name_ascii="RIVAL")
    secrets.append(create_key(merchant_id=shop.pk, name="till", scopes=ALL)[1])
    return Caller(secrets[-1])


@pytest.fixture
def nobody(db: None) -> Caller:
    """Somebody without a token."""
    return Caller()


@pytest.fixture
def counter(mei_shop: Merchant) -> Code:
    """The sticker at the laundry's counter."""
    return codes.create(account_id=mei_shop.account_id, payable="merchant")


@pytest.fixture
def chair(mei_shop: Merchant) -> Machine:
    """A massage chair in the laundry that nobody hears."""
    return new_chair(mei_shop, "07")


@pytest.fixture
def ready_chair(chair: Machine) -> Machine:
    """The same chair, online for an hour."""
    beat(holder="test")
    GatewayBeat.objects.update(hearing_since=F("beat_at") - timedelta(hours=1))
    chair.go_online()
    return chair


@pytest.fixture
def ready_locker(mei_shop: Merchant) -> Machine:
    """A parcel locker in the laundry, online."""
    beat(holder="test")
    locker = new_machine(mei_shop, "09", kind="locker")
    locker.go_online()
    return locker


def _at_the_phone(user: User, secrets: list[str]) -> Person:
    person = Person(user)
    secrets.append(person.token)
    return person
