"""Limits and statements in the admin: who may change what, and what of it stays in the history."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client

from merchants.models import Merchant
from payments import accounts, caps, codes
from payments.models import CapRule, Code
from people.models import User
from tests.cast import PASSWORD

pytestmark = pytest.mark.django_db

RULES = "/admin/payments/caprule/"
NEW = {"tier": "personal", "code_kind": "dynamic", "risk_class": "A", "cap": "70000"}


def staff(phone: str, *codenames: str) -> Client:
    """Return the browser of somebody with these rights alone."""
    user = User.objects.create_user(phone=phone, password=PASSWORD, name="Clerk", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    browser = Client()
    browser.force_login(user)
    return browser


def history() -> list[str]:
    return [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")]


class TestRules:
    def test_a_rule_is_added_for_a_sort_that_has_none(self, desk: Client) -> None:
        assert desk.post(f"{RULES}add/", NEW).status_code == 302

        rule = CapRule.objects.get(tier="personal", code_kind="dynamic")
        assert (rule.name, rule.risk_class, rule.cap) == ("personal_dynamic_a_daily", "A", 70_000)
        assert history() == ["Added."]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"code_kind": "static"},  # there is a rule for this sort
            {"cap": "-1"},
            {"cap": "1.5"},
            {"cap": str(10**12 + 1)},
            {"cap": ""},
            {"risk_class": "E"},
            {"tier": ""},
        ],
        ids=str,
    )
    def test_what_is_no_rule_is_not_added(self, desk: Client, wrong: dict[str, str]) -> None:
        before = CapRule.objects.count()
        assert desk.post(f"{RULES}add/", NEW | wrong).status_code == 200
        assert CapRule.objects.count() == before

    def test_a_cap_is_changed_and_its_sort_is_not(self, desk: Client) -> None:
        page = f"{RULES}{caps.PERSONAL_STATIC}/change/"
        assert desk.post(page, NEW | {"name": "x", "cap": "60000"}).status_code == 302

        rule = CapRule.objects.get(name=caps.PERSONAL_STATIC)
        assert (rule.tier, rule.code_kind, rule.risk_class, rule.cap) == ("personal", "static", "A", 60_000)
        assert history() == ["Cap: 50000 → 60000 minor units"]
        assert not CapRule.objects.filter(name="x").exists()

    def test_no_rule_is_deleted(self, desk: Client) -> None:
        assert desk.post(f"{RULES}{caps.PERSONAL_STATIC}/delete/", {"post": "yes"}).status_code == 403

    def test_who_may_only_look_changes_nothing(self) -> None:
        clerk = staff("+8613800000008", "view_caprule")
        assert clerk.get(RULES).status_code == 200
        assert clerk.post(f"{RULES}add/", NEW).status_code == 403
        assert clerk.post(f"{RULES}{caps.PERSONAL_STATIC}/change/", {"cap": "1"}).status_code == 403


class TestClasses:
    @pytest.fixture
    def code(self, mei_shop: Merchant) -> Code:
        """The sticker at Mei's counter."""
        return codes.create(account_id=mei_shop.account_id, payable="merchant")

    def test_a_class_is_set_after_a_question_and_written_down(self, desk: Client, code: Code) -> None:
        page = f"/admin/payments/code/{code.pk}/class-d/"
        assert b"Set class D" in desk.get(f"/admin/payments/code/{code.pk}/change/").content
        assert desk.get(page).status_code == 200
        code.refresh_from_db()
        assert code.risk_class == "A"

        assert desk.post(page, {"reason": "hangs outside, unattended"}).status_code == 302
        code.refresh_from_db()
        assert (code.risk_class, code.status) == ("D", "active")
        assert history() == ["Set class D: hangs outside, unattended"]

    def test_it_is_offered_for_another_class_only(self, desk: Client, code: Code) -> None:
        page = desk.get(f"/admin/payments/code/{code.pk}/change/").content.decode()
        assert [letter for letter in "ABCD" if f"/class-{letter.lower()}/" in page] == ["B", "C", "D"]

    def test_a_class_that_would_lift_the_limit_is_refused(self, desk: Client, bob: User) -> None:
        sticker = codes.create(account_id=accounts.wallet_of(bob.pk).pk)
        page = f"/admin/payments/code/{sticker.pk}/class-d/"
        assert b"No limit counts codes" in desk.post(page, {"reason": "unattended"}, follow=True).content
        sticker.refresh_from_db()
        assert (sticker.risk_class, history()) == ("A", [])

    def test_without_a_reason_or_the_right_nothing_changes(self, desk: Client, code: Code) -> None:
        page = f"/admin/payments/code/{code.pk}/class-d/"
        assert desk.post(page, {}).status_code == 200
        assert staff("+8613800000008", "view_code").post(page, {"reason": "because"}).status_code == 403
        code.refresh_from_db()
        assert code.risk_class == "A"


class TestStatements:
    def test_an_account_s_page_links_to_its_statement(self, desk: Client, alice: User) -> None:
        account = accounts.wallet_of(alice.pk)
        page = desk.get(f"/admin/payments/account/{account.pk}/change/").content.decode()
        address = f"/admin/payments/account/{account.pk}/statement."
        assert f'href="{address}csv"' in page and f'href="{address}xml"' in page

        assert b"closing_balance" in desk.get(f"{address}csv").getvalue()
        assert b"camt.053.001.08" in desk.get(f"{address}xml?from=2026-01-01&to=2026-01-31").getvalue()
        assert history()[-1] == "Exported statement 2026-01-01 to 2026-01-31"

    def test_nonsense_is_refused(self, desk: Client, alice: User) -> None:
        address = f"/admin/payments/account/{accounts.wallet_of(alice.pk).pk}/statement"
        assert desk.get(f"{address}.csv?from=x").status_code == 400
        assert desk.get(f"{address}.pdf").status_code == 404
        assert desk.get("/admin/payments/account/1/statement.csv").status_code == 404
        assert not LogEntry.objects.exists()

    def test_it_needs_the_right_to_see_accounts(self, alice: User) -> None:
        address = f"/admin/payments/account/{accounts.wallet_of(alice.pk).pk}/statement.csv"
        assert staff("+8613800000008", "view_code").get(address).status_code == 403
        assert staff("+8613800000007", "view_account").get(address).getvalue()
