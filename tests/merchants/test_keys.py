"""A merchant's server: what its key opens, and for how long."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries
from rest_framework.request import Request

from merchants import scopes, services
from merchants.authentication import ApiKeyAuthentication, MerchantCaller
from merchants.models import ApiKey, Merchant
from outbox.clock import now
from people.models import User
from people.services import start_session
from people.tokens import token_hash

BALANCE = "/api/v1/balance"


@pytest.fixture
def key(mei_shop: Merchant) -> str:
    """The key of Mei's till."""
    return services.create_key(merchant_id=mei_shop.pk, name="till", scopes=scopes.ALL)[1]


def bearer(token: str) -> dict[str, str]:
    """Return the header."""
    return {"Authorization": f"Bearer {token}"}


def caller(token: str) -> Any:
    """Return whom the authentication sees behind a token."""
    request = Request(RequestFactory().get("/", headers=bearer(token)))
    return ApiKeyAuthentication().authenticate(request)


def test_a_key_shows_the_shop_s_balance(client: Client, key: str) -> None:
    answer = client.get(BALANCE, headers=bearer(key))

    assert answer.status_code == 200
    assert answer.json() == {"currency": "CNY", "available": 0, "in_escrow": 0, "withdrawing": 0}


def test_a_key_is_stored_as_a_hash_with_its_first_letters(key: str) -> None:
    stored = ApiKey.objects.get()

    assert key.startswith("sk_")
    assert bytes(stored.key_hash) == token_hash(key)
    assert stored.prefix == key[:9]
    assert key not in repr(ApiKey.objects.values().get())


def test_a_key_is_the_shop_and_its_scopes(
    mei: User, mei_shop: Merchant, key: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    caller(key)

    with django_assert_num_queries(1):
        shop, _ = caller(key)

    expected = MerchantCaller(mei_shop.pk, mei_shop.account_id, mei.pk, frozenset(scopes.ALL))
    assert shop == expected


def test_its_use_is_written_down_once_a_minute(key: str) -> None:
    caller(key)
    first = ApiKey.objects.get().last_used_at
    caller(key)
    assert ApiKey.objects.get().last_used_at == first

    ApiKey.objects.update(last_used_at=now() - timedelta(seconds=61))
    caller(key)
    assert ApiKey.objects.get().last_used_at == first


@pytest.mark.parametrize("change", ["revoked", "closed", "unknown"])
def test_a_key_that_is_none_any_more_is_a_401(client: Client, key: str, change: str) -> None:
    if change == "revoked":
        assert services.revoke_key(key_id=ApiKey.objects.get().pk)
        assert not services.revoke_key(key_id=ApiKey.objects.get().pk)
    elif change == "closed":
        Merchant.objects.update(status=Merchant.Status.CLOSED)
    else:
        key += "x"

    answer = client.get(BALANCE, headers=bearer(key))

    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_failed")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_a_key_without_the_scope_is_a_403_that_names_it(client: Client, mei_shop: Merchant) -> None:
    _, key = services.create_key(merchant_id=mei_shop.pk, name="door", scopes=[scopes.DEVICES_READ])

    answer = client.get(BALANCE, headers=bearer(key))

    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert scopes.BALANCE_READ in answer.json()["detail"]


def test_a_person_s_token_opens_no_shop(client: Client, mei: User, mei_shop: Merchant) -> None:
    _, token = start_session(user_id=mei.pk)

    assert client.get(BALANCE, headers=bearer(token)).status_code == 401


def test_a_key_is_no_person_s_token(client: Client, key: str) -> None:
    assert client.delete("/api/v1/sessions/current", headers=bearer(key)).status_code == 401


def test_a_frozen_shop_still_sees_its_money(client: Client, mei_shop: Merchant, key: str) -> None:
    services.freeze(merchant_id=mei_shop.pk, reason="dispute")

    assert client.get(BALANCE, headers=bearer(key)).status_code == 200


def test_a_key_cannot_have_been_revoked_before_it_was_made(key: str) -> None:
    with pytest.raises(IntegrityError, match="api_key_is_revoked_after_it_was_made"):
        ApiKey.objects.update(revoked_at=now() - timedelta(days=1))
