"""Bodies and answers of the money part of the API. Amounts are integers of minor units."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from payments import money
from payments.errors import CurrencyMismatch
from payments.models import CapRule, Payment, RiskClass
from payments.requests import MinorAmount
from people.fields import LineField, PinField, Text

KINDS = ["person", "merchant", "order", "machine"]  # of what codes stand for

Answer = dict[str, Any]


class OurCurrency(Text):
    """A currency that the caller names to be sure: it must be the deployment's."""

    def to_internal_value(self, data: Any) -> str:
        """Refuse another one."""
        currency = super().to_internal_value(data)
        if currency != money.currency():
            raise CurrencyMismatch
        return currency


@extend_schema_field({"type": "object", "additionalProperties": {}})
class ObjectField(serializers.Field[Answer, Any, Answer, Any]):
    """A JSON object, passed on as it is."""

    default_error_messages = {"form": _("Give a JSON object.")}

    def to_internal_value(self, data: Any) -> Answer:
        """Refuse anything but an object."""
        if not isinstance(data, dict):
            self.fail("form")
        return dict(data)

    def to_representation(self, value: Answer) -> Answer:
        """Return it as it is."""
        return value


class Scan(serializers.Serializer[None]):
    """What was read from a symbol."""

    payload = Text(max_length=2000)
    option = Text(required=False, allow_null=True, max_length=64)
    args = ObjectField(required=False, allow_null=True)


class NewPayment(serializers.Serializer[None]):
    """A payment to make."""

    code = Text(max_length=512)
    pin = PinField()
    version = Text(required=False, allow_null=True, max_length=64)
    amount = MinorAmount(required=False, allow_null=True)
    currency = OurCurrency(required=False)
    option = Text(required=False, allow_null=True, max_length=64)
    args = ObjectField(required=False, allow_null=True)
    memo = LineField(required=False, max_length=100)


class NewTopUp(serializers.Serializer[None]):
    """Money to bring in."""

    amount = MinorAmount()
    currency = OurCurrency(required=False)


class TopUpView(serializers.Serializer[Answer]):
    """Money that came in, or that the bank was asked for."""

    id = serializers.UUIDField()
    amount = serializers.IntegerField()
    currency = serializers.CharField()
    status = serializers.ChoiceField(["posted", "requested"])


class NewPerson(serializers.Serializer[Answer]):
    """A person who just signed up."""

    id = serializers.UUIDField()
    token = serializers.CharField()


class BalanceView(serializers.Serializer[Answer]):
    """A wallet."""

    available = serializers.IntegerField()
    held = serializers.IntegerField(
        help_text="In open holds and on its way to the bank; already outside `available`."
    )


class LimitView(serializers.Serializer[Answer]):
    """A cap and what is left of it today."""

    rule = serializers.CharField()
    tier = serializers.ChoiceField(CapRule.Tier.values, help_text="Of the payees it counts.")
    code_kind = serializers.ChoiceField(CapRule.CodeKind.values)
    risk_class = serializers.ChoiceField(RiskClass.values, help_text="Of the codes it counts.")
    cap = serializers.IntegerField()
    used = serializers.IntegerField()
    left = serializers.IntegerField(help_text="Never below zero.")
    resets_at = serializers.DateTimeField(help_text="When the deployment's next day begins.")


class MeView(serializers.Serializer[Answer]):
    """The calling person."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    phone = serializers.CharField()
    tier = serializers.ChoiceField(["personal", "merchant"])
    currency = serializers.CharField()
    balance = BalanceView()
    limits = LimitView(many=True)


class EntryView(serializers.Serializer[Answer]):
    """A line of a statement."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    amount = serializers.IntegerField(help_text="Signed.")
    balance_after = serializers.IntegerField()
    counterparty = serializers.CharField(allow_blank=True)
    payment = serializers.UUIDField(allow_null=True, source="payment_id")
    withdrawal = serializers.UUIDField(allow_null=True, source="withdrawal_id")
    top_up = serializers.UUIDField(allow_null=True, source="top_up_id")
    created_at = serializers.DateTimeField()


class PayeeView(serializers.Serializer[Answer]):
    """Whom a code pays."""

    name = serializers.CharField()
    tier = serializers.ChoiceField(["personal", "merchant"])
    verified = serializers.BooleanField()
    place = serializers.CharField(allow_blank=True)


class SoldOptionView(serializers.Serializer[Answer]):
    """Something that a machine sells."""

    id = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # the contract's name; a field has one too
    amount = serializers.IntegerField(
        help_text="Of the whole, of one unit (`per`), or of one step (`quoted`)."
    )
    details = serializers.CharField(allow_blank=True)
    per = serializers.CharField(allow_null=True, help_text="The argument that the amount is multiplied with.")
    quoted = serializers.BooleanField(help_text="Scan again with option and args: only that tells the price.")
    args_schema = ObjectField(help_text="JSON Schema of what `args` may hold with this option.")


class MachineView(serializers.Serializer[Answer]):
    """A machine as its payer sees it."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    name = serializers.CharField()
    type = serializers.CharField()
    online = serializers.BooleanField()
    busy = serializers.BooleanField()
    options = SoldOptionView(many=True)
    args_schema = ObjectField(help_text="JSON Schema of what `args` may hold.")


class PayableView(serializers.Serializer[Answer]):
    """What a code stands for."""

    code = serializers.CharField()
    kind = serializers.ChoiceField(KINDS)
    version = serializers.CharField()
    payee = PayeeView()
    amount = serializers.IntegerField(allow_null=True)
    currency = serializers.CharField()
    memo = serializers.CharField(allow_blank=True)
    machine = MachineView(allow_null=True)
    notices = serializers.ListField(
        child=serializers.CharField(),
        help_text="What to tell the payer before the PIN: first_payment, personal_code_like_machine.",
    )
    expires_at = serializers.DateTimeField(allow_null=True)


class PayerView(serializers.Serializer[Answer]):
    """Who paid."""

    name = serializers.CharField()


class RunMachineView(serializers.Serializer[Answer]):
    """The machine that a run is on."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    name = serializers.CharField()
    type = serializers.CharField()


class BoughtRunView(serializers.Serializer[Answer]):
    """What a payment started, or will start."""

    id = serializers.UUIDField()
    status = serializers.CharField()
    machine = RunMachineView()
    option = serializers.CharField()
    ends_at = serializers.DateTimeField(allow_null=True)
    release_at = serializers.DateTimeField(allow_null=True)
    unlock_code = serializers.CharField(allow_null=True)
    failure = serializers.CharField(allow_null=True)


class PaymentView(serializers.Serializer[Answer]):
    """A payment."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(Payment.Status.choices)
    kind = serializers.ChoiceField(KINDS)
    amount = serializers.IntegerField()
    captured_amount = serializers.IntegerField()
    released_amount = serializers.IntegerField()
    refunded_amount = serializers.IntegerField()
    currency = serializers.CharField()
    payer = PayerView()
    payee = PayeeView()
    memo = serializers.CharField(allow_blank=True)
    option = serializers.CharField(allow_null=True)
    run = BoughtRunView(allow_null=True)
    created_at = serializers.DateTimeField()
    confirmed_at = serializers.DateTimeField()
    settled_at = serializers.DateTimeField(allow_null=True)
    released_at = serializers.DateTimeField(allow_null=True)
    release_by = serializers.DateTimeField(allow_null=True)
    fee = serializers.IntegerField(required=False, help_text="For the payee alone.")
    fee_returned = serializers.IntegerField(
        required=False, help_text="Of it, what refunds gave back so far; for the payee alone."
    )
