"""Signing in, signing up, signing out."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from devices import speakers
from outbox.errors import Refusal
from wallet import doors, forms, limits
from wallet.access import person, signed_in


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Let a person in, then back to where he came from."""
    if request.user.is_authenticated and request.method == "GET":
        return HttpResponseRedirect(_next(request))
    form = forms.SignIn(request.POST or None)
    if form.is_valid():
        try:
            doors.enter(request, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, refusal.detail)
        else:
            return HttpResponseRedirect(_next(request))
    why = _("You were signed out. No money moved") if request.GET.get("why") == "payment" else ""
    return _page(request, "wallet/sign-in.html", form, why=why)


@never_cache
@sensitive_post_parameters("password", "pin")
@require_http_methods(["GET", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    """Open a wallet; in the demo only."""
    if not settings.DEMO:
        raise Http404
    form = forms.SignUp(request.POST or None)
    if form.is_valid():
        try:
            doors.enter_first(request, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        except Refusal as refusal:
            _tell(form, refusal)
        else:
            return HttpResponseRedirect(_next(request))
    return _page(request, "wallet/sign-up.html", form)


@require_POST
@signed_in
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    doors.leave(request)
    return redirect("wallet:sign-in")


@signed_in
def me(request: HttpRequest) -> HttpResponse:
    """Show who is signed in."""
    who = person(request)
    context = {
        "person": who,
        "currency": settings.CURRENCY,
        "limits": limits.today(user_id=who.pk),
        "speakers": speakers.of_owner(user_id=who.pk),
    }
    return render(request, "wallet/me.html", context)


def _page(request: HttpRequest, template: str, form: Any, **context: object) -> HttpResponse:
    target = _next(request)
    ask = "" if target == reverse("wallet:home") else f"?{urlencode({'next': target})}"
    context |= {
        "form": form,
        "next": target,
        "may_sign_up": settings.DEMO,
        "sign_in": reverse("wallet:sign-in") + ask,
        "sign_up": reverse("wallet:sign-up") + ask,
    }
    return render(request, template, context, status=422 if form.errors else 200)


def _next(request: HttpRequest) -> str:
    """Return where to go afterwards: a path of ours, never somebody else's address."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    path = target.startswith("/") and not target.startswith("//")
    safe = path and url_has_allowed_host_and_scheme(
        target, {request.get_host()}, require_https=request.is_secure()
    )
    return target if safe else reverse("wallet:home")


def _tell(form: Any, refusal: Refusal) -> None:
    for field, messages in refusal.errors.items():
        form.add_error(field if field in form.fields else None, messages)
    if not refusal.errors:
        form.add_error(None, refusal.detail)
