"""Passes of the auditor: written down, told, and withdrawals stopped where the books are wrong."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.db.models.functions import Now

from outbox import clock
from payments import audit, audit_passes, stops, tasks
from payments.books import System
from payments.errors import BooksStillWrong
from payments.models import AuditPass, Lane, Transfer, WithdrawalStop
from people.models import User
from tests.payments.bank.killing import killed

pytestmark = [pytest.mark.django_db, pytest.mark.unbalanced]

MINUTE = timedelta(minutes=1)
BREACH = "all accounts together hold nothing: All lanes together hold 1 instead of 0."


def make_a_fen() -> None:
    Lane.objects.filter(account_id=System.BANK, no=0).update(amount=F("amount") + 1)


def take_it_away() -> None:
    Lane.objects.filter(account_id=System.BANK, no=0).update(amount=F("amount") - 1)


class TestPass:
    def test_right_books_are_written_down(self) -> None:
        before = clock.now()
        for full in (False, True):
            audit_passes.audit_now(full=full)

        frequent, full_one = AuditPass.objects.order_by("full")
        assert (frequent.full, full_one.full) == (False, True)
        assert frequent.breaches == full_one.breaches == []
        assert frequent.checks == len(audit.names(full=False)) < full_one.checks == len(audit.names())
        assert frequent.took_ms >= 0 and frequent.began_at >= before
        assert not stops.withdrawals_are_stopped()

    def test_wrong_books_are_written_down_alarm_and_stop_withdrawals(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        make_a_fen()
        audit_passes.audit_now(full=False)

        assert AuditPass.objects.get().breaches == [BREACH]
        assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
            ("CRITICAL", f"The books are wrong: {BREACH}")
        ]
        assert WithdrawalStop.objects.get().reason == BREACH

    def test_a_breach_that_lasts_stops_once(self) -> None:
        make_a_fen()
        for _ in range(3):
            audit_passes.audit_now(full=False)
        assert WithdrawalStop.objects.count() == 1 and AuditPass.objects.count() == 3

    def test_a_pass_that_died_before_it_stopped_withdrawals_is_made_good_by_the_next(self) -> None:
        Transfer.objects.create(kind="fee", debit_id=System.BANK, credit_id=System.FEE_REVENUE, amount=1)
        with killed(stops, "stop", "before"):
            audit_passes.audit_now(full=True)

        assert audit_passes.audit_now(full=False).breaches == []
        assert stops.withdrawals_are_stopped()

    def test_a_thousand_breaches_are_told_in_few_words(self, monkeypatch: pytest.MonkeyPatch) -> None:
        breaches = [audit.Breach("a", str(number)) for number in range(1000)]
        monkeypatch.setattr(audit, "audit", lambda *, full: breaches)

        told = audit_passes.audit_now(full=True).breaches

        assert len(told) == 101 and told[-1] == "And 900 more."

    def test_the_newest_of_each_sort_are_kept(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(audit_passes, "KEPT", 3)
        nightly = audit_passes.audit_now(full=True)
        frequent = [audit_passes.audit_now(full=False).pk for _ in range(5)]
        # Inside one transaction all passes begin at one instant: none is older than another.
        for minute, pk in enumerate(frequent):
            AuditPass.objects.filter(pk=pk).update(began_at=F("began_at") - (5 - minute) * MINUTE)

        audit_passes.audit_now(full=False)

        kept = AuditPass.objects.order_by("began_at").values_list("pk", flat=True)
        assert set(kept) == {nightly.pk, *frequent[-2:], AuditPass.objects.latest("pk").pk}


class TestTask:
    def test_it_is_silent_while_all_is_well(self, caplog: pytest.LogCaptureFixture) -> None:
        tasks.audit_ledger(full=True, sent_by_a_newer_caller=True)
        assert not caplog.records and AuditPass.objects.get().full

    def test_it_alarms(self, caplog: pytest.LogCaptureFixture) -> None:
        make_a_fen()
        tasks.audit_ledger()
        assert [record.levelname for record in caplog.records] == ["CRITICAL"]
        assert stops.withdrawals_are_stopped()


class TestCommand:
    """`manage.py audit_ledger`."""

    def test_right_books(self) -> None:
        said = StringIO()
        call_command("audit_ledger", stdout=said)
        call_command("audit_ledger", "--full", stdout=said)
        assert said.getvalue().count("The books are right") == 2
        assert f"{len(audit.names())} checks" in said.getvalue()

    def test_wrong_books_end_with_1_and_the_reason(self) -> None:
        make_a_fen()
        said = StringIO()
        with pytest.raises(CommandError, match="The books are wrong") as ended:
            call_command("audit_ledger", stderr=said)
        assert ended.value.returncode == 1
        assert f"BREACH {BREACH}" in said.getvalue()
        assert stops.withdrawals_are_stopped()

    def test_json_for_right_books(self) -> None:
        said = StringIO()
        call_command("audit_ledger", "--full", "--json", stdout=said)
        answer = json.loads(said.getvalue())
        assert answer.pop("took_ms") >= 0
        assert answer == {"right": True, "full": True, "checks": len(audit.names()), "breaches": []}

    def test_json_for_wrong_books(self) -> None:
        make_a_fen()
        said = StringIO()
        with pytest.raises(CommandError):
            call_command("audit_ledger", "--json", stdout=said, stderr=StringIO())
        answer = json.loads(said.getvalue())
        assert (answer["right"], answer["breaches"]) == (False, [BREACH])


class TestStops:
    def test_withdrawals_run_unless_stopped(self) -> None:
        assert not stops.withdrawals_are_stopped()

    def test_they_are_stopped_once_and_the_first_reason_stays(self) -> None:
        assert stops.stop(reason="first")
        assert not stops.stop(reason="second")
        assert stops.withdrawals_are_stopped()
        assert WithdrawalStop.objects.get().reason == "first"

    def test_a_person_lets_them_run_again(self, mei: User) -> None:
        stops.stop(reason="why")

        assert stops.resume(user_id=mei.pk, reason="found it")

        assert not stops.withdrawals_are_stopped()
        ended = WithdrawalStop.objects.get()
        assert (ended.ended_by, ended.ended_because) == (mei, "found it") and ended.ended_at
        assert stops.stop(reason="again") and WithdrawalStop.objects.count() == 2

    def test_what_runs_is_not_resumed(self, mei: User) -> None:
        assert not stops.resume(user_id=mei.pk, reason="nothing")
        make_a_fen()
        audit_passes.audit_now(full=False)
        WithdrawalStop.objects.update(ended_at=Now())
        assert not stops.resume(user_id=mei.pk, reason="nothing")

    @pytest.mark.parametrize("full", [False, True])
    def test_nobody_resumes_while_the_newest_pass_of_either_sort_shows_a_breach(
        self, mei: User, full: bool
    ) -> None:
        make_a_fen()
        audit_passes.audit_now(full=full)
        AuditPass.objects.update(began_at=F("began_at") - MINUTE)
        take_it_away()
        audit_passes.audit_now(full=not full)

        with pytest.raises(BooksStillWrong):
            stops.resume(user_id=mei.pk, reason="it is well again")
        assert stops.withdrawals_are_stopped()

        audit_passes.audit_now(full=full)
        assert stops.resume(user_id=mei.pk, reason="it is well again")
