"""The admin: what staff can see, what they can do after being asked, and what nobody can do."""

from typing import Any
from uuid import uuid4

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import models
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries as AtMost

from merchants.models import ApiKey, Merchant
from outbox.clock import now
from outbox.models import Delivery
from payments import accounts, codes, idempotency, services
from payments.models import Account, Code, Lane, Payment, Transfer
from people import pin as pins
from people.models import Pin, User
from people.services import start_session
from tests.cast import PIN

pytestmark = pytest.mark.django_db
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
LEDGER = [Account, Transfer, Payment]


@pytest.fixture
def paid(alice: User, mei_shop: Merchant) -> Payment:
    """A payment of Alice at the laundry's counter."""
    services.top_up(call=call(alice, "top"), amount=50_000)
    code = codes.create(account_id=mei_shop.account_id, payable="merchant")
    services.pay(call=call(alice, "pay"), code=code.token, amount=1280)
    return Payment.objects.get()


def call(user: User, key: str) -> idempotency.Call:
    """Return a call of somebody under a key."""
    return idempotency.Call(caller=user.pk, key=key, body_hash=key.encode())


def page(model: type[models.Model], name: str, *args: object) -> str:
    """Return the address of one of a model's pages."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def found(desk: Client, model: type[models.Model], term: object) -> int:
    """Return how many rows a search finds."""
    return int(desk.get(page(model, "changelist"), {"q": str(term)}).context["cl"].result_count)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_list_opens_and_searches_under_the_strict_policy(
    desk: Client, paid: Payment, model: type[models.Model]
) -> None:
    for query in ({}, {"q": "x"}, {"q": str(uuid4())}, {"q": "'; --\x00"}):
        answer = desk.get(page(model, "changelist"), query)
        assert answer.status_code == 200
        assert "'unsafe-inline'" not in answer["Content-Security-Policy"]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_object_s_page_opens(desk: Client, paid: Payment, model: type[models.Model]) -> None:
    row = model._default_manager.first()

    assert row is None or desk.get(page(model, "change", row.pk)).status_code == 200


@pytest.mark.parametrize("model", [User, Account, Merchant, Code], ids=lambda model: model._meta.label)
def test_a_list_costs_the_same_for_many_rows(
    desk: Client,
    mei_shop: Merchant,
    django_assert_max_num_queries: AtMost,
    model: type[models.Model],
) -> None:
    for number in range(30):
        user = User.objects.create(name=f"Person {number}", phone=f"+86139000000{number:02}")
        codes.create(account_id=accounts.open_wallet(user_id=user.pk, name=user.name).pk)

    with django_assert_max_num_queries(9):
        desk.get(page(model, "changelist"))


@pytest.mark.parametrize("model", LEDGER, ids=lambda model: model._meta.label)
@pytest.mark.parametrize("name", ["add", "change", "delete"])
def test_nobody_edits_the_books(desk: Client, paid: Payment, model: type[models.Model], name: str) -> None:
    row = model._default_manager.first()
    assert row is not None
    args = () if name == "add" else (row.pk,)

    assert desk.post(page(model, name, *args), {"amount": 1, "post": "yes"}).status_code == 403


def test_things_are_found_by_id_phone_and_name(
    desk: Client, alice: User, mei_shop: Merchant, paid: Payment
) -> None:
    assert found(desk, User, alice.pk) == found(desk, User, alice.phone) == found(desk, User, "alic") == 1
    assert found(desk, Account, alice.pk) == 1
    assert found(desk, Merchant, mei_shop.pk) == found(desk, Merchant, "corner") == 1
    assert found(desk, Payment, paid.pk) == found(desk, Payment, alice.phone) == 1
    assert found(desk, Transfer, paid.pk) == 2
    assert found(desk, Payment, uuid4()) == 0


def freeze(desk: Client, shop: Merchant, action: str = "freeze", **form: str) -> Any:
    """Press a button of a shop's page."""
    return desk.post(page(Merchant, action, shop.pk), form)


def test_a_freeze_asks_and_then_wants_a_reason(desk: Client, mei_shop: Merchant) -> None:
    assert "Freeze" in desk.get(page(Merchant, "change", mei_shop.pk)).text

    asked = desk.get(page(Merchant, "freeze", mei_shop.pk))
    freeze(desk, mei_shop, reason="")

    assert "what waits in escrow" in asked.text
    mei_shop.refresh_from_db()
    assert mei_shop.status == Merchant.Status.ACTIVE


def test_a_freeze_with_a_reason_is_done_and_remembered(desk: Client, boss: User, mei_shop: Merchant) -> None:
    freeze(desk, mei_shop, reason="dispute 17")

    mei_shop.refresh_from_db()
    assert mei_shop.status == Merchant.Status.FROZEN
    assert not Lane.objects.filter(account_id=mei_shop.account_id, open=True).exists()
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id, entry.change_message) == (
        boss,
        str(mei_shop.pk),
        "Freeze: dispute 17",
    )


