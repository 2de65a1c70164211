"""The admin's actions on payments, applications and plans: asked first, done once, signed by who did it."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from merchants import applications
from merchants.models import ApiKey, Application, Merchant
from merchants.queries import terms
from payments import money
from payments.models import Account, Code, Payment, Refund
from payments.refund_admin import minor_units
from people.models import User
from tests.payments.conftest import RICH, box, rich_alice, shop, sticker
from tests.payments.hands import has, pay, static_code
from tests.payments.till import counter_code

__all__ = ["box", "rich_alice", "shop", "sticker"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def paid(rich_alice: User, shop: Account) -> Payment:
    """Alice's 25.00 at the laundry's counter."""
    return pay(rich_alice, counter_code(shop), 2_500)


def page(of: Any, name: str) -> str:
    """Return the address of one of an object's pages."""
    return reverse(f"admin:{of._meta.app_label}_{of._meta.model_name}_{name}", args=[of.pk])


def form_of(desk: Client, payment: Payment) -> dict[str, str]:
    """Open the page that asks, and return what it would send."""
    form = desk.get(page(payment, "refund")).context["form"]
    return {"key": str(form["key"].value()), "amount": "", "reason": "stained"}


class TestRefunds:
    """Payment -> Refund."""

    def test_it_is_offered_where_something_is_left(
        self, desk: Client, paid: Payment, rich_alice: User, bob: User
    ) -> None:
        assert page(paid, "refund") in desk.get(page(paid, "change")).text
        assert "Amount" in desk.get(page(paid, "refund")).text

        to_bob = pay(rich_alice, static_code(bob), 100)
        desk.post(page(paid, "refund"), form_of(desk, paid))
        for done in (to_bob, paid):
            assert page(done, "refund") not in desk.get(page(done, "change")).text

    def test_an_empty_amount_is_the_rest(
        self, desk: Client, boss: User, paid: Payment, rich_alice: User
    ) -> None:
        desk.post(page(paid, "refund"), form_of(desk, paid) | {"amount": "5.01"})
        answer = desk.post(page(paid, "refund"), form_of(desk, paid), follow=True)

        assert "Done: Refund" in answer.text
        assert has(rich_alice) == RICH
        made = Refund.objects.order_by("pk")
        assert list(made.values_list("amount", "fee_returned", "reason", "staff")) == [
            (501, 4, "stained", boss.pk),
            (1_999, 16, "stained", boss.pk),
        ]
        entries = LogEntry.objects.values_list("user", "object_id", "change_message")
        assert set(entries) == {(boss.pk, str(paid.pk), "Refund: stained")}

    def test_a_second_click_refunds_nothing(self, desk: Client, paid: Payment) -> None:
        form = form_of(desk, paid) | {"amount": "5"}
        desk.post(page(paid, "refund"), form)

        answer = desk.post(page(paid, "refund"), form, follow=True)

        assert "Nothing was done" in answer.text
        assert (Refund.objects.count(), LogEntry.objects.count()) == (1, 1)

    def test_each_form_is_a_refund_of_its_own(self, desk: Client, paid: Payment) -> None:
        for _ in range(2):
            desk.post(page(paid, "refund"), form_of(desk, paid) | {"amount": "5"})

        assert Refund.objects.count() == 2

    def test_a_form_that_was_sent_for_another_amount_is_refused(self, desk: Client, paid: Payment) -> None:
        form = form_of(desk, paid)
        desk.post(page(paid, "refund"), form | {"amount": "5"})

        answer = desk.post(page(paid, "refund"), form | {"amount": "6"}, follow=True)

        assert "used for another request" in answer.text
        assert Refund.objects.count() == 1

    @pytest.mark.parametrize("amount", ["25.01", "10000000000.00"])
    def test_a_refusal_is_shown(self, desk: Client, paid: Payment, amount: str) -> None:
        answer = desk.post(page(paid, "refund"), form_of(desk, paid) | {"amount": amount}, follow=True)

        assert "more than is left" in answer.text
        assert not Refund.objects.exists() and not LogEntry.objects.exists()

    @pytest.mark.parametrize(
        "wrong",
        [
            *(
                {"amount": text}
                for text in ("0", "0.00", "-1", "1e3", "1,5", "１２", "x", "1.234", "10000000000.01")
            ),
            *({"amount": text} for text in ("true", "0x1", " ", "1 000", "٣", "9" * 40)),
            *({"reason": text} for text in ("", "x", "x" * 201, "\u202egnp.exe", "a\nb", " ")),
            *({"key": text} for text in ("", "x")),
        ],
        ids=ascii,
    )
    def test_a_wrong_form_is_asked_again(self, desk: Client, paid: Payment, wrong: dict[str, str]) -> None:
        form = form_of(desk, paid) | wrong
        if wrong == {"amount": " "}:
            form["reason"] = ""  # outer space is no mistake

        answer = desk.post(page(paid, "refund"), form)

        assert answer.status_code == 200 and "errorlist" in answer.text
        assert not Refund.objects.exists()

    def test_what_waits_in_escrow_is_not_refunded(
        self, desk: Client, rich_alice: User, sticker: Code
    ) -> None:
        held = pay(rich_alice, sticker)

        answer = desk.post(page(held, "refund"), form_of(desk, held), follow=True)

        assert "Nothing was done" in answer.text
        assert not Refund.objects.exists()

    @pytest.mark.parametrize("granted", [True, False])
    def test_it_needs_its_permission(self, paid: Payment, bob: User, granted: bool) -> None:
        User.objects.filter(pk=bob.pk).update(is_staff=True)
        names = ["view_payment", "add_refund"] if granted else ["view_payment", "change_payment"]
        bob.user_permissions.set(Permission.objects.filter(codename__in=names))
        browser = Client()
        browser.force_login(bob)

        answer = browser.post(
            page(paid, "refund"),
            {"key": "0193f4a2-0000-7000-8000-000000000000", "amount": "", "reason": "because I can"},
        )

        assert answer.status_code == (302 if granted else 403)
        assert Refund.objects.exists() is granted

    def test_the_payment_s_page_shows_it(self, desk: Client, paid: Payment) -> None:
        desk.post(page(paid, "refund"), form_of(desk, paid) | {"reason": "stained beyond repair"})

        assert "stained beyond repair" in desk.get(page(paid, "change")).text


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        *(("12.50", "CNY", 1_250), ("12.5", "CNY", 1_250), ("12", "CNY", 1_200), ("0.01", "CNY", 1)),
        *(("12", "JPY", 12), ("12.0", "JPY", None), ("1.234", "KWD", 1_234), ("12.", "CNY", None)),
        *(("10000000000", "CNY", 10**12), ("10000000000.01", "CNY", None), (".5", "CNY", None)),
    ],
)
def test_a_typed_amount_in_minor_units(text: str, currency: str, amount: int | None) -> None:
    assert minor_units(text, currency) == amount
    assert amount is None or minor_units(money.text(amount, currency), currency) == amount


