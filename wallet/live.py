"""Pages that ask each second whether they are still true."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from outbox import clock


@dataclass(frozen=True, slots=True)
class Live:
    """Where and how often a fragment asks again, and the version it shows."""

    url: str
    version: str
    every_s: int = 1


def answer(
    request: HttpRequest,
    *,
    page: str,
    fragment: str,
    version: str,
    context: Mapping[str, object],
    every_s: int = 1,
) -> HttpResponse:
    """Answer a visit with the page; a poll with the fragment, or with nothing if it has seen this version."""
    polled = bool(request.headers.get("HX-Request"))
    if polled and request.GET.get("seen") == version:
        return HttpResponse(status=204)
    live = Live(request.path, version, every_s)
    return render(request, fragment if polled else page, {"now": clock.now(), "live": live, **context})
