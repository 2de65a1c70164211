"""From a code to a payment."""

import json
from uuid import UUID

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
from wallet import forms, limits, money, purchase, words
from wallet.access import person, signed_in, signed_out
from wallet.payable import payable_of
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
        "words": json.dumps(
            {
                "offline": _("You are offline. Nothing was sent"),
                "busy": _("Paying…"),
                "stale": _("This page is too old. No money moved. Load it again"),
            }
        ),
    }
    return render(request, "wallet/pay.html", context)


@never_cache
@sensitive_post_parameters("pin")
@require_POST
def pay(request: HttpRequest, token: str) -> JsonResponse:
    """Pay, and answer the sheet in JSON: where to go, or what to say."""
    if not isinstance(request.user, User):
        return signed_out(back=reverse("wallet:code", args=[token]), money_is_safe=True)
    form = forms.Pay(request.POST)
    if not form.is_valid():
        return _no("invalid", _("Something is missing here. No money moved. Load the page again"), status=400)
    typed = form.cleaned_data
    try:
        payment_id = purchase.buy(
            user_id=request.user.pk,
            session_token=session_token(request),
            request_id=request_id(request),
            key=typed["key"],
            pin_typed=typed["pin"],
            wish=purchase.Wish(
                token, typed["version"], typed["amount"], typed["option"] or None, typed["memo"]
            ),
        )
    except Refusal as refusal:
        return _no(refusal.code, words.of(refusal), status=refusal.status)
    return _paid(payment_id, status=201)


@never_cache
@require_safe
def answer(request: HttpRequest) -> JsonResponse:
    """Tell what became of a payment whose answer got lost, by its key."""
    if not isinstance(request.user, User):
        return signed_out(back=request.headers.get("Referer", "/"), money_is_safe=False)
    asked = forms.Asked(request.GET)
    known = asked.is_valid()
    found = purchase.found(user_id=request.user.pk, key=asked.cleaned_data["key"]) if known else None
    if found is None:
        return _no("unknown_key", words.of_code("unknown_key"), status=404)
    status, body = found
    if status >= 400:
        refusal = StoredRefusal(status, body)
        return _no(refusal.code, words.of(refusal), status=200)
    return _paid(UUID(str(body["id"])), status=200)


def _paid(payment_id: UUID, *, status: int) -> JsonResponse:
    return JsonResponse({"next": reverse("wallet:payment", args=[payment_id])}, status=status)


def _no(code: str, text: str, *, status: int) -> JsonResponse:
    return JsonResponse({"code": code, "words": text, "spent": code not in _SAME_KEY}, status=status)


# After these the very same call may be sent again under its key: nothing was stored, or it is not known yet.
_SAME_KEY = frozenset(
    {"wrong_pin", "pin_locked", "unknown_key", "invalid", "idempotency_in_progress", "idempotency_key_reused"}
)


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
