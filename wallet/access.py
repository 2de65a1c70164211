"""Who may see a wallet page, and how the answer says no to each kind of asker."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from payments.models import Account
from people.models import User
from wallet.says import say

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def signed_in(view: View[P]) -> View[P]:
    """Let people in; send everybody else to the sign-in and back. What is shown is never stored anywhere."""

    def with_wallet(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except Account.DoesNotExist:  # people of the office need none
            return say(
                request,
                heading=_("You have no wallet"),
                words=_("This account is for the office only"),
                status=404,
                button=_("Your account"),
                button_url=reverse("wallet:me"),
            )

    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if isinstance(request.user, User):
            return with_wallet(request, *args, **kwargs)
        if request.headers.get("HX-Request"):  # a poll: let the page itself go to the sign-in
            return HttpResponse(status=204, headers={"HX-Refresh": "true"})
        return redirect_to_login(request.get_full_path())

    return never_cache(wraps(view)(guarded))


def person(request: HttpRequest) -> User:
    """Return who is signed in, behind `signed_in`."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def signed_out(*, back: str, money_is_safe: bool) -> JsonResponse:
    """Answer a script that asked without a session: where to sign in, and what became of the money.

    Args:
        back: where to go after the sign-in.
        money_is_safe: this very request did not try to pay.
    """
    ask = {"next": back} | ({"why": "payment"} if money_is_safe else {})
    return JsonResponse(
        {
            "code": "signed_out",
            "words": _("You were signed out. No money moved") if money_is_safe else _("You were signed out"),
            "sign_in": f"{reverse('wallet:sign-in')}?{urlencode(ask)}",
        },
        status=401,
    )
