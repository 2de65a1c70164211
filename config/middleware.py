"""What happens around every request."""

import logging
import re
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

from outbox.ids import uuid7

_SANE = re.compile(r"[A-Za-z0-9._-]{1,64}")
_current: ContextVar[str] = ContextVar("request_id", default="-")


def request_id(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Name every request in its answer and its log lines; a harmless name the caller gave is kept."""

    def named(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        name = given if _SANE.fullmatch(given) else str(uuid7())
        request.META["saoma.request_id"] = name  # for views, which do not know the project
        _current.set(
            name
        )  # never reset: Django logs a refusal after us, and the thread's next request sets it
        response = get_response(request)
        response["X-Request-Id"] = name
        return response

    return named


def current_request_id() -> str:
    """Return the running request's id, `-` outside one."""
    return _current.get()


class RequestIdFilter(logging.Filter):
    """Puts the request's id on log records."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the attribute; keep every record."""
        record.request_id = _current.get()
        return True
