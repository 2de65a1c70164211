"""Bodies and answers about what a payer shows to a cashier."""

from rest_framework import serializers

from payments.requests import MinorAmount
from payments.serializers import Answer, OurCurrency
from people.fields import PinField


class NewPaymentCode(serializers.Serializer[None]):
    """A code to show."""

    pin = PinField()
    max_amount = MinorAmount(required=False, help_text="What a charge may take at most.")
    currency = OurCurrency(required=False)


class PaymentCodeView(serializers.Serializer[Answer]):
    """A code to show, this once."""

    digits = serializers.CharField()
    payload = serializers.CharField(help_text="What the QR code and the Code 128 barcode hold.")
    expires_at = serializers.DateTimeField()
