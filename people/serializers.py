"""Bodies and answers of the people's part of the API."""

from datetime import UTC

from rest_framework import serializers

from people.fields import NameField, PasswordField, PhoneField, PinField


class SignUp(serializers.Serializer[None]):
    """A new person."""

    phone = PhoneField()
    password = PasswordField()
    name = NameField()
    pin = PinField()


class SignIn(serializers.Serializer[None]):
    """Who wants a session."""

    phone = PhoneField()
    password = PasswordField()


class SignedIn(serializers.Serializer[dict[str, object]]):
    """A new session."""

    token = serializers.CharField(read_only=True)
    expires_at = serializers.DateTimeField(read_only=True, default_timezone=UTC)
