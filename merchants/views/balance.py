"""What a shop has, for its own server."""

from typing import cast

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from merchants import queries, scopes
from merchants.authentication import ApiKeyAuthentication, HasScope, MerchantCaller
from merchants.serializers import ShopBalance
from payments import money


class Balance(APIView):
    """The calling shop's money."""

    authentication_classes = (ApiKeyAuthentication,)
    permission_classes = (HasScope.of(scopes.BALANCE_READ),)

    @extend_schema(operation_id="balance_retrieve", responses=ShopBalance)
    def get(self, request: Request) -> Response:
        """Return what is there, what waits in escrow, and what is on its way to the bank."""
        shop = cast(MerchantCaller, request.user)
        return Response({"currency": money.currency()} | queries.balance(shop.account_id))
