"""Making a machine one's own: scan its set-up code, say whose it is and what its plate says."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from devices.errors import UnknownSetupCode
from devices.services import claiming as services
from outbox.errors import Refusal
from wallet import claiming, forms
from wallet.access import person, signed_in
from wallet.says import say


@require_http_methods(["GET", "POST"])
@signed_in
def claim(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for whom the machine shall earn, and give it to this person."""
    who = person(request)
    try:
        machine = claiming.waiting(token=token)
        homes = claiming.homes(user_id=who.pk)
        form = forms.Claim(request.POST or None, homes=homes)
        if form.is_valid():
            device_id = _give(token, who.pk, form)
            if device_id is not None:
                return redirect("wallet:claimed", device_id)
    except UnknownSetupCode as refusal:
        return _not_waiting(request, refusal)
    context = {"machine": machine, "homes": homes, "form": form, "chosen": form["home"].value()}
    return render(request, "wallet/claim.html", context, status=422 if form.errors else 200)


@require_safe
@signed_in
def claimed(request: HttpRequest, device_id: UUID) -> HttpResponse:
    """Show a machine of one's own and the code to stick on it."""
    machine = claiming.own(user_id=person(request).pk, device_id=device_id)
    return render(request, "wallet/claimed.html", {"machine": machine})


def _give(token: str, user_id: UUID, form: forms.Claim) -> UUID | None:
    """Claim it; None: the form says what has to be put right."""
    home: claiming.Home = form.cleaned_data["home"]
    try:
        device = services.claim(
            token=token,
            user_id=user_id,
            number=form.cleaned_data["number"],
            merchant_id=home.merchant_id,
            place_id=home.place_id,
        )
    except UnknownSetupCode:
        raise
    except Refusal as refusal:
        form.add_error("number" if "number" in refusal.errors else "home", refusal.detail)
        return None
    return device.pk


def _not_waiting(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    return say(
        request,
        heading=_("No machine waits for this code"),
        words=_("Its set-up code is good once. Is the machine yours already, or did somebody else scan it?"),
        button=_("Scan again"),
        button_url=reverse("wallet:scan"),
        status=refusal.status,
    )
