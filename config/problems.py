"""Every way the API says no: `application/problem+json` (RFC 9457)."""

import logging
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from math import ceil
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404, JsonResponse
from django.utils.encoding import force_str
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.response import Response

from config.middleware import current_request_id
from outbox.errors import Refusal, Text
from payments.models import Account

CONTENT_TYPE = "application/problem+json"
INVALID = _("The request is not valid.")
NO_FIELD = "non_field_errors"
RETRY_AFTER_OUTAGE_S = 1

logger = logging.getLogger(__name__)


def body(
    *,
    status: int,
    code: str,
    detail: Text,
    errors: Mapping[str, list[str]] | None = None,
    request_id: str = "",
) -> dict[str, object]:
    """Return the members of a problem; `errors` with every 400, else only where there are some."""
    if status == HTTPStatus.BAD_REQUEST:
        errors = errors or {NO_FIELD: [str(detail)]}
    members: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": str(detail),
        "code": code,
        "request_id": request_id or current_request_id(),
    }
    return members | ({"errors": dict(errors)} if errors else {})


def page_of(error: Exception) -> JsonResponse:
    """Return the answer for what was raised where no API view was reached."""
    members = _problem(error)
    return JsonResponse(members, status=int(str(members["status"])), content_type=CONTENT_TYPE)


def problem(error: Exception, context: Mapping[str, Any]) -> Response:
    """Turn whatever an API view raised into an answer. Nothing of an unexpected error leaves the house."""
    answer = _problem(error)
    response = Response(answer, status=int(str(answer["status"])), content_type=CONTENT_TYPE)
    for name, value in _headers(error).items():
        response[name] = value
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("Answered %s", response.status_code, exc_info=error)
    return response


def _problem(error: Exception) -> dict[str, object]:
    if isinstance(error, Refusal):
        return body(
            status=error.status,
            code=error.code,
            detail=error.detail,
            errors=error.errors,
            request_id=getattr(error, "request_id", ""),
        )
    if isinstance(error, exceptions.ValidationError):
        return body(status=400, code="invalid", detail=INVALID, errors=dict(_flat(error.detail)))
    if isinstance(error, exceptions.APIException):
        return body(status=error.status_code, code=_code(error), detail=force_str(error.detail))
    return _of_django(error)


def _of_django(error: Exception) -> dict[str, object]:
    """Return the problem for what Django or the database raised."""
    if isinstance(error, DjangoValidationError):
        messages = getattr(error, "message_dict", None) or {NO_FIELD: error.messages}
        return body(status=400, code="invalid", detail=INVALID, errors=messages)
    for kinds, status, code, detail in _KNOWN:
        if isinstance(error, kinds):
            return body(status=status, code=code, detail=detail)
    return body(status=500, code="internal_error", detail=_("Something went wrong on our side."))


_KNOWN: tuple[tuple[type[Exception] | tuple[type[Exception], ...], int, str, Text], ...] = (
    (Http404, 404, "not_found", _("There is nothing here.")),
    (Account.DoesNotExist, 404, "no_wallet", _("You have no wallet.")),  # people of the office need none
    (PermissionDenied, 403, "permission_denied", _("You may not do this.")),
    (RequestDataTooBig, 413, "too_large", _("The request is too large.")),
    (SuspiciousOperation, 400, "invalid", INVALID),
    ((OperationalError, InterfaceError), 503, "unavailable", _("The service is out of reach. Try again.")),
)


def _code(error: exceptions.APIException) -> str:
    """Return the stable code; DRF's own words differ from ours in two places."""
    codes = error.get_codes()
    code = codes if isinstance(codes, str) else error.default_code
    return {"parse_error": "invalid", "throttled": "too_many_requests"}.get(code, code)


def _headers(error: Exception) -> dict[str, str]:
    headers: dict[str, str] = {}
    wait = getattr(error, "retry_after_s", None) or getattr(error, "wait", None)
    if isinstance(error, OperationalError | InterfaceError):
        wait = RETRY_AFTER_OUTAGE_S
    if wait:
        headers["Retry-After"] = str(max(1, ceil(wait)))
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    if getattr(error, "replayed", False):
        headers["Idempotent-Replayed"] = "true"
    return headers


def _flat(detail: Any, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Yield messages by dotted field, however deep the serializers nested them."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from _flat(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(detail, list) and any(isinstance(item, Mapping | list) for item in detail):
        for number, inner in enumerate(detail):
            yield from _flat(inner, f"{path}.{number}" if path else str(number))
    else:
        messages = detail if isinstance(detail, list) else [detail]
        if messages:
            yield path or NO_FIELD, [force_str(message) for message in messages]
