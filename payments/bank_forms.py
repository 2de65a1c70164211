"""Bodies and answers of withdrawals and bank accounts. Amounts are integers of minor units."""

import re
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from payments import tiers
from payments.iso20022.errors import MessageError
from payments.iso20022.parties import BankAccount
from payments.models import Withdrawal
from payments.requests import MinorAmount
from payments.serializers import OurCurrency
from people.fields import NameField, PinField, Text

SOURCES = [tiers.WALLET, tiers.MERCHANT]
LONGEST_HOLDER = 70
_NUMBER = re.compile("[0-9A-Z]{5,34}")
_BIC = re.compile("[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?")
_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

Answer = dict[str, Any]


@extend_schema_field({"type": "string", "format": "uuid"})
class IdField(Text):
    """An id as our answers write it; stock UUIDField takes numbers too."""

    default_error_messages = {"form": _("Not an id.")}

    def to_internal_value(self, data: Any) -> Any:
        """Refuse what is not written as a UUID."""
        text = super().to_internal_value(data)
        if _UUID.fullmatch(text) is None:
            self.fail("form")
        return UUID(text)


class AccountNumber(Text):
    """An IBAN or the country's own number; spaces and small letters are how people write it."""

    default_error_messages = {
        "form": _("Give 5 to 34 letters and digits."),
        "iban": _("This IBAN is mistyped: its check digits do not fit."),
    }

    def to_internal_value(self, data: Any) -> str:
        """Write it plainly; whatever looks like an IBAN must be one."""
        text = super().to_internal_value(data).replace(" ", "")
        number = text.upper() if text.isascii() else text
        if _NUMBER.fullmatch(number) is None:
            self.fail("form")
        try:
            BankAccount.of(number)
        except MessageError:
            self.fail("iban")
        return number


class BicField(Text):
    """A BIC, or nothing."""

    default_error_messages = {"form": _("A BIC has 8 or 11 capital letters and digits.")}

    def to_internal_value(self, data: Any) -> str:
        """Refuse anything else."""
        bic = super().to_internal_value(data)
        if bic and _BIC.fullmatch(bic) is None:
            self.fail("form")
        return bic


class Sourced(serializers.Serializer[Any]):
    """Something with a `from`: which of one's accounts is meant."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Add `from`, a word that Python keeps for itself."""
        return super().get_fields() | {"from": serializers.ChoiceField(SOURCES, default=tiers.WALLET)}


class Source(Sourced):
    """Which of one's accounts is meant."""

    merchant = IdField(required=False, help_text="Which shop; needed only by who owns several.")

    def validate(self, attrs: Answer) -> Answer:
        """Refuse a shop beside the wallet: one of them is a mistake."""
        if attrs["from"] == tiers.WALLET and "merchant" in attrs:
            raise serializers.ValidationError({"merchant": [_("Only beside from: merchant.")]})
        return attrs


class NewWithdrawal(Source):
    """Money to take out."""

    amount = MinorAmount(help_text="What arrives; the fee comes on top.")
    currency = OurCurrency(required=False)
    pin = PinField()


class NewBankAccount(Source):
    """Where withdrawals go from now on."""

    holder = NameField(max_length=LONGEST_HOLDER)
    number = AccountNumber(max_length=64, help_text="IBAN, or the country's own number.")
    bank = BicField(required=False, allow_blank=True, max_length=11, help_text="BIC.")
    pin = PinField()


class SourcedAnswer(serializers.Serializer[Answer]):
    """An answer with a `from`."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Add `from`, a word that Python keeps for itself."""
        return super().get_fields() | {"from": serializers.ChoiceField(SOURCES)}


class WithdrawalView(SourcedAnswer):
    """Money on its way to a bank account, or back."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(Withdrawal.Status.choices)
    amount = serializers.IntegerField(help_text="What arrives.")
    fee = serializers.IntegerField(help_text="On top; comes back with the amount.")
    currency = serializers.CharField()
    to = serializers.CharField(allow_null=True, help_text="The end of the account number.")
    reason = serializers.CharField(allow_null=True, allow_blank=True, help_text="Why it came back.")
    created_at = serializers.DateTimeField()
    paid_at = serializers.DateTimeField(allow_null=True)
    failed_at = serializers.DateTimeField(allow_null=True)
    returned_at = serializers.DateTimeField(allow_null=True)


class BankAccountView(SourcedAnswer):
    """Where withdrawals go."""

    holder = serializers.CharField()
    number = serializers.CharField(help_text="Its end.")
    bank = serializers.CharField(allow_blank=True)
    changed_at = serializers.DateTimeField()
