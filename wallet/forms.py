"""What people type, checked before anything is done with it."""

import json
import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from payments.books import LARGEST_AMOUNT
from people.names import LONGEST, clean_name
from wallet.claiming import Home

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


class Arguments(forms.CharField):
    """What the payer filled in for a machine: a JSON object of plain values. Its schema judges them later."""

    def clean(self, value: Any) -> dict[str, object] | None:
        text = super().clean(value)
        try:
            values = json.loads(text) if text else None
        except ValueError as error:
            raise forms.ValidationError(_("Fill this in again.")) from error
        if values is None:
            return None
        plain = isinstance(values, dict) and all(
            name.isprintable() and _is_plain(one) for name, one in values.items()
        )
        if not plain:
            raise forms.ValidationError(_("Fill this in again."))
        return dict(values)


def _is_plain(value: object) -> bool:
    return value.isprintable() if isinstance(value, str) else isinstance(value, bool | int)


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


class Choice(forms.Form):
    """What of a machine's offers is meant."""

    option = forms.CharField(max_length=64, required=False)
    args = Arguments(max_length=500, required=False)


class Use(Choice):
    """The use of something that costs nothing."""

    key = forms.CharField(validators=[_PRINTABLE])
    version = forms.CharField(max_length=64)


class Pay(Use):
    """A payment as the sheet sends it."""

    pin = forms.CharField(validators=[_SIX_DIGITS])
    amount = forms.IntegerField(min_value=1, max_value=LARGEST_AMOUNT, required=False)
    memo = Line(max_length=100, required=False)


class Claim(forms.Form):
    """For whom a machine shall earn, and its number."""

    home = forms.CharField(max_length=80)
    number = Line(max_length=16)

    def __init__(self, *args: Any, homes: Sequence[Home], **kwargs: Any) -> None:
        self._homes = {home.value: home for home in homes}
        super().__init__(*args, **kwargs)

    def clean_home(self) -> Home:
        """Return the place that was chosen: one of this person's own."""
        home = self._homes.get(self.cleaned_data["home"])
        if home is None:
            raise forms.ValidationError(_("Choose one of these."))
        return home


class Asked(forms.Form):
    """Under which key a payment was sent."""

    key = forms.CharField(validators=[_PRINTABLE])
