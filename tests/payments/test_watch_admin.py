"""Auditor and watch in the admin: who may see what, and who decides."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db.models import F
from django.test import Client
from django.urls import reverse

from payments import audit_passes, stops
from payments.books import System
from payments.models import Alert, AuditPass, Code, Lane, WithdrawalStop
from people.models import User
from tests.cast import PASSWORD
from tests.payments.hands import pay, static_code, wallet

pytestmark = [pytest.mark.django_db, pytest.mark.unbalanced]
WHY = {"reason": "Looked at it"}


def at_desk(*permissions: str, **powers: bool) -> Client:
    """Return the browser of somebody of the staff."""
    user = User.objects.create_user(
        phone="+8613800000009", password=PASSWORD, name="Clerk", is_staff=True, **powers
    )
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    browser = Client()
    browser.force_login(user)
    return browser


@pytest.fixture
def boss(db: None) -> Client:
    return at_desk(is_superuser=True)


def page(model: str, name: str, *args: object) -> str:
    return reverse(f"admin:payments_{model}_{name}", args=args)


def act(desk: Client, row: Any, action: str) -> Any:
    """Confirm an action on a row's page, and return where it ended."""
    address = page(row._meta.model_name, action, row.pk)
    assert b"Looked" not in desk.get(address).content  # asking does nothing
    return desk.post(address, WHY, follow=True)


def break_the_books() -> None:
    Lane.objects.filter(account_id=System.BANK, no=0).update(amount=F("amount") + 1)


class TestAuditPasses:
    def test_the_list_tells_the_verdict(self, boss: Client) -> None:
        audit_passes.audit_now(full=True)
        break_the_books()
        wrong = audit_passes.audit_now(full=False)

        said = boss.get(page("auditpass", "changelist")).content.decode()
        assert said.count('alt="False"') == 2 and said.count('alt="True"') == 2  # full, and right

        shown = boss.get(page("auditpass", "change", wrong.pk)).content.decode()
        assert "All lanes together hold 1 instead of 0." in shown

    def test_run_now(self, boss: Client) -> None:
        seen = audit_passes.audit_now(full=True)

        act(boss, seen, "run-now")

        assert AuditPass.objects.filter(full=False).count() == 1
        assert LogEntry.objects.get().change_message == "Run now: Looked at it"

    def test_whoever_may_only_look_runs_nothing(self) -> None:
        seen = audit_passes.audit_now(full=True)
        desk = at_desk("view_auditpass")
        assert desk.get(page("auditpass", "changelist")).status_code == 200
        assert desk.post(page("auditpass", "run-now", seen.pk), WHY).status_code == 403
        assert AuditPass.objects.count() == 1


class TestStops:
    def test_a_superuser_resumes(self, boss: Client) -> None:
        stops.stop(reason="a: one\nb: two")
        stop = WithdrawalStop.objects.get()
        assert "<p>b: two</p>" in boss.get(page("withdrawalstop", "change", stop.pk)).content.decode()

        act(boss, WithdrawalStop.objects.get(), "resume")

        ended = WithdrawalStop.objects.get()
        assert not stops.withdrawals_are_stopped()
        assert (ended.ended_because, ended.ended_by_id) == ("Looked at it", User.objects.get().pk)

    def test_it_is_refused_while_the_books_are_wrong(self, boss: Client) -> None:
        break_the_books()
        audit_passes.audit_now(full=False)

        said = act(boss, WithdrawalStop.objects.get(), "resume").content.decode()

        assert stops.withdrawals_are_stopped()
        assert "withdrawals stay stopped" in said

    def test_every_permission_there_is_does_not_suffice(self) -> None:
        stops.stop(reason="why")
        desk = at_desk(*Permission.objects.values_list("codename", flat=True))
        stop = WithdrawalStop.objects.get()
        assert desk.get(page("withdrawalstop", "change", stop.pk)).status_code == 200
        assert desk.post(page("withdrawalstop", "resume", stop.pk), WHY).status_code == 403
        assert stops.withdrawals_are_stopped()

    def test_what_is_over_stays_over(self, boss: Client) -> None:
        stops.stop(reason="first")
        first = WithdrawalStop.objects.get()
        act(boss, first, "resume")
        stops.stop(reason="second")

        assert "Nothing was done" in act(boss, first, "resume").content.decode()
        assert stops.withdrawals_are_stopped()


class TestAlerts:
    @pytest.fixture
    def alert(self, bob: User, bob_code: Code, charlie: User) -> Alert:
        other = static_code(charlie)
        return Alert.objects.create(
            kind="swapped_sticker", code=bob_code, account=wallet(bob), detail=f"instead of code {other.pk}"
        )

    def test_the_page_leads_to_both_codes_and_their_payments(
        self, boss: Client, alert: Alert, rich_alice: User, bob_code: Code
    ) -> None:
        payment = pay(rich_alice, bob_code, 100)
        shown = boss.get(page("alert", "change", alert.pk)).content.decode()
        for code in Code.objects.all():
            assert f'href="{page("code", "change", code.pk)}"' in shown
        through = f"{page('payment', 'changelist')}?q={bob_code.pk}"
        assert f'href="{through}"' in shown
        assert str(payment.pk) in boss.get(through).content.decode()

    def test_an_alert_about_an_account_leads_to_its_payments(
        self, boss: Client, rich_alice: User, bob_code: Code
    ) -> None:
        payment = pay(rich_alice, bob_code, 100)
        alert = Alert.objects.create(kind="velocity", account=wallet(rich_alice), detail="Paid 20 times")
        shown = boss.get(page("alert", "change", alert.pk)).content.decode()
        made = f"{page('payment', 'changelist')}?payer__id__exact={alert.account_id}"
        assert made in shown
        assert str(payment.pk) in boss.get(made).content.decode()

    def test_closing(self, boss: Client, alert: Alert) -> None:
        act(boss, alert, "close")
        alert.refresh_from_db()
        assert alert.closed_at and alert.closed_because == "Looked at it"
        assert alert.closed_by == User.objects.get(name="Clerk")
        assert "Nothing was done" in act(boss, alert, "close").content.decode()

    def test_open_and_closed_ones(self, boss: Client, alert: Alert) -> None:
        for state, found in (("open", 1), ("closed", 0)):
            answer = boss.get(page("alert", "changelist"), {"state": state})
            assert answer.context["cl"].result_count == found

    def test_whoever_may_only_look_closes_nothing(self, alert: Alert) -> None:
        desk = at_desk("view_alert")
        assert desk.get(page("alert", "change", alert.pk)).status_code == 200
        assert desk.post(page("alert", "close", alert.pk), WHY).status_code == 403

    def test_what_it_says_is_text(self, boss: Client, bob: User) -> None:
        alert = Alert.objects.create(kind="velocity", account=wallet(bob), detail="<script>alert(1)</script>")
        assert "<script>alert" not in boss.get(page("alert", "change", alert.pk)).content.decode()


@pytest.mark.parametrize("model", ["auditpass", "withdrawalstop", "alert"])
def test_nobody_adds_changes_or_deletes(boss: Client, bob: User, model: str) -> None:
    audit_passes.audit_now(full=False)
    stops.stop(reason="why")
    Alert.objects.create(kind="velocity", account=wallet(bob), detail="Paid 20 times")
    row = {"auditpass": AuditPass, "withdrawalstop": WithdrawalStop, "alert": Alert}[model].objects.get()  # type: ignore[attr-defined]

    assert boss.post(page(model, "add"), {}).status_code == 403
    assert boss.post(page(model, "change", row.pk), {"reason": "x"}).status_code == 403
    assert boss.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403
