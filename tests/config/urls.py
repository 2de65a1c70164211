"""Calls that only these tests make: echo, refuse, fail."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from rest_framework import serializers
from rest_framework.exceptions import Throttled
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.urls import handler400, handler403, handler404, handler500
from config.urls import urlpatterns as real
from outbox.errors import Refusal
from payments.requests import MinorAmount, idempotency_key
from people.models import Throttle

__all__ = ["handler400", "handler403", "handler404", "handler500"]


class OutOfTea(Refusal):
    """A refusal with everything."""

    code, status = "out_of_tea", 409
    sentence = "There is no tea."


RAISED: dict[str, Callable[[], Exception]] = {
    "refusal": lambda: OutOfTea(errors={"tea": ["green"]}, retry_after_s=7),
    "nothing-here": Http404,
    "denied": PermissionDenied,
    "suspicious": lambda: SuspiciousOperation("secret"),
    "throttled": lambda: Throttled(wait=3.2),
    "model": lambda: DjangoValidationError({"name": ["too long"]}),
    "nested": lambda: serializers.ValidationError({"items": [{}, {"sku": ["unknown"]}]}),
    "outage": lambda: OperationalError("password=secret"),
    "bug": lambda: RuntimeError("secret"),
}


class Payer(serializers.Serializer[None]):
    """An amount and nothing else."""

    amount = MinorAmount()


class Open(APIView):
    """Anybody may call."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class Echo(Open):
    """Returns what it understood."""

    def post(self, request: Request) -> Response:
        """Return the body."""
        return Response(request.data)


class Pay(Open):
    """Reads an amount under a key."""

    def post(self, request: Request) -> Response:
        """Return key and amount."""
        form = Payer(data=request.data)
        form.is_valid(raise_exception=True)
        return Response({"key": idempotency_key(request)} | form.validated_data)


class Raise(Open):
    """Fails."""

    def get(self, request: Request, kind: str) -> Response:
        """Raise what was asked for."""
        make = RAISED[kind]
        raise make()


class Listed(GenericAPIView[Throttle]):
    """Lists the throttle's rows, whose keys stand for any model's ids."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def get(self, request: Request) -> Response:
        """Return a page of keys."""
        page = self.paginate_queryset(Throttle.objects.all()) or []
        return self.get_paginated_response([row.pk for row in page])


def broken(request: HttpRequest, **_: Any) -> HttpResponse:
    """Fail outside the API's own machinery."""
    raise RuntimeError("secret")


urlpatterns = [
    path("api/v1/tests/echo", Echo.as_view()),
    path("api/v1/tests/pay", Pay.as_view()),
    path("api/v1/tests/raise/<str:kind>", Raise.as_view()),
    path("api/v1/tests/list", Listed.as_view()),
    path("api/v1/tests/broken", broken),
    *real,
]
