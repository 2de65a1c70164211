"""Finding what to pay: by camera, by picture, by a typed number."""

import json
from contextlib import suppress

from csp.constants import WASM_UNSAFE_EVAL
from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from devices import setup_codes
from devices.errors import UnknownSetupCode
from outbox.errors import Refusal
from payments import payloads
from wallet import forms, plates
from wallet.access import signed_in
from wallet.says import say

_ANY_TOKEN = "0" * 26


@require_http_methods(["GET", "POST"])
@csp_update({"script-src": [WASM_UNSAFE_EVAL]})
@signed_in
def scan(request: HttpRequest) -> HttpResponse:
    """Show the camera; a POST brings a text that only the server can read."""
    if request.method == "POST":
        return _read(request)
    words = {
        "found": _("Found it, opening…"),
        "foreign": _("Not a Saoma code. It says:"),
        "none": _("No code in this picture"),
        "broken": _("The scanner does not work here. Type the number"),
    }
    context = {
        "words": json.dumps(words),
        "own": settings.PUBLIC_URL,
        "loopback": settings.LOCAL,
        "open": reverse("wallet:code", args=[_ANY_TOKEN]).removesuffix(_ANY_TOKEN),
        "claim": reverse("wallet:claim", args=[_ANY_TOKEN]).removesuffix(_ANY_TOKEN),
    }
    response = render(request, "wallet/scan.html", context)
    response["Permissions-Policy"] = "camera=(self)"
    return response


@require_http_methods(["GET", "POST"])
@signed_in
def number(request: HttpRequest) -> HttpResponse:
    """Let people type what a plate says, or the signs of a code."""
    form = forms.Number(request.POST or None)
    trouble = ""
    if form.is_valid():
        typed = form.cleaned_data["number"]
        machines = plates.find(typed)
        if len(machines) == 1:
            return redirect(machines[0].url)
        if machines:
            return render(request, "wallet/places.html", {"number": typed, "machines": machines})
        try:
            return _opened(typed)
        except Refusal:
            trouble = _("There is no machine %(number)s. Look at the plate again") % {"number": typed}
    camera = request.GET.get("camera", "")
    return render(request, "wallet/number.html", {"form": form, "camera": camera, "trouble": trouble})


def _opened(text: str) -> HttpResponse:
    """Go where a code of ours leads: to what it sells, or to the machine that waits for its owner.

    Raises:
        UnknownCode: it is none of ours.
    """
    with suppress(UnknownSetupCode):
        return redirect("wallet:claim", setup_codes.read(text))
    return redirect("wallet:code", payloads.read(text))


def _read(request: HttpRequest) -> HttpResponse:
    form = forms.Payload(request.POST)
    text = form.cleaned_data["payload"] if form.is_valid() else ""
    try:
        return _opened(text)
    except Refusal:
        return say(
            request,
            heading=_("Not a Saoma code"),
            words=_("We do not open it. No money moved"),
            quoted=text,
            button=_("Scan again"),
            button_url=reverse("wallet:scan"),
            status=404,
        )
