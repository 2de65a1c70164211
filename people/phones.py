"""Telephone numbers: how a person signs in."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

LONGEST = 16
_PHONE = re.compile(r"\+?[0-9]{5,15}")  # at most 15 digits by E.164; \d would take other scripts' digits


def is_phone(text: str) -> bool:
    """Return whether this is a telephone number in ASCII digits."""
    return _PHONE.fullmatch(text) is not None


def validate_phone(text: str) -> None:
    """Refuse what is not a telephone number in ASCII digits.

    Raises:
        ValidationError: other characters, too short or too long.
    """
    if not is_phone(text):
        raise ValidationError(
            _("Give a phone number: 5 to 15 digits, with or without a leading +."), code="phone"
        )
