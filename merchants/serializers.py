"""Bodies and answers of the merchants' part of the API."""

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from merchants.models import Application
from payments.requests import MinorAmount
from payments.serializers import Answer, OurCurrency, PaymentView
from payments.shown import FORM as PAYMENT_CODE
from people.fields import LineField, NameField, Text

_CATEGORY = re.compile("[a-z0-9]+(?:-[a-z0-9]+)*")


class ShopBalance(serializers.Serializer[None]):
    """What a shop has, in minor units."""

    currency = serializers.CharField(read_only=True)
    available = serializers.IntegerField(read_only=True)
    in_escrow = serializers.IntegerField(read_only=True)
    withdrawing = serializers.IntegerField(read_only=True)


class ReasonField(LineField):
    """Why something is done: a clean line that says something."""

    default_error_messages = {"blank": _("Say why.")}

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.allow_blank = False


class NewRefund(serializers.Serializer[None]):
    """What to give back of a payment: an amount, or the rest."""

    amount = MinorAmount(required=False)
    currency = OurCurrency(required=False)
    reason = ReasonField(max_length=200)


class RefundView(serializers.Serializer[Answer]):
    """What was given back."""

    id = serializers.UUIDField()
    payment = serializers.UUIDField()
    amount = serializers.IntegerField()
    fee_returned = serializers.IntegerField(help_text="To the shop: the refunded part's share of the fee.")
    reason = serializers.CharField()
    status = serializers.ChoiceField(["posted"])
    created_at = serializers.DateTimeField()


@extend_schema_field({"type": "string", "pattern": f"^{PAYMENT_CODE.pattern}$"})
class PaymentCodeField(Text):
    """The digits that a payer shows; nothing is trimmed or folded, a scanner reads them as they are."""

    default_error_messages = {"form": _("A payment code has 18 digits and begins with 20.")}

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        """Refuse anything but eighteen of 0 to 9."""
        digits = super().to_internal_value(data)
        if PAYMENT_CODE.fullmatch(digits) is None:
            self.fail("form")
        return digits


class NewCharge(serializers.Serializer[None]):
    """What to take from whoever showed a code."""

    payment_code = PaymentCodeField()
    amount = MinorAmount()
    currency = OurCurrency(required=False)
    reference = LineField(required=False, max_length=64)

    def to_internal_value(self, data: Any) -> Any:
        """Refuse a list of goods: it would be ignored, and the amount taken for what they cost."""
        if isinstance(data, Mapping) and "items" in data:
            raise serializers.ValidationError({"items": [_("Goods are not known here. Give an amount.")]})
        return super().to_internal_value(data)


class ChargeView(PaymentView):
    """A payment as the shop that charged it sees it."""

    reference = serializers.CharField(allow_null=True)


@extend_schema_field({"type": "string", "pattern": f"^{_CATEGORY.pattern}$", "maxLength": 32})
class CategoryField(Text):
    """What a shop sells, as a slug of ASCII."""

    default_error_messages = {"form": _("Use small letters a to z, digits and single hyphens.")}

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, max_length=32, **options)

    def to_internal_value(self, data: Any) -> str:
        """Refuse anything that is no slug."""
        slug = super().to_internal_value(data)
        if _CATEGORY.fullmatch(slug) is None:
            self.fail("form")
        return slug


class NewApplication(serializers.Serializer[None]):
    """A shop to be."""

    shop_name = NameField()
    category = CategoryField()


class ApplicationView(serializers.Serializer[Answer]):
    """A shop to be, and what the review said."""

    id = serializers.UUIDField(help_text="The shop's, once it is approved.")
    name = serializers.CharField()
    category = serializers.CharField()
    status = serializers.ChoiceField(Application.Status.choices)
    created_at = serializers.DateTimeField()