def test_a_second_freeze_does_nothing_and_says_so(desk: Client, mei_shop: Merchant) -> None:
    freeze(desk, mei_shop, reason="dispute 17")

    answer = desk.post(page(Merchant, "freeze", mei_shop.pk), {"reason": "again"}, follow=True)

    assert "Nothing was done" in answer.text
    assert LogEntry.objects.count() == 1


def test_an_unfreeze_opens_the_shop_again(desk: Client, mei_shop: Merchant) -> None:
    freeze(desk, mei_shop, reason="dispute 17")
    freeze(desk, mei_shop, "unfreeze", reason="settled")

    assert not Lane.objects.filter(account_id=mei_shop.account_id, open=False).exists()


def test_a_wallet_is_frozen_among_the_accounts(desk: Client, alice: User) -> None:
    wallet = accounts.wallet_of(alice.pk)

    desk.post(page(Account, "freeze", wallet.pk), {"reason": "stolen phone"})
    assert accounts.is_frozen(wallet.pk)

    desk.post(page(Account, "unfreeze", wallet.pk), {"reason": "found again"})
    assert not accounts.is_frozen(wallet.pk)


def test_a_shop_s_account_is_frozen_with_the_shop_only(desk: Client, mei_shop: Merchant) -> None:
    desk.post(page(Account, "freeze", mei_shop.account_id), {"reason": "by mistake"})

    assert not accounts.is_frozen(mei_shop.account_id)


def test_a_code_is_revoked(desk: Client, alice: User) -> None:
    code = codes.create(account_id=accounts.wallet_of(alice.pk).pk)

    desk.post(page(Code, "revoke", code.pk), {"reason": "sticker swapped"})

    code.refresh_from_db()
    assert code.status == Code.Status.REVOKED


@pytest.mark.parametrize("granted", [True, False])
def test_an_action_needs_its_permission(alice: User, mei_shop: Merchant, granted: bool) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    if granted:
        alice.user_permissions.set(Permission.objects.filter(content_type__app_label="merchants"))
    browser = Client()
    browser.force_login(alice)

    answer = freeze(browser, mei_shop, reason="because I can")

    assert answer.status_code == (302 if granted else 403)
    mei_shop.refresh_from_db()
    assert (mei_shop.status == Merchant.Status.FROZEN) is granted


def test_who_is_not_staff_sees_nothing(charlie: User, mei_shop: Merchant) -> None:
    browser = Client()
    browser.force_login(charlie)

    assert browser.get(page(Merchant, "changelist")).status_code == 302
    assert freeze(browser, mei_shop, reason="because I can").status_code == 302
    mei_shop.refresh_from_db()
    assert mei_shop.status == Merchant.Status.ACTIVE


def test_a_key_is_shown_once(desk: Client, mei_shop: Merchant) -> None:
    form = {"merchant": mei_shop.pk, "name": "till", "scopes": ["balance:read"]}

    shown = desk.post(page(ApiKey, "add"), form, follow=True).text

    key = ApiKey.objects.get()
    assert shown.count(key.prefix) >= 1
    assert "sk_" in shown
    again = desk.get(page(ApiKey, "change", key.pk)).text
    assert "nobody can read it again" not in again


def test_a_key_is_revoked_for_good(desk: Client, mei_shop: Merchant) -> None:
    desk.post(page(ApiKey, "add"), {"merchant": mei_shop.pk, "name": "till", "scopes": ["balance:read"]})
    key = ApiKey.objects.get()

    desk.post(page(ApiKey, "changelist"), {"action": "revoke", "_selected_action": [key.pk]})

    key.refresh_from_db()
    assert key.revoked_at is not None


def test_a_pin_is_unlocked(desk: Client, alice: User) -> None:
    Pin.objects.filter(pk=alice.pk).update(failures=5, locked_until=now())

    desk.post(page(User, "unlock", alice.pk), {"reason": "she showed her passport"})

    _, token = start_session(user_id=alice.pk)
    pins.check(user_id=alice.pk, session_token=token, pin=PIN)
    assert Pin.objects.get(pk=alice.pk).failures == 0


def test_only_a_superuser_gives_powers_away(alice: User, boss: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    alice.user_permissions.set(Permission.objects.filter(content_type__app_label="people"))
    browser = Client()
    browser.force_login(alice)
    form = {"name": "Alice", "phone": alice.phone, "is_active": "on", "is_staff": "on", "is_superuser": "on"}

    browser.post(page(User, "change", alice.pk), form)
    touched = browser.post(page(User, "change", boss.pk), form)
    password = browser.post(
        f"/admin/people/user/{boss.pk}/password/",
        {"password1": "new pass phrase", "password2": "new pass phrase"},
    )

    alice.refresh_from_db()
    assert not alice.is_superuser
    assert (touched.status_code, password.status_code) == (403, 403)


def test_a_dead_delivery_is_tried_again(desk: Client) -> None:
    dead = Delivery.objects.create(
        fact="tests.tree.fell",
        handler="x",
        queue="tests",
        payload={},
        attempts=20,
        dead_at=now(),
        last_error="no",
    )

    desk.post(page(Delivery, "changelist"), {"action": "retry_now", "_selected_action": [dead.pk]})

    dead.refresh_from_db()
    assert (dead.attempts, dead.dead_at) == (0, None)
