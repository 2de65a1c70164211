"""Refunds in the admin: seen with their payment, made after being asked."""

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from outbox.ids import uuid7
from payments import givebacks, idempotency, money, refunds
from payments.idempotency import Call
from payments.models import Account, Payment, Refund
from payments.requests import MOST_AMOUNT
from people.confirmed import Action, Given, Reason
from people.names import clean_name

_DECIMAL = re.compile(r"([0-9]{1,13})(?:\.([0-9]{1,4}))?", re.ASCII)


def minor_units(text: str, of: str) -> int | None:
    """Return what somebody typed as an amount of a currency in minor units; None if it is no amount of it."""
    match = _DECIMAL.fullmatch(text)
    digits = money.exponent(of)
    if match is None or len(match[2] or "") > digits:
        return None
    amount = int(match[1]) * 10**digits + int((match[2] or "").ljust(digits, "0") or "0")
    return amount if 1 <= amount <= MOST_AMOUNT else None


class RefundForm(Reason):
    """How much, why, and the key that makes a second click the same refund."""

    field_order = ("amount", "reason", "key")

    amount = forms.CharField(
        label=_("Amount"), required=False, help_text=_("As 12.50; all that is left of the payment if empty.")
    )
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid7)

    def clean_amount(self) -> int | None:
        """Read it in minor units."""
        text = self.cleaned_data["amount"]
        if not text:
            return None
        amount = minor_units(text, money.currency())
        if amount is None:
            raise ValidationError(_("Give an amount of %(currency)s."), params={"currency": money.currency()})
        return amount

    def clean_reason(self) -> str:
        """Refuse what reorders or hides text: the merchant's server reads it too."""
        return clean_name(self.cleaned_data["reason"], longest=200)


def _is_refundable(payment: Payment) -> bool:
    """Say whether it makes sense to ask; `refunds.refund` decides."""
    to_a_shop = payment.payee.kind == Account.Kind.MERCHANT
    return to_a_shop and payment.status == Payment.Status.SETTLED and givebacks.left_of(payment) > 0


def _refund(payment: Payment, given: Given) -> bool:
    """Refund under the form's key: False if that was done before."""
    amount, key = given.fields["amount"], str(given.fields["key"])
    body = {"amount": amount, "reason": given.reason}
    answer = refunds.refund(
        call=Call(given.staff_id, key, idempotency.digest("POST", f"/admin/refund/{payment.pk}", body)),
        payment_id=payment.pk,
        payee_account_id=payment.payee_id,
        amount=amount,
        reason=given.reason,
        staff_id=given.staff_id,
    )
    return not answer.replayed


REFUND = Action(
    name="refund",
    verb=_("Refund"),
    question=_("The payer gets this back from the shop's account; the shop gets its share of the fee back."),
    permission="payments.add_refund",
    applies=_is_refundable,
    act=_refund,
    form=RefundForm,
)


class RefundInline(admin.TabularInline):  # type: ignore[type-arg]  # not generic at run time
    """What was given back of a payment, and by whom."""

    model = Refund
    fields = ("amount", "fee_returned", "reason", "staff", "created_at")
    readonly_fields = fields
    can_delete = False
    extra = 0
    ordering = ("pk",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let nobody add here: the action posts it."""
        return False
