"""Serializer fields for what people type about themselves."""

import re
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from people import names, phones
from people.pin import LENGTH


class Text(serializers.CharField):
    """Text and nothing else: stock CharField turns numbers into text."""

    default_error_messages = {"invalid": _("Not a text.")}

    def to_internal_value(self, data: Any) -> str:
        """Refuse what JSON did not write as a string."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class PinField(Text):
    """Exactly six ASCII digits; never shown."""

    default_error_messages = {"form": _("A PIN has six digits.")}

    def __init__(self, **options: Any) -> None:
        super().__init__(write_only=True, trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        """Refuse anything but six of 0 to 9."""
        pin = super().to_internal_value(data)
        if not re.fullmatch(f"[0-9]{{{LENGTH}}}", pin):
            self.fail("form")
        return pin


class PasswordField(Text):
    """A password as it was typed; never shown."""

    def __init__(self, **options: Any) -> None:
        super().__init__(write_only=True, trim_whitespace=False, max_length=128, **options)


class PhoneField(Text):
    """A phone number in ASCII digits."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=phones.LONGEST, validators=[phones.validate_phone], **options)


class LineField(Text):
    """A line that one person writes and another reads, as clean as a name; nothing at all is fine too."""

    default_error_messages = {"characters": _("Write one line without control or hidden characters.")}

    def __init__(self, *, max_length: int, **options: Any) -> None:
        self._longest = max_length
        super().__init__(allow_blank=True, max_length=max_length, **options)

    def to_internal_value(self, data: Any) -> str:
        """Clean it, or say what is wrong with it."""
        text = super().to_internal_value(data)
        try:
            return names.clean_name(text, longest=self._longest) if text else ""
        except DjangoValidationError:
            self.fail("characters")


class NameField(Text):
    """A name that looks like what it is, trimmed."""

    def to_internal_value(self, data: Any) -> str:
        """Clean it, or say what is wrong with it."""
        try:
            return names.clean_name(super().to_internal_value(data))
        except DjangoValidationError as error:
            raise serializers.ValidationError(error.messages) from error
