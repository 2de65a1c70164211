"""Starting one of the calling shop's machines with one of its payments."""

from typing import cast
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from devices.serializers import NewTrigger, RunView
from devices.services import trigger
from merchants import scopes
from merchants.authentication import ApiKeyAuthentication, HasScope, MerchantCaller
from payments import idempotency
from payments.idempotency import Answer
from payments.views import calls
from payments.views.documents import IDEMPOTENCY_KEY

LOCATION = OpenApiParameter(
    "Location", str, OpenApiParameter.HEADER, response=[202], description="Where the run can be read."
)


class Trigger(APIView):
    """Starts of one machine."""

    authentication_classes = (ApiKeyAuthentication,)
    permission_classes = (HasScope.of(scopes.DEVICES_TRIGGER),)

    @extend_schema(
        operation_id="devices_trigger_create",
        parameters=[IDEMPOTENCY_KEY, LOCATION],
        request=NewTrigger,
        responses={202: RunView},
    )
    def post(self, request: Request, device_id: UUID) -> Response:
        """Start it with a settled payment: the price is back in escrow until the machine has earned it."""
        shop = cast(MerchantCaller, request.user)
        call = calls.call_of(request, caller=shop.merchant_id)
        known = idempotency.replay(call)
        if known is not None:
            return _accepted(known)
        asked = calls.valid(NewTrigger(data=request.data))
        wish = trigger.Wish(
            device_id=device_id,
            payment_id=asked["payment"],
            option=asked.get("option"),
            args=asked.get("args"),
        )
        return _accepted(trigger.trigger(call=call, account_id=shop.account_id, wish=wish))


def _accepted(answer: Answer) -> Response:
    response = calls.answered(answer)
    response["Location"] = f"/api/v1/runs/{answer.body['id']}"
    return response