class TestApplications:
    """Application -> Approve, Refuse."""

    @pytest.fixture
    def waiting(self, bob: User) -> Application:
        return applications.apply(owner_id=bob.pk, shop_name="Bob's Arcade", category="arcade")

    def test_an_approval_opens_the_shop_on_a_plan(
        self, desk: Client, boss: User, waiting: Application
    ) -> None:
        asked = desk.get(page(waiting, "approve")).text
        assert "Volume (0.60 %)" in asked and "printed codes" in asked

        desk.post(page(waiting, "approve"), {"plan": "volume", "reason": "seen the place"})

        shop = Merchant.objects.get(pk=waiting.pk)
        assert terms(shop.account_id).fee_bp == 60
        waiting.refresh_from_db()
        assert (waiting.decided_by, waiting.decided_because) == (boss, "seen the place")
        assert LogEntry.objects.get().change_message == "Approve: seen the place"

    def test_it_is_decided_once(self, desk: Client, waiting: Application) -> None:
        desk.post(page(waiting, "refuse"), {"reason": "no such street"})
        for action in ("approve", "refuse"):
            answer = desk.post(page(waiting, action), {"plan": "volume", "reason": "after all"}, follow=True)
            assert "Nothing was done" in answer.text

        waiting.refresh_from_db()
        assert (waiting.status, waiting.decided_because) == ("refused", "no such street")
        assert not Merchant.objects.exists()

    @pytest.mark.parametrize("plan", ["", "gold", "\x00"])
    def test_a_plan_that_is_none_is_asked_again(self, desk: Client, waiting: Application, plan: str) -> None:
        answer = desk.post(page(waiting, "approve"), {"plan": plan, "reason": "seen the place"})

        assert answer.status_code == 200
        assert not Merchant.objects.exists()

    def test_nobody_edits_one(self, desk: Client, waiting: Application) -> None:
        assert desk.post(page(waiting, "change"), {"status": "approved"}).status_code == 403


class TestKeys:
    """ApiKey -> Add."""

    @pytest.mark.parametrize(
        ("rights", "scope", "made"),
        [
            (["add_apikey"], "payments:refund", 0),
            (["add_apikey", "add_refund"], "payments:refund", 1),
            (["add_apikey"], "balance:read", 1),
        ],
        ids=["a refund by the back door", "whoever may refund", "one that only reads"],
    )
    def test_a_key_does_not_what_its_maker_may_not(
        self, bob: User, mei_shop: Merchant, rights: list[str], scope: str, made: int
    ) -> None:
        User.objects.filter(pk=bob.pk).update(is_staff=True)
        bob.user_permissions.set(Permission.objects.filter(codename__in=[*rights, "view_merchant"]))
        browser = Client()
        browser.force_login(bob)

        wish = {"merchant": str(mei_shop.pk), "name": "till", "scopes": [scope]}
        browser.post(reverse("admin:merchants_apikey_add"), wish)

        assert ApiKey.objects.count() == made
