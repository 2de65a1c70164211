"""What the calling shop does to its machines besides selling them, and what was done."""

from typing import cast
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from devices import actions
from devices.models import Device
from devices.serializers import ActionView, NewOperation, OperationView
from devices.services import operators
from devices.services.operators import Actor, Operation
from merchants import scopes
from merchants.authentication import ApiKeyAuthentication, HasScope, MerchantCaller
from payments import requests
from payments.views import calls
from payments.views.documents import PAGE, page_of


class Operate(APIView):
    """Orders to one machine."""

    authentication_classes = (ApiKeyAuthentication,)
    permission_classes = (HasScope.of(scopes.DEVICES_OPERATE),)

    @extend_schema(
        operation_id="devices_operate_create", request=NewOperation, responses={202: OperationView}
    )
    def post(self, request: Request, device_id: UUID) -> Response:
        """Have it do something that sells nothing; `confirm` what would disturb somebody who uses it."""
        device = _own(request, device_id)
        asked = calls.valid(NewOperation(data=request.data))
        wish = operators.Wish(
            op=Operation(asked["op"]),
            reason=asked["reason"],
            args=asked.get("args") or {},
            confirm=asked.get("confirm", False),
        )
        actor = Actor(api_key_id=cast(UUID, request.auth))
        action = operators.operate(device_id=device.pk, actor=actor, wish=wish)
        return Response(actions.answer(action), status=202)


class Actions(APIView):
    """What was done to one machine."""

    authentication_classes = (ApiKeyAuthentication,)
    permission_classes = (HasScope.of(scopes.DEVICES_OPERATE),)

    @extend_schema(operation_id="devices_actions_list", parameters=PAGE, responses=page_of(ActionView))
    def get(self, request: Request, device_id: UUID) -> Response:
        """List it, newest first: by the shop's keys, by its owner and by the service's staff."""
        device = _own(request, device_id)
        page = requests.page(request)
        before = requests.id_in(page.cursor)
        found = actions.of_device(device_id=device.pk, before=before, limit=page.limit + 1)
        more = found[page.limit - 1].pk if len(found) > page.limit else None
        shown = [actions.view(each) for each in found[: page.limit]]
        return Response(requests.listed(request, shown, next_cursor=more))


def _own(request: Request, device_id: UUID) -> Device:
    """Return a machine of the calling shop; raises Http404."""
    shop = cast(MerchantCaller, request.user)
    return get_object_or_404(Device, pk=device_id, account_id=shop.account_id)
