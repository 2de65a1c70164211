"""What happens around every request."""

import logging
import re
from collections.abc import Callable
from contextvars import ContextVar

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
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


def no_store(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Keep what the API answers out of every cache; an answer that says how long it may be kept may be."""

    def unkept(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.path_info.startswith("/api/v1/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return unkept


def size_limit(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Refuse what announces itself as too large before anything reads it; `config.views` words the 413.

    Django's own limit does not count files, and holds only where a body is read.
    """

    def limited(request: HttpRequest) -> HttpResponse:
        announced = request.META.get("CONTENT_LENGTH") or ""
        if announced.isdecimal() and int(announced) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise RequestDataTooBig("Content-Length exceeds DATA_UPLOAD_MAX_MEMORY_SIZE.")
        return get_response(request)

    return limited


def current_request_id() -> str:
    """Return the running request's id, `-` outside one."""
    return _current.get()


class RequestIdFilter(logging.Filter):
    """Puts the request's id on log records."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the attribute; keep every record."""
        record.request_id = _current.get()
        return True
