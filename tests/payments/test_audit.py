"""The auditor finds what is wrong, names it, and is silent otherwise."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F
from pytest_django import Settings

from payments import audit, codes, shown
from payments.books import System
from payments.models import Account, Code, Lane, Payment, PaymentCode, Transfer
from people.models import User
from tests.payments.faults import FAULTS, break_rules
from tests.payments.hands import capture, claim, dynamic_code, fill, pay, release, wallet
from tests.payments.till import charge, refund, show

pytestmark = [pytest.mark.django_db, pytest.mark.unbalanced]


@pytest.fixture(autouse=True)
def history(rich_alice: User, bob: User, bob_code: Code, shop: Account, sticker: Code) -> None:
    """A bit of everything that may happen."""
    fill(bob, 700)
    pay(rich_alice, bob_code, 1234)
    pay(rich_alice, dynamic_code(bob), 55)
    pay(rich_alice, codes.create(account_id=shop.pk, payable="merchant"), 5000)
    captured, _open, released = (pay(rich_alice, sticker) for _ in range(3))
    claim(captured)
    capture(captured, 400)
    release(released)
    refund(captured, 100)
    refund(captured, 200)  # 1.5 of the fee: half up
    charge(shop, show(rich_alice), 77)


def found() -> set[str]:
    return {breach.check for breach in audit.audit()}


def test_the_books_are_right() -> None:
    assert audit.audit() == []


@pytest.mark.parametrize(("change", "checks"), [fault[1:] for fault in FAULTS], ids=[f[0] for f in FAULTS])
def test_each_fault_is_found_and_only_that(change: Callable[[], object], checks: set[str]) -> None:
    break_rules(change)
    assert found() == checks


def test_a_charge_outlives_the_code_that_was_shown_for_it() -> None:
    long_ago = timedelta(days=3)
    Payment.objects.filter(amount=77).update(confirmed_at=F("confirmed_at") - long_ago)
    PaymentCode.objects.update(created_at=F("created_at") - long_ago, expires_at=F("expires_at") - long_ago)
    assert shown.forget_past() == 1

    assert audit.audit() == []


def test_a_breach_names_what_is_wrong(alice: User) -> None:
    Lane.objects.filter(account=wallet(alice)).update(amount=F("amount") + 1)
    assert f"accounts hold what was moved: Account {wallet(alice).pk} holds" in "\n".join(
        str(breach) for breach in audit.audit()
    )
    with pytest.raises(AssertionError, match="All lanes together hold 1 instead of 0"):
        audit.assert_conserved()


def test_the_frequent_pass_reads_no_history(alice: User) -> None:
    Transfer.objects.create(kind="fee", debit_id=System.BANK, credit_id=System.FEE_REVENUE, amount=1)
    assert audit.audit(full=False) == []
    assert found() == {"accounts hold what was moved", "transfers have their cause"}


def test_a_breach_counts_when_a_second_look_confirms_it(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter(
        [
            [audit.Breach("a", "a holds 1"), audit.Breach("b", "gone")],
            [audit.Breach("a", "a holds 2"), audit.Breach("c", "new")],
        ]
    )
    monkeypatch.setattr(audit, "audit", lambda *, full: next(looks))
    assert audit.confirmed_breaches() == [audit.Breach("a", "a holds 2")]


def test_what_the_first_sweep_after_an_outage_mends_is_no_breach(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    work = ["run 7 waits for a sweep"]
    monkeypatch.setattr(audit, "audit", lambda *, full: [audit.Breach("due", text) for text in work])
    monkeypatch.setattr("payments.audit.time.sleep", lambda pause_s: work.clear() if pause_s == 10 else None)
    settings.AUDIT_SECOND_LOOK_S = 10

    assert audit.confirmed_breaches() == []


@pytest.mark.django_db(transaction=True)
def test_the_auditor_may_not_write(shop: Account) -> None:
    def meddle(cursor: object) -> list[str]:
        Account.objects.filter(pk=shop.pk).update(name="Mine")
        return []

    audit.check("meddling")(meddle)
    try:
        with pytest.raises(Exception, match="read-only transaction"):
            audit.audit()
    finally:
        del audit._checks["meddling"]
