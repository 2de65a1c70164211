"""The API over machines, for merchants' servers: everything is looked up through its owner."""

from typing import cast
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from devices import queries
from devices.models import Device
from devices.serializers import DeviceView
from merchants import scopes
from merchants.authentication import ApiKeyAuthentication, HasScope, MerchantCaller

READ = HasScope.of(scopes.DEVICES_READ)


def _owned(request: Request) -> QuerySet[Device]:
    """Return the machines that earn for the calling merchant."""
    return Device.objects.filter(account_id=cast(MerchantCaller, request.user).account_id)


class DeviceList(GenericAPIView[Device]):
    """All machines of the calling merchant."""

    authentication_classes = (ApiKeyAuthentication,)
    permission_classes = (READ,)
    serializer_class = DeviceView

    @extend_schema(operation_id="devices_list", responses=DeviceView(many=True))
    def get(self, request: Request) -> Response:
        """List the merchant's machines, newest first."""
        page = self.paginate_queryset(_owned(request))
        return self.get_paginated_response(queries.devices(device_ids=[device.pk for device in page or []]))


class DeviceDetail(APIView):
    """One machine of the calling merchant."""

    authentication_classes = (ApiKeyAuthentication,)
    permission_classes = (READ,)

    @extend_schema(operation_id="devices_retrieve", responses=DeviceView)
    def get(self, request: Request, device_id: UUID) -> Response:
        """Return one of the merchant's machines."""
        device = get_object_or_404(_owned(request), pk=device_id)
        (shown,) = queries.devices(device_ids=[device.pk])
        return Response(shown)
