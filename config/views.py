"""What is neither API nor page: health, and the errors outside every view."""

import socket
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views import defaults
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from config import problems

PROBE_TIMEOUT_S = 0.2


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the process answers."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether payments can be taken: not without the database; without Redis or broker, later."""
    if not _database_answers():
        return JsonResponse({"status": "down", "failed": ["database"]}, status=503)
    probes = {"redis": _redis_answers, "mqtt": _broker_listens}
    degraded = [name for name, probe in probes.items() if not _without_error(probe)]
    return JsonResponse({"status": "degraded" if degraded else "ok", "degraded": degraded})


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer for what Django refused before any view."""
    if _is_api(request):
        return problems.page_of(exception)
    if isinstance(exception, RequestDataTooBig):
        return HttpResponse(
            _("The request is too large."), status=413, content_type="text/plain; charset=utf-8"
        )
    return defaults.bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer for what a page forbade."""
    return problems.page_of(exception) if _is_api(request) else defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer for an address that is none."""
    return problems.page_of(exception) if _is_api(request) else defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer for an error outside every view of the API; Django has logged it."""
    return problems.page_of(RuntimeError()) if _is_api(request) else defaults.server_error(request)


def _is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        connection.close()
        return False
    return True


def _redis_answers() -> bool:
    """Ask for a sign of life; Redis answers even to whom it would first ask for a password."""
    with _opened(settings.REDIS_URL, default_port=6379) as line:
        line.sendall(b"PING\r\n")
        return bool(line.recv(1))


def _broker_listens() -> bool:
    with _opened(settings.MQTT_URL, default_port=1883):
        return True


def _without_error(probe: Callable[[], bool]) -> bool:
    try:
        return probe()
    except OSError:
        return False


def _opened(url: str, *, default_port: int) -> socket.socket:
    parts = urlsplit(url)
    address = (parts.hostname or "127.0.0.1", parts.port or default_port)
    return socket.create_connection(address, timeout=PROBE_TIMEOUT_S)
