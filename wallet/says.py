"""The page for everything that did not go as hoped."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def say(
    request: HttpRequest,
    *,
    heading: str,
    words: str,
    status: int,
    quoted: str = "",
    button: str = "",
    button_url: str = "",
) -> HttpResponse:
    """Say what happened and what became of the money, with one thing to do about it."""
    context = {
        "heading": heading,
        "words": words,
        "quoted": quoted,
        "button": button,
        "button_url": button_url,
    }
    return render(request, "wallet/says.html", context, status=status)
