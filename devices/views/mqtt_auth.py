"""Answers for an MQTT broker that asks us about its clients, in the shape EMQX 5 wants them."""

import hmac
import json
from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from devices import keys
from devices.broker import http_auth

Asked = dict[str, str]
LONGEST = 512  # characters of a field; everything we know is shorter


def _for_the_broker(
    *fields: str,
) -> Callable[[Callable[[Asked], bool]], Callable[[HttpRequest], JsonResponse]]:
    """Let the broker alone ask, with these fields; answer 401 to others and 400 to what is no question.

    Any status but 200 means to the broker that nobody answered, and then it refuses.
    """

    def wrap(decide: Callable[[Asked], bool]) -> Callable[[HttpRequest], JsonResponse]:
        @wraps(decide)
        def view(request: HttpRequest) -> JsonResponse:
            if not _is_broker(request):
                return JsonResponse({"result": "deny"}, status=401, headers={"WWW-Authenticate": "Bearer"})
            asked = _asked(request.body, fields)
            if asked is None:
                return JsonResponse({"result": "deny"}, status=400)
            return JsonResponse({"result": "allow" if decide(asked) else "deny", "is_superuser": False})

        return csrf_exempt(never_cache(require_POST(view)))

    return wrap


@_for_the_broker("username", "password", "clientid")
def authenticate(asked: Asked) -> bool:
    """May this client connect?"""
    return http_auth.may_connect(
        user=asked["username"], password=asked["password"], client_id=asked["clientid"]
    )


@_for_the_broker("username", "action", "topic")
def authorize(asked: Asked) -> bool:
    """May this client publish there, or subscribe to that?"""
    return http_auth.may(user=asked["username"], action=asked["action"], topic=asked["topic"])


def _is_broker(request: HttpRequest) -> bool:
    given = request.headers.get("Authorization", "")
    return hmac.compare_digest(given.encode(), f"Bearer {keys.http_secret()}".encode())


def _asked(body: bytes, fields: tuple[str, ...]) -> Asked | None:
    """Return the fields; None: one is missing, no text, or longer than any of ours."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(given, dict):
        return None
    asked = {name: given.get(name) for name in fields}
    if not all(isinstance(text, str) and len(text) <= LONGEST for text in asked.values()):
        return None
    return {name: str(text) for name, text in asked.items()}
