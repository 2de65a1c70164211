"""Browsers without a browser: Django's client, signed in as one of the cast."""

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import Settings

from outbox.ids import uuid7
from payments import idempotency, services
from payments.idempotency import Call
from people.models import User

Fill = Callable[[User, int], None]


@pytest.fixture(autouse=True)
def plain_static_files(settings: Settings) -> None:
    """Templates name their files without a manifest; the journeys collect and hash them for real."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def alice_at(alice: User) -> Client:
    return signed_in(alice)


@pytest.fixture
def bob_at(bob: User) -> Client:
    return signed_in(bob)


@pytest.fixture
def charlie_at(charlie: User) -> Client:
    return signed_in(charlie)


@pytest.fixture
def fill(db: None) -> Fill:
    """Top up a wallet, in minor units."""

    def top_up(user: User, amount: int) -> None:
        key = str(uuid7())
        services.top_up(call=Call(user.pk, key, idempotency.digest("POST", "test", {})), amount=amount)

    return top_up
