"""Charging what a payer shows to the calling shop's cashier."""

from typing import cast

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from merchants import scopes
from merchants.authentication import ApiKeyAuthentication, HasScope, MerchantCaller
from merchants.payables import counter_quote
from merchants.serializers import ChargeView, NewCharge
from payments import charges, idempotency
from payments.views import calls
from payments.views.documents import IDEMPOTENCY_KEY


class Charges(APIView):
    """What the calling shop takes from payers who show a code."""

    authentication_classes = (ApiKeyAuthentication,)
    permission_classes = (HasScope.of(scopes.PAYMENTS_CHARGE),)

    @extend_schema(
        operation_id="charges_create",
        parameters=[IDEMPOTENCY_KEY],
        request=NewCharge,
        responses={201: ChargeView},
    )
    def post(self, request: Request) -> Response:
        """Charge whoever showed these digits; they are used up, whatever comes of it."""
        shop = cast(MerchantCaller, request.user)
        call = calls.call_of(request, caller=shop.merchant_id)
        known = idempotency.replay(call)
        if known is not None:
            return calls.answered(known)
        asked = calls.valid(NewCharge(data=request.data))
        wish = charges.Wish(asked["payment_code"], asked["amount"], asked.get("reference", ""))
        return calls.answered(charges.charge(call=call, wish=wish, quote=counter_quote(shop.account_id)))
