"""Merchants' servers, known by their keys."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from django.db import connection
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from people.authentication import MERCHANT_PREFIX, bearer_token
from people.models import User
from people.tokens import token_hash

# Written by hand: it runs on every call of every merchant's server.
_KEY = """
SELECT api_key.id, merchant.id, merchant.account_id, merchant.owner_id, api_key.scopes,
       api_key.last_used_at IS NULL OR api_key.last_used_at < now() - interval '1 minute'
FROM merchants_apikey api_key JOIN merchants_merchant merchant ON merchant.id = api_key.merchant_id
WHERE api_key.key_hash = %s AND api_key.revoked_at IS NULL AND merchant.status <> 'closed'
"""

# At most once a minute, whoever is first: a busy key must not write on every call.
_USED = """
UPDATE merchants_apikey SET last_used_at = now()
WHERE id = %s AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
"""


@dataclass(frozen=True, slots=True)
class MerchantCaller:
    """The shop whose key was sent; stands where a person's call has a User."""

    merchant_id: UUID
    account_id: int
    owner_id: UUID
    scopes: frozenset[str]

    is_authenticated: ClassVar[bool] = True
    is_active: ClassVar[bool] = True


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer sk_...`; `request.user` is a `MerchantCaller`, `request.auth` the key's id."""

    def authenticate(self, request: Request) -> tuple[MerchantCaller, UUID] | None:
        """Return shop and key; None if the header holds no merchant's key.

        Raises:
            AuthenticationFailed: nobody's key, a revoked one, or a closed shop's.
        """
        token = bearer_token(request)
        if token is None or not token.startswith(MERCHANT_PREFIX):
            return None
        with connection.cursor() as cursor:
            cursor.execute(_KEY, [token_hash(token)])
            row = cursor.fetchone()
            if row is None:
                raise AuthenticationFailed(_("This key is not valid."))
            key_id, merchant_id, account_id, owner_id, scopes, stale = row
            if stale:
                cursor.execute(_USED, [key_id])
        return MerchantCaller(merchant_id, account_id, owner_id, frozenset(scopes)), key_id

    def authenticate_header(self, request: Request) -> str:
        """Make the refusal a 401."""
        return "Bearer"


class HasScope(BasePermission):
    """The key must carry a scope; made by `HasScope.of("devices:read")`."""

    scope: ClassVar[str]
    or_person: ClassVar[bool]

    @classmethod
    def of(cls, scope: str, *, or_person: bool = False) -> "type[HasScope]":
        """Return the permission that asks for this scope; people need none where `or_person` says so."""
        message = format_lazy(_("This key lacks the scope {scope}."), scope=scope)
        return type("HasScope", (cls,), {"scope": scope, "or_person": or_person, "message": message})

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Look at the key's scopes; a person's call has none."""
        if isinstance(request.user, User):
            return self.or_person
        return self.scope in getattr(request.user, "scopes", ())
