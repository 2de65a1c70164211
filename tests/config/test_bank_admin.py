"""Money to and from the bank in the admin: what staff see, the one thing they do, and what nobody edits."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import models
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from payments.models import (
    BankAccount,
    DemoBank,
    DemoTransfer,
    PayoutFile,
    TopUp,
    Withdrawal,
    WithdrawalTerms,
)
from people.models import User
from tests.payments.bank.hands import IBAN, ask, bank_account, status, sweep
from tests.payments.hands import fill, has, wallet

pytestmark = pytest.mark.django_db
READ_ONLY = [Withdrawal, TopUp, BankAccount, PayoutFile, DemoTransfer]
Page = Callable[..., str]


@pytest.fixture
def withdrawal(alice: User) -> Withdrawal:
    fill(alice, 10_000)
    bank_account(wallet(alice))
    PayoutFile.objects.create(message_id="m1", content=b"<secret/>", transfers=1, total=1)
    return ask(alice, 5_000)


def page(model: type[models.Model], name: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def cancel(desk: Client, row: Withdrawal, **form: str) -> Any:
    return desk.post(page(Withdrawal, "cancel", row.pk), form)


def test_what_waits_is_cancelled_with_a_reason(desk: Client, alice: User, withdrawal: Withdrawal) -> None:
    cancel(desk, withdrawal, reason="")
    assert status(withdrawal) == "requested"

    cancel(desk, withdrawal, reason="wrong account")

    assert (status(withdrawal), withdrawal.bank_said) == ("failed", "wrong account")
    assert has(alice) == 10_000
    assert LogEntry.objects.get().change_message == "Cancel: wrong account"


def test_what_the_bank_may_have_is_not_cancelled(desk: Client, alice: User, withdrawal: Withdrawal) -> None:
    sweep()

    cancel(desk, withdrawal, reason="wrong account")

    assert status(withdrawal) == "paid"
    assert "Cancel" not in desk.get(page(Withdrawal, "change", withdrawal.pk)).text


def test_who_may_not_change_withdrawals_cancels_none(alice: User, withdrawal: Withdrawal) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    browser = Client()
    browser.force_login(alice)

    assert cancel(browser, withdrawal, reason="because I can").status_code == 403
    assert status(withdrawal) == "requested"


@pytest.mark.parametrize("model", READ_ONLY, ids=lambda model: model.__name__)
@pytest.mark.parametrize("name", ["add", "change", "delete"])
def test_nobody_edits_what_was_told_to_the_bank(
    desk: Client, withdrawal: Withdrawal, model: type[models.Model], name: str
) -> None:
    row = model._default_manager.first()
    assert row is not None
    args = () if name == "add" else (row.pk,)

    assert desk.post(page(model, name, *args), {"amount": 1, "post": "yes"}).status_code == 403


@pytest.mark.parametrize("model", [*READ_ONLY, WithdrawalTerms, DemoBank], ids=lambda model: model.__name__)
def test_no_page_shows_a_whole_account_number_or_a_file(
    desk: Client, withdrawal: Withdrawal, model: type[models.Model]
) -> None:
    row = model._default_manager.first()
    assert row is not None
    shown = desk.get(page(model, "changelist")).text + desk.get(page(model, "change", row.pk)).text

    assert IBAN not in shown and "secret" not in shown


@pytest.mark.parametrize("model", [Withdrawal, BankAccount], ids=lambda model: model.__name__)
def test_no_filter_spells_an_account_number_out(
    desk: Client, withdrawal: Withdrawal, model: type[models.Model]
) -> None:
    found = desk.get(page(model, "changelist"), {"number__startswith": IBAN[:4]})

    assert found.status_code in {302, 400}


def test_no_filter_spells_a_file_out(desk: Client, withdrawal: Withdrawal) -> None:
    file = PayoutFile.objects.get()
    found = desk.get(page(PayoutFile, "changelist"), {"content__contains": bytes(file.content)[:4].hex()})

    assert found.status_code in {302, 400}


def test_things_are_found_by_id_phone_and_name(desk: Client, alice: User, withdrawal: Withdrawal) -> None:
    def found(model: type[models.Model], term: object) -> int:
        return int(desk.get(page(model, "changelist"), {"q": str(term)}).context["cl"].result_count)

    assert (
        found(Withdrawal, withdrawal.pk)
        == found(Withdrawal, alice.phone)
        == found(Withdrawal, "Liddell")
        == 1
    )
    assert found(BankAccount, alice.pk) == found(TopUp, alice.phone) == found(PayoutFile, "m1") == 1


def test_the_terms_of_the_personal_tier_are_edited(desk: Client) -> None:
    desk.post(page(WithdrawalTerms, "change", "personal"), {"fee_bp": 20, "fee_minimum": 0})
    assert WithdrawalTerms.objects.get().fee_bp == 20

    desk.post(page(WithdrawalTerms, "change", "personal"), {"fee_bp": 10_001, "fee_minimum": 0})
    desk.post(page(WithdrawalTerms, "change", "personal"), {"fee_bp": 1, "fee_minimum": -1})
    assert (WithdrawalTerms.objects.get().fee_bp, WithdrawalTerms.objects.get().fee_minimum) == (20, 0)
    assert desk.post(page(WithdrawalTerms, "delete", "personal"), {"post": "yes"}).status_code == 403
    assert desk.get(page(WithdrawalTerms, "add")).status_code == 403


def test_the_demo_bank_is_switched_here(desk: Client, alice: User, withdrawal: Withdrawal) -> None:
    desk.post(page(DemoBank, "change", 1), {"fails": "on", "delay_s": 0})

    sweep()

    assert status(withdrawal) == "failed"


@pytest.mark.parametrize("model", [DemoBank, DemoTransfer], ids=lambda model: model.__name__)
def test_a_real_deployment_has_no_demo_bank(
    desk: Client, withdrawal: Withdrawal, settings: Settings, model: type[models.Model]
) -> None:
    settings.DEMO = False
    row = model._default_manager.first()
    assert row is not None

    assert desk.get(page(model, "changelist")).status_code == 403
    assert desk.post(page(model, "change", row.pk), {"fails": "on", "delay_s": 0}).status_code == 403
    assert model._meta.verbose_name.title() not in desk.get("/admin/").text  # type: ignore[union-attr]
