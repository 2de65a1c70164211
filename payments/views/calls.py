"""What the views of the money part have in common."""

from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from payments import idempotency, requests
from payments.idempotency import Answer, Call
from people.models import User


def person(request: Request) -> User:
    """Return who calls."""
    return cast(User, request.user)


def valid(form: serializers.Serializer[Any]) -> dict[str, Any]:
    """Return a checked body.

    Raises:
        ValidationError: a field is missing or wrong.
    """
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


def call_of(request: Request, *, caller: UUID | None = None) -> Call:
    """Return the call under its idempotency key; `caller` is who calls, unless it is a person.

    Raises:
        KeyRequired: it has none.
    """
    return Call(
        caller=caller or person(request).pk,
        key=requests.idempotency_key(request),
        body_hash=idempotency.digest(str(request.method), request.path, request.data),
        request_id=requests.request_id(request),
    )


def answered(answer: Answer) -> Response:
    """Return an answer, marked when it is an old one."""
    headers = {"Idempotent-Replayed": "true"} if answer.replayed else {}
    return Response(answer.body, status=answer.status, headers=headers)


def only_in_the_demo() -> None:
    """Hide what a real deployment must not have.

    Raises:
        Http404: this is one.
    """
    if not settings.DEMO:
        raise Http404
