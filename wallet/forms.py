"""What people type, checked before anything is done with it."""

import re
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from payments.books import LARGEST_AMOUNT
from people.names import LONGEST, clean_name

_SIX_DIGITS = RegexValidator(r"\A[0-9]{6}\Z", _("A PIN has six digits."))
_PRINTABLE = RegexValidator(r"\A[\x21-\x7e]{1,255}\Z")


class Phone(forms.CharField):
    """A telephone number as people write it: spaces, hyphens and brackets do not matter."""

    def to_python(self, value: Any) -> str:
        return re.sub(r"[\s().-]", "", super().to_python(value) or "")


class Line(forms.CharField):
    """A line that somebody else reads, as clean as the API wants it; nothing at all is fine too."""

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        return clean_name(text, longest=self.max_length or LONGEST) if text else ""


def _text(**attrs: Any) -> forms.TextInput:
    return forms.TextInput(attrs=attrs)


class SignIn(forms.Form):
    """How a person signs in."""

    phone = Phone(
        label=_("Phone number"),
        max_length=24,
        widget=_text(inputmode="tel", autocomplete="username", autofocus=True),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class SignUp(forms.Form):
    """How a person opens a wallet."""

    name = forms.CharField(
        label=_("Name"),
        max_length=64,
        help_text=_("Who pays you sees this name."),
        widget=_text(autocomplete="name", autofocus=True),
    )
    phone = Phone(
        label=_("Phone number"), max_length=24, widget=_text(inputmode="tel", autocomplete="username")
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    pin = forms.CharField(
        label=_("PIN"),
        help_text=_("Six digits. You type them before money moves."),
        validators=[_SIX_DIGITS],
        widget=forms.PasswordInput(attrs={"inputmode": "numeric", "maxlength": 6, "autocomplete": "off"}),
    )


class Amount(forms.Form):
    """An amount in minor units, under a key that makes sending it twice harmless."""

    amount = forms.IntegerField(min_value=1, max_value=LARGEST_AMOUNT)
    key = forms.CharField(validators=[_PRINTABLE], required=False)


class Number(forms.Form):
    """What a plate says, or the signs of a code."""

    number = forms.CharField(max_length=200)


class Payload(forms.Form):
    """What a camera read."""

    payload = forms.CharField(max_length=512)


class Pay(forms.Form):
    """A payment as the sheet sends it."""

    key = forms.CharField(validators=[_PRINTABLE])
    pin = forms.CharField(validators=[_SIX_DIGITS])
    version = forms.CharField(max_length=64)
    amount = forms.IntegerField(min_value=1, max_value=LARGEST_AMOUNT, required=False)
    option = forms.CharField(max_length=64, required=False)
    memo = Line(max_length=100, required=False)


class Asked(forms.Form):
    """Under which key a payment was sent."""

    key = forms.CharField(validators=[_PRINTABLE])
