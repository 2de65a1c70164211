"""What an operator may set of a machine: checked against its type before it is kept."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from devices.machines.base import Machine, SettingsInvalid, find_all
from devices.tariff import price_of
from payments.money import currency


class DeviceForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A machine in the admin. Fields of its own it has none."""

    def clean_settings(self) -> dict[str, Any]:
        """Refuse what the type does not know."""
        settings: Any = self.cleaned_data["settings"] or {}
        if not isinstance(settings, dict):
            raise ValidationError(_("Give a JSON object."))
        try:
            self._machine.check_settings(settings)
        except SettingsInvalid as error:
            raise ValidationError(
                [f"{name}: {text}" for name, texts in error.errors.items() for text in texts]
            ) from error
        return settings

    def clean_prices(self) -> dict[str, Any]:
        """Refuse prices of options that do not exist, and amounts that are none. Null takes an option off."""
        prices: Any = self.cleaned_data["prices"] or {}
        if not isinstance(prices, dict):
            raise ValidationError(_("Give a JSON object."))
        options = {option.id: option for option in self._machine.options}
        for option_id, price in prices.items():
            if option_id not in options:
                raise ValidationError(_("There is no option %(id)s."), params={"id": option_id})
            known = price_of(options[option_id], prices=prices, currency=currency())
            if price is not None and known is None:
                raise ValidationError(_("%(id)s: give whole minor units."), params={"id": option_id})
        return prices

    @property
    def _machine(self) -> Machine:
        return find_all()[self.instance.type]
