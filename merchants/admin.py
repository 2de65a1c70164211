"""Shops in the admin: their terms, their places, their keys, and the freeze."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from merchants import scopes, services
from merchants.application_admin import ApplicationAdmin
from merchants.models import ApiKey, Merchant, Place, Plan
from merchants.plan_admin import PlanPeriodInline
from payments import accounts
from payments.refund_admin import REFUND
from people.browsing import Browsable
from people.confirmed import Action, ConfirmedActions, Given

__all__ = ["ApplicationAdmin"]  # registered by being imported


def _freeze(shop: Merchant, given: Given) -> bool:
    return services.freeze(merchant_id=shop.pk, reason=given.reason)


def _unfreeze(shop: Merchant, given: Given) -> bool:
    return services.unfreeze(merchant_id=shop.pk, reason=given.reason)


@admin.register(Plan)
class PlanAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """What shops pay for being paid. Payments keep the rate they were confirmed with."""

    list_display = ("name", "slug", "fee_bp", "fee_minimum", "withdrawal_fee_bp")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Keep what shops were promised: other rates are another plan, which begins on a later day."""
        rates = ("fee_bp", "fee_minimum", "withdrawal_fee_bp", "withdrawal_fee_minimum")
        return () if obj is None else ("slug", *rates)


class PlaceInline(admin.TabularInline):  # type: ignore[type-arg]  # not generic at run time
    """Where the shop's codes and machines stand."""

    model = Place
    extra = 0
    can_delete = False


@admin.register(Merchant)
class MerchantAdmin(ConfirmedActions, Browsable):
    """Shops. A new one gets an account of its own; its money is looked at among the accounts."""

    list_display = ("name", "owner", "status", "verified", "created_at")
    list_filter = ("status", "verified")
    list_select_related = ("owner",)
    search_fields = ("name", "owner__phone", "owner__name")
    search_ids = ("pk", "owner_id")
    autocomplete_fields = ("owner",)
    fields = (
        "id",
        "owner",
        "account",
        "name",
        "name_ascii",
        "city_ascii",
        "category",
        "verified",
        "status",
        "created_at",
    )
    inlines = (PlanPeriodInline, PlaceInline)
    confirmed = (
        Action(
            name="freeze",
            verb=_("Freeze"),
            question=_(
                "The shop is paid no more; what waits in escrow for it still arrives. Withdrawals asked for "
                "before still leave: cancel them, too."
            ),
            permission="merchants.change_merchant",
            applies=lambda shop: shop.status == Merchant.Status.ACTIVE,
            act=_freeze,
        ),
        Action(
            name="unfreeze",
            verb=_("Unfreeze"),
            question=_("The shop is paid again from now on."),
            permission="merchants.change_merchant",
            applies=lambda shop: shop.status == Merchant.Status.FROZEN,
            act=_unfreeze,
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Fix what money hangs on; the status moves by actions alone."""
        fixed = ("id", "account", "status", "created_at")
        return fixed if obj is None else (*fixed, "owner")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let nobody delete: shops are part of the books."""
        return False

    def save_model(self, request: HttpRequest, obj: Merchant, form: Any, change: bool) -> None:
        """Open an account with a new shop; let others see a new name."""
        with transaction.atomic():
            if not change:
                obj.account = accounts.open_merchant(owner_id=obj.owner_id, name=obj.name)
            elif "name" in form.changed_data:
                accounts.rename(account_id=obj.account_id, name=obj.name)
            obj.save(update_fields=form.changed_data if change else None)


class KeyForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A new key: whose, for what, and what it may do."""

    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope) for scope in scopes.ALL], widget=forms.CheckboxSelectMultiple
    )

    may_refund = False  # who asks for the key; `ApiKeyAdmin.get_form` knows

    class Meta:
        model = ApiKey
        fields = ("merchant", "name", "scopes")

    def clean_scopes(self) -> list[str]:
        """Give nobody a key that does what he may not do himself: he is the one who reads it."""
        wanted: list[str] = self.cleaned_data["scopes"]
        if scopes.PAYMENTS_REFUND in wanted and not self.may_refund:
            raise ValidationError(_("Only who may refund makes a key that may."))
        return wanted


@admin.register(ApiKey)
class ApiKeyAdmin(Browsable):
    """Keys of merchants' servers. The key itself is shown once, when it is made."""

    list_display = ("prefix", "name", "merchant", "scopes", "last_used_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    list_select_related = ("merchant",)
    search_fields = ("prefix", "name", "merchant__name")
    search_ids = ("pk", "merchant_id")
    autocomplete_fields = ("merchant",)
    form = KeyForm
    actions = ("revoke",)

    @admin.action(description=_("Revoke the selected keys"), permissions=["change"])
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        """Refuse these keys from now on."""
        count = sum(services.revoke_key(key_id=key.pk) for key in keys)
        self.message_user(request, _("%(count)d revoked.") % {"count": count})

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Ask for three things, show the rest afterwards."""
        asked = ("merchant", "name", "scopes")
        return asked if obj is None else ("prefix", *asked, "created_at", "last_used_at", "revoked_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Let nobody widen a key."""
        return () if obj is None else self.get_fields(request, obj)

    def get_form(
        self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any
    ) -> type[KeyForm]:
        """Tell the form whether this person may refund."""
        form = super().get_form(request, obj, change, **kwargs)
        return type("KeyForm", (form,), {"may_refund": request.user.has_perm(REFUND.permission)})

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let nobody hide that a key existed."""
        return False

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """Make the key and show it, this once."""
        if change:
            return
        key, raw = services.create_key(
            merchant_id=obj.merchant_id, name=obj.name, scopes=form.cleaned_data["scopes"]
        )
        obj.pk, obj.prefix = key.pk, key.prefix
        self.message_user(
            request, _("Copy the key now, nobody can read it again: %(key)s") % {"key": raw}, messages.WARNING
        )
