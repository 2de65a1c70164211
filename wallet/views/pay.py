"""From a code to a payment, or to a machine that starts for nothing."""

import json

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from outbox.errors import Refusal
from payments import queries
from payments.errors import UnknownCode
from payments.idempotency import StoredRefusal
from payments.requests import request_id
from people.authentication import session_token
from people.models import User
from wallet import forms, limits, money, purchase, replies, words
from wallet.access import person, signed_in, signed_out
from wallet.payable import Payable, payable_of, price_of
from wallet.purchase import Wish
from wallet.says import say


@require_safe
@signed_in
def code(request: HttpRequest, token: str) -> HttpResponse:
    """Show what a code stands for: what any phone's camera opens, too."""
    payer = person(request)
    try:
        payable = payable_of(token=token, payer_id=payer.pk)
    except Refusal as refusal:
        return _cannot_be_paid(request, refusal)
    context = {
        "payable": payable,
        "available": queries.balance(payer.pk).available,
        "limit": limits.of_code(token=payable.code, payer_id=payer.pk),
        "may_top_up": settings.DEMO,
        "corner": "." if money.exponent() else "00",
        "words": json.dumps(_words(payable)),
    }
    return render(request, "wallet/pay.html", context)


def _words(payable: Payable) -> dict[str, str]:
    """Return what the page's scripts say."""
    return {
        "pay": _("Pay {sum}"),
        "see": _("See the price"),
        "free": str(payable.voice.go) if payable.voice else "",
        "nothing": _("Free"),
        "offline": _("You are offline. Nothing was sent"),
        "busy": _("Paying…"),
        "stale": _("This page is too old. No money moved. Load it again"),
        "unanswered": _("No answer. Try again"),
        "old": _("That price was two minutes old. See it again"),
    }


@never_cache
@sensitive_post_parameters("args")
@require_POST
def price(request: HttpRequest, token: str) -> JsonResponse:
    """Tell what an option costs with what was filled in. Reserves nothing."""
    back = reverse("wallet:code", args=[token])
    if not isinstance(request.user, User):
        return signed_out(back=back, money_is_safe=True)
    form = forms.Choice(request.POST)
    if not form.is_valid():
        return _incomplete()
    try:
        told = price_of(token=token, payer_id=request.user.pk, **form.cleaned_data)
    except Refusal as refusal:
        return replies.refused(refusal)
    return JsonResponse(told)


@never_cache
@sensitive_post_parameters("pin", "args")
@require_POST
def pay(request: HttpRequest, token: str) -> JsonResponse:
    """Pay, and answer the sheet in JSON: where to go, or what to say."""
    if not isinstance(request.user, User):
        return signed_out(back=reverse("wallet:code", args=[token]), money_is_safe=True)
    form = forms.Pay(request.POST)
    if not form.is_valid():
        return _incomplete()
    typed = form.cleaned_data
    try:
        page = purchase.buy(
            user_id=request.user.pk,
            session_token=session_token(request),
            request_id=request_id(request),
            key=typed["key"],
            pin_typed=typed["pin"],
            wish=_wish(token, **typed),
        )
    except Refusal as refusal:
        return replies.refused(refusal)
    return replies.went(page, status=201)


@never_cache
@sensitive_post_parameters("args")
@require_POST
def start(request: HttpRequest, token: str) -> JsonResponse:
    """Start what costs nothing, and answer in JSON as `pay` does."""
    if not isinstance(request.user, User):
        return signed_out(back=reverse("wallet:code", args=[token]), money_is_safe=True)
    form = forms.Use(request.POST)
    if not form.is_valid():
        return _incomplete()
    typed = form.cleaned_data
    try:
        page = purchase.use(
            user_id=request.user.pk,
            request_id=request_id(request),
            key=typed["key"],
            wish=_wish(token, **typed),
        )
    except Refusal as refusal:
        return replies.refused(refusal)
    return replies.went(page, status=201)


@never_cache
@require_safe
def answer(request: HttpRequest) -> JsonResponse:
    """Tell what became of a payment, or a start, whose answer got lost, by its key."""
    if not isinstance(request.user, User):
        return signed_out(back=request.headers.get("Referer", "/"), money_is_safe=False)
    asked = forms.Asked(request.GET)
    known = asked.is_valid()
    found = purchase.found(user_id=request.user.pk, key=asked.cleaned_data["key"]) if known else None
    if found is None:
        return replies.no("unknown_key", words.of_code("unknown_key"), status=404)
    status, body = found
    if status >= 400:
        refusal = StoredRefusal(status, body)
        return replies.no(refusal.code, words.of(refusal), status=200)
    return replies.went(purchase.page_of(body), status=200)


def _wish(
    token: str,
    *,
    version: str,
    option: str,
    args: dict[str, object] | None,
    amount: int | None = None,
    memo: str = "",
    **_rest: object,
) -> Wish:
    return Wish(token, version, amount, option or None, args, memo)


def _incomplete() -> JsonResponse:
    text = _("Something is missing here. No money moved. Load the page again")
    return replies.no("invalid", text, status=400)


def _cannot_be_paid(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    heading = _("We do not know this code") if isinstance(refusal, UnknownCode) else refusal.detail
    return say(
        request,
        heading=heading.rstrip("."),
        words=_("No money moved"),
        button=_("Scan again"),
        button_url=reverse("wallet:scan"),
        status=refusal.status,
    )
