"""Money to and from the bank in the admin: looked at, not edited; what the bank has nobody takes back."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from payments import money
from payments.bank import outcomes, queries
from payments.models import (
    BankAccount,
    DemoBank,
    DemoTransfer,
    PayoutFile,
    TopUp,
    Withdrawal,
    WithdrawalTerms,
)
from people.browsing import ReadOnly
from people.confirmed import Action, ConfirmedActions, Given


def _money(amount: int) -> str:
    """Return an amount as people read it."""
    return f"{money.text(amount, money.currency())} {money.currency()}"


def _cancel(withdrawal: Withdrawal, given: Given) -> bool:
    return outcomes.cancel(withdrawal_id=withdrawal.pk, reason=given.reason)


class Masked(ReadOnly):
    """Rows with account numbers, in files too: only the end is shown, and no filter spells one out."""

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Filter by what the list offers."""
        return lookup.partition("__")[0] in self.list_filter

    @admin.display(description=_("account number"))
    def shown_number(self, row: Any) -> str:
        """Return its end."""
        return queries.masked(row.number) if row.number else ""


@admin.register(Withdrawal)
class WithdrawalAdmin(ConfirmedActions, Masked):
    """Who took what out, and where it is."""

    list_display = (
        "id",
        "status",
        "account",
        "shown_amount",
        "shown_fee",
        "created_at",
        "due_at",
        "bank_said",
    )
    list_filter = ("status",)
    list_select_related = ("account",)
    search_fields = ("account__name", "account__owner__phone", "holder")
    search_ids = ("pk", "payout_file_id")
    fields = (
        *("id", "status", "account", "shown_amount", "shown_fee", "fee_bp", "fee_minimum"),
        *("holder", "shown_number", "bank", "payout_file", "bank_said", "due_at", "tries"),
        *("created_at", "submitted_at", "resolved_at", "returned_at"),
    )
    confirmed = (
        Action(
            name="cancel",
            verb=_("Cancel"),
            question=_("Amount and fee go back. Possible only until the bank may have heard of it."),
            permission="payments.change_withdrawal",
            applies=lambda withdrawal: withdrawal.status == Withdrawal.Status.REQUESTED,
            act=_cancel,
        ),
    )

    @admin.display(description=_("amount"))
    def shown_amount(self, withdrawal: Withdrawal) -> str:
        """Return what arrives."""
        return _money(withdrawal.amount)

    @admin.display(description=_("fee"))
    def shown_fee(self, withdrawal: Withdrawal) -> str:
        """Return what it cost."""
        return _money(withdrawal.fee)


@admin.register(TopUp)
class TopUpAdmin(ReadOnly):
    """What the bank was asked to bring in."""

    list_display = ("id", "status", "account", "shown_amount", "created_at", "due_at", "bank_said")
    list_filter = ("status",)
    list_select_related = ("account",)
    search_fields = ("account__name", "account__owner__phone")
    exclude = ("body_hash",)

    @admin.display(description=_("amount"))
    def shown_amount(self, top_up: TopUp) -> str:
        """Return what was asked for."""
        return _money(top_up.amount)


@admin.register(BankAccount)
class BankAccountAdmin(Masked):
    """Where withdrawals go; their owners alone change it."""

    list_display = ("account", "holder", "shown_number", "bank", "changed_at")
    list_select_related = ("account",)
    search_fields = ("account__name", "account__owner__phone", "holder")
    search_ids = ("account__owner_id",)
    fields = ("account", "holder", "shown_number", "bank", "changed_at")


@admin.register(PayoutFile)
class PayoutFileAdmin(Masked):
    """Files that went to the bank; `manage.py export_payouts --again` writes one once more."""

    list_display = ("message_id", "transfers", "shown_total", "created_at")
    search_fields = ("message_id",)
    fields = ("message_id", "transfers", "shown_total", "created_at")

    @admin.display(description=_("total"))
    def shown_total(self, file: PayoutFile) -> str:
        """Return what it pays in all."""
        return _money(file.total)


@admin.register(WithdrawalTerms)
class WithdrawalTermsAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """What taking money out costs the personal tier; a plan says it for shops."""

    list_display = ("tier", "fee_bp", "fee_minimum")
    fields = ("tier", "fee_bp", "fee_minimum")
    readonly_fields = ("tier",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let nobody add terms that no tier reads."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let nobody delete what withdrawals are reckoned by."""
        return False


class OfTheDemo(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Pages that a real deployment has no use for."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Hide them there."""
        return settings.DEMO and super().has_module_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse them there."""
        return settings.DEMO and super().has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let nobody add."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse it elsewhere."""
        return settings.DEMO and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let nobody delete."""
        return False


@admin.register(DemoBank)
class DemoBankAdmin(OfTheDemo):
    """How the demo's bank behaves, for drills."""

    list_display = ("__str__", "fails", "returns", "delay_s", "loses_answers", "loses_requests")


@admin.register(DemoTransfer)
class DemoTransferAdmin(ReadOnly, OfTheDemo):
    """The demo bank's own book."""

    list_display = ("reference", "incoming", "amount", "verdict", "known_from", "asked")
    list_filter = ("verdict", "incoming")
