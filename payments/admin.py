"""Money in the admin: everything can be looked at, nothing edited; freezing and revoking ask first."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet, Subquery, Sum
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from payments import accounts, bank_admin, codes, money, watch_admin
from payments.caps_admin import CLASSES
from payments.models import Account, Code, Hold, Lane, Payment, Transfer
from payments.refund_admin import REFUND, RefundInline
from payments.statements_admin import ExportsStatements
from people.browsing import ReadOnly
from people.confirmed import Action, ConfirmedActions, Given

__all__ = ["bank_admin", "watch_admin"]  # its pages are registered with these


def _money(amount: int | None) -> str:
    """Return an amount as people read it."""
    return "" if amount is None else f"{money.text(amount, money.currency())} {money.currency()}"


def _freeze(account: Account, given: Given) -> bool:
    accounts.freeze(account_id=account.pk, reason=given.reason)
    return True


def _unfreeze(account: Account, given: Given) -> bool:
    accounts.unfreeze(account_id=account.pk, reason=given.reason)
    return True


def _revoke(code: Code, given: Given) -> bool:
    return codes.revoke(code_id=code.pk)


def _is_wallet(account: Account, *, frozen: bool) -> bool:
    """Say whether this action is for it: a shop is frozen with its account, among the merchants."""
    return account.kind == Account.Kind.WALLET and accounts.is_frozen(account.pk) is frozen


@admin.register(Account)
class AccountAdmin(ConfirmedActions, ExportsStatements, ReadOnly):
    """Whose money it is and how much; the balance is the sum of the lanes."""

    list_display = ("id", "kind", "owner", "name", "balance", "is_frozen")
    list_filter = ("kind",)
    list_select_related = ("owner",)
    search_fields = ("name", "owner__phone", "owner__name")
    search_ids = ("owner_id",)
    fields = ("id", "kind", "owner", "name", "balance", "is_frozen", "created_at", "statement")
    confirmed = (
        Action(
            name="freeze",
            verb=_("Freeze"),
            question=_(
                "The wallet neither pays nor is paid; what waits in escrow for it still arrives. Withdrawals "
                "asked for before still leave: cancel them, too."
            ),
            permission="payments.change_account",
            applies=lambda account: _is_wallet(account, frozen=False),
            act=_freeze,
        ),
        Action(
            name="unfreeze",
            verb=_("Unfreeze"),
            question=_("The wallet pays and is paid again from now on."),
            permission="payments.change_account",
            applies=lambda account: _is_wallet(account, frozen=True),
            act=_unfreeze,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        """Sum the lanes of the accounts shown, not of all."""
        lanes = Lane.objects.filter(account=OuterRef("pk"))
        total = lanes.values("account").annotate(total=Sum("amount")).values("total")
        shut = Exists(lanes.filter(open=False))
        accounts_seen: QuerySet[Account] = super().get_queryset(request)
        return accounts_seen.annotate(total=Subquery(total), shut=shut)

    @admin.display(description=_("balance"))
    def balance(self, account: Any) -> str:
        """Return the sum of its lanes."""
        return _money(account.total)

    @admin.display(description=_("frozen"), boolean=True)
    def is_frozen(self, account: Any) -> bool:
        """Return whether it neither pays nor is paid."""
        return bool(account.shut)


class HoldInline(admin.TabularInline):  # type: ignore[type-arg]  # not generic at run time
    """What a payment has or had in escrow."""

    model = Hold
    fields = ("status", "again", "amount", "captured", "released", "deadline", "resolved_at")
    readonly_fields = fields
    can_delete = False
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let nobody add."""
        return False


class TransferInline(admin.TabularInline):  # type: ignore[type-arg]  # not generic at run time
    """How a payment's money moved."""

    model = Transfer
    fields = ("kind", "debit", "credit", "amount", "posted_at")
    readonly_fields = fields
    can_delete = False
    extra = 0
    ordering = ("pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Transfer]:
        """Load both accounts along."""
        transfers: QuerySet[Transfer] = super().get_queryset(request)
        return transfers.select_related("debit", "credit")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let nobody add."""
        return False


@admin.register(Payment)
class PaymentAdmin(ConfirmedActions, ReadOnly):
    """Who paid whom through which code, and how it went."""

    list_display = ("id", "kind", "status", "payer", "payee_name", "shown_amount", "confirmed_at")
    list_filter = ("status", "kind")
    list_select_related = ("payer",)
    search_fields = ("payee_name", "payer__name", "payer__owner__phone")
    search_ids = ("pk", "code_id")
    inlines = (HoldInline, RefundInline, TransferInline)
    confirmed = (REFUND,)

    @admin.display(description=_("amount"))
    def shown_amount(self, payment: Payment) -> str:
        """Return what left the payer's wallet."""
        return _money(payment.amount)


@admin.register(Transfer)
class TransferAdmin(ReadOnly):
    """The ledger. The database itself refuses to change it."""

    list_display = ("id", "kind", "debit", "credit", "shown_amount", "posted_at")
    list_filter = ("kind",)
    list_select_related = ("debit", "credit")
    search_fields = ("debit__name", "credit__name")
    search_ids = ("pk", "payment_id")

    @admin.display(description=_("amount"))
    def shown_amount(self, transfer: Transfer) -> str:
        """Return what moved."""
        return _money(transfer.amount)


@admin.register(Hold)
class HoldAdmin(ReadOnly):
    """Money in escrow and what became of it."""

    list_display = ("id", "status", "again", "shown_amount", "payer", "payee", "deadline", "resolved_at")
    list_filter = ("status", "again")
    list_select_related = ("payer", "payee")
    search_ids = ("pk", "payment_id")

    @admin.display(description=_("amount"))
    def shown_amount(self, hold: Hold) -> str:
        """Return what was held."""
        return _money(hold.amount)


@admin.register(Code)
class CodeAdmin(ConfirmedActions, ReadOnly):
    """What is printed or shown as QR code. The token is not listed: whoever has it can print the code."""

    list_display = (
        *("id", "kind", "payable", "status", "risk_class", "account", "label", "created_at", "expires_at"),
    )
    list_filter = ("status", "kind", "payable", "risk_class")
    list_select_related = ("account",)
    search_fields = ("=token", "label", "account__name")
    search_ids = ("pk", "target", "place_id")
    exclude = ("token",)
    confirmed = (
        Action(
            name="revoke",
            verb=_("Revoke"),
            question=_("Nobody can pay through this code again, also where it is printed."),
            permission="payments.change_code",
            applies=lambda code: code.status == Code.Status.ACTIVE,
            act=_revoke,
        ),
        *CLASSES,
    )

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Filter by what the list offers: `token__startswith` would spell a token out, sign by sign."""
        return lookup.partition("__")[0] in self.list_filter
