"""Who calls the API."""

import re

from django.db import connection
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.request import Request

from people.models import User
from people.tokens import token_hash

MERCHANT_PREFIX = "sk_"
_BEARER = re.compile(r"bearer +(\S+)", re.IGNORECASE)
# In the order of the model: from_db wants it.
_FIELDS = [
    "is_superuser",
    "id",
    "phone",
    "name",
    "is_active",
    "is_staff",
]

# Written by hand: it runs on every call, and building the same query in Python costs more than running it.
_SESSION = """
SELECT person.is_superuser, person.id, person.phone, person.name, person.is_active, person.is_staff
FROM people_session session JOIN people_user person ON person.id = session.user_id
WHERE session.token_hash = %s AND session.kind = 'api' AND session.expires_at > now() AND person.is_active
"""


def bearer_token(request: Request) -> str | None:
    """Return the token of the Authorization header, None if it has no bearer."""
    match = _BEARER.fullmatch(request.META.get("HTTP_AUTHORIZATION", ""))
    return match[1] if match else None


def session_token(request: Request | HttpRequest) -> str:
    """Return the raw token of the caller's session: his bearer token, or the key of the browser's session.

    Raises:
        NotAuthenticated: he has neither.
    """
    token = getattr(request, "auth", None) or request.session.session_key
    if not isinstance(token, str):
        raise NotAuthenticated
    return token


class BearerSession(BaseAuthentication):
    """A person's token from `POST sessions`. `request.auth` is the raw token.

    `request.user` is a User whose other columns are read on demand.
    """

    def authenticate(self, request: Request) -> tuple[User, str] | None:
        """Return person and token; None if the header holds no person's token.

        Raises:
            AuthenticationFailed: nobody's token, or an ended one.
        """
        token = bearer_token(request)
        if token is None or token.startswith(MERCHANT_PREFIX):
            return None
        with connection.cursor() as cursor:
            cursor.execute(_SESSION, [token_hash(token)])
            row = cursor.fetchone()
        if row is None:
            raise AuthenticationFailed(_("This token is not valid, or its session has ended."))
        return User.from_db("default", _FIELDS, row), token

    def authenticate_header(self, request: Request) -> str:
        """Make the refusal a 401."""
        return "Bearer"
