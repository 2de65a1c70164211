"""Signing in a browser, the wallet's pages and the admin alike."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from people import services
from people.addresses import address_of
from people.errors import TooManyTries, WrongCredentials
from people.models import User


class PhoneBackend(ModelBackend):
    """Phone and password, behind the same throttle as the API."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_: Any
    ) -> User | None:
        """Return the user; None if the credentials are wrong.

        Raises:
            PermissionDenied: too many tries; Django then asks no other backend.
        """
        address = address_of(request) if request else ""
        try:
            return services.authenticate(phone=username or "", password=password or "", address=address)
        except WrongCredentials:
            return None
        except TooManyTries as error:
            raise PermissionDenied(error.detail) from error
