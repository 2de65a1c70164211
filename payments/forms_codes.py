"""Bodies and answers about one's own codes. Amounts are integers of minor units."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from payments.models import Code
from payments.requests import MinorAmount
from payments.serializers import Answer, OurCurrency
from people.fields import LineField

LONGEST_LIFE_S = 24 * 3600  # a code for one payment that lives longer is a printed one


@extend_schema_field({"type": "integer", "minimum": 1, "maximum": LONGEST_LIFE_S})
class WholeSeconds(serializers.Field[int, Any, int, Any]):
    """Seconds of a code's life: a JSON integer of 1 to 86,400."""

    default_error_messages = {"form": _("Give 1 to 86400 whole seconds, as a JSON integer.")}

    def to_internal_value(self, data: Any) -> int:
        """Refuse what is not exactly an integer; True would pass as 1."""
        if type(data) is not int or not 1 <= data <= LONGEST_LIFE_S:
            self.fail("form")
        return int(data)

    def to_representation(self, value: int) -> int:
        """Return it as it is."""
        return value


class NewCode(serializers.Serializer[None]):
    """A code to make."""

    kind = serializers.ChoiceField(Code.Kind.choices)
    amount = MinorAmount(required=False, allow_null=True)
    currency = OurCurrency(required=False)
    memo = LineField(required=False, max_length=100)
    expires_in = WholeSeconds(required=False)

    def validate(self, attrs: Answer) -> Answer:
        """Refuse a printed code that would expire."""
        if attrs["kind"] == Code.Kind.STATIC and "expires_in" in attrs:
            raise serializers.ValidationError({"expires_in": [_("Only a dynamic code expires.")]})
        return attrs


class CodeChange(serializers.Serializer[None]):
    """What its owner may change about a code that is printed already. What is absent stays.

    `label` is for the owner's eyes, `memo` for the payer's.
    """

    label = LineField(required=False, max_length=100)  # type: ignore[assignment]  # a field has one too
    memo = LineField(required=False, max_length=100)

    def validate(self, attrs: Answer) -> Answer:
        """Refuse a change of nothing: whoever misspelt a field should hear of it."""
        if not attrs:
            raise serializers.ValidationError({"label": [_("Give a label, a memo, or both.")]})
        return attrs


class CodeView(serializers.Serializer[Answer]):
    """A code."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(Code.Kind.choices)
    status = serializers.ChoiceField(Code.Status.choices)
    token = serializers.CharField()
    payload = serializers.CharField(help_text="What the QR code holds.")
    emv = serializers.CharField(allow_null=True, help_text="The same pointer as EMVCo text.")
    amount = serializers.IntegerField(allow_null=True)
    label = serializers.CharField(allow_blank=True)  # type: ignore[assignment]  # a field has one too
    memo = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
