"""What a person sees of his limits: all of them on his own page, the one that counts on the pay page."""

import re

import pytest
from django.test import Client
from pytest_django import Settings

from merchants.models import Merchant
from payments import accounts, caps, codes
from payments.models import CapRule, Code
from people.models import User
from tests.payments.hands import pay
from tests.wallet.conftest import Fill

pytestmark = pytest.mark.django_db


@pytest.fixture
def bob_code(bob: User) -> Code:
    """Bob's printed code."""
    return codes.create(account_id=accounts.wallet_of(bob.pk).pk)


def text_of(client: Client, page: str) -> str:
    """Return what a page says, without its markup."""
    return " ".join(re.sub("<[^>]+>", " ", client.get(page).content.decode()).split())


def test_one_s_own_page_shows_every_limit(alice: User, alice_at: Client, bob_code: Code, fill: Fill) -> None:
    fill(alice, 50_000)
    pay(alice, bob_code, 12_345)

    shown = text_of(alice_at, "/me/")
    assert "Limits today Printed codes of people ¥376.55 left ¥123.45 of ¥500.00 used" in shown
    assert "Printed codes of shops, class D ¥500.00 left ¥0.00 of ¥500.00 used" in shown
    assert "Codes you show to shops ¥5,000.00 left" in shown


def test_a_lowered_limit_leaves_nothing_and_never_less(
    alice: User, alice_at: Client, bob_code: Code, fill: Fill
) -> None:
    fill(alice, 50_000)
    pay(alice, bob_code, 20_000)
    CapRule.objects.filter(name=caps.PERSONAL_STATIC).update(cap=10_000)

    assert "¥0.00 left ¥200.00 of ¥100.00 used" in text_of(alice_at, "/me/")
    assert "You can pay ¥0.00 more today this way" in text_of(alice_at, f"/q/{bob_code.token}")


def test_the_pay_page_of_a_printed_code_says_what_is_left(
    alice: User, alice_at: Client, bob_code: Code, fill: Fill
) -> None:
    fill(alice, 50_000)
    pay(alice, bob_code, 12_345)

    page = alice_at.get(f"/q/{bob_code.token}").content.decode()
    assert page.count("You can pay ¥376.55 more today this way") == 2  # beside the button, and on the sheet
    assert 'data-left="37655"' in page


def test_without_a_limit_nothing_is_said(alice_at: Client, bob: User, mei_shop: Merchant) -> None:
    wallet = accounts.wallet_of(bob.pk)
    once = codes.create(account_id=wallet.pk, kind="dynamic", amount=100)
    counter = codes.create(account_id=mei_shop.account_id, payable="merchant")
    for code in (once, counter):
        assert "more today this way" not in text_of(alice_at, f"/q/{code.token}")


def test_a_shop_s_code_of_class_d_has_one(alice_at: Client, mei_shop: Merchant) -> None:
    counter = codes.create(account_id=mei_shop.account_id, payable="merchant")
    caps.classify(code_id=counter.pk, risk_class="D")
    assert "You can pay ¥500.00 more today this way" in text_of(alice_at, f"/q/{counter.token}")


def test_in_yen_it_has_no_decimals(alice_at: Client, bob_code: Code, settings: Settings) -> None:
    settings.CURRENCY = "JPY"
    CapRule.objects.all().delete()
    caps.install()
    assert "You can pay ¥10,000 more today this way" in text_of(alice_at, f"/q/{bob_code.token}")
    assert "¥10,000 left ¥0 of ¥10,000 used" in text_of(alice_at, "/me/")


def test_staff_without_a_wallet_have_no_limits(client: Client, bob_code: Code) -> None:
    client.force_login(User.objects.create(name="Staff", phone="+8613800000099", is_staff=True))
    assert "Limits today" not in text_of(client, "/me/")
