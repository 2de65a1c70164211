"""Becoming a shop."""

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from merchants import applications
from merchants.serializers import ApplicationView, NewApplication
from payments.views import calls


class Upgrade(APIView):
    """The calling person's wish to be a shop."""

    @extend_schema(operation_id="me_upgrade_retrieve", responses=ApplicationView)
    def get(self, request: Request) -> Response:
        """Return the newest application."""
        newest = applications.newest(owner_id=calls.person(request).pk)
        if newest is None:
            raise Http404
        return Response(applications.described(newest))

    @extend_schema(operation_id="me_upgrade_create", request=NewApplication, responses={201: ApplicationView})
    def post(self, request: Request) -> Response:
        """Ask for it; somebody of the staff reviews it."""
        wish = calls.valid(NewApplication(data=request.data))
        made = applications.apply(owner_id=calls.person(request).pk, **wish)
        return Response(applications.described(made), status=201)
