"""Being paid: the own code, a code for one sum, and the demo's top-up."""

from uuid import UUID, uuid4

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from outbox.errors import Refusal
from payments import idempotency, services
from payments.idempotency import Call
from wallet import forms, live, money, receiving, words
from wallet.access import person, signed_in

CHIPS = (50, 100, 200)  # in the currency's units


@signed_in
def receive(request: HttpRequest) -> HttpResponse:
    """Show the own code, and what it brought in today."""
    mine = person(request)
    received = receiving.today(user_id=mine.pk)
    seen = request.GET.get("seen")
    return live.answer(
        request,
        page="wallet/receive.html",
        fragment="wallet/live/received.html",
        version=received.version,
        context={
            "code": receiving.own_code(user_id=mine.pk),
            "received": received,
            "toast": received.newest if seen else None,
        },
    )


@require_http_methods(["GET", "POST"])
@signed_in
def amount(request: HttpRequest) -> HttpResponse:
    """Ask for a sum, and make a code for it."""
    form = forms.Amount(request.POST or None)
    trouble = ""
    if form.is_valid():
        try:
            code = receiving.ask_for(user_id=person(request).pk, amount=form.cleaned_data["amount"])
        except Refusal as refusal:
            trouble = refusal.detail
        else:
            return redirect("wallet:asked", code.id)
    return render(
        request,
        "wallet/amount.html",
        {
            "heading": _("Set amount"),
            "label": _("Amount to receive"),
            "button": _("Make the code"),
            "words": _("The code is good for one payment and five minutes"),
            "back": reverse("wallet:receive"),
            "corner": "." if money.exponent() else "00",
            "trouble": trouble,
        },
    )


@signed_in
def asked(request: HttpRequest, code_id: UUID) -> HttpResponse:
    """Show a code for one sum until it is paid or runs out."""
    code = receiving.find(user_id=person(request).pk, code_id=code_id)
    if code.payment_id is not None:
        return _to(request, reverse("wallet:payment", args=[code.payment_id]))
    return live.answer(
        request,
        page="wallet/request.html",
        fragment="wallet/live/request.html",
        version=code.status,
        context={"code": code},
    )


@require_http_methods(["GET", "POST"])
@signed_in
def top_up(request: HttpRequest) -> HttpResponse:
    """Bring demo money in."""
    if not settings.DEMO:
        raise Http404
    form = forms.Amount(request.POST or None)
    trouble = ""
    if form.is_valid() and form.cleaned_data["key"]:
        try:
            _top_up(person(request).pk, **form.cleaned_data)
        except Refusal as refusal:
            trouble = words.of(refusal)
        else:
            return redirect("wallet:home")
    return render(
        request,
        "wallet/amount.html",
        {
            "heading": _("Top up"),
            "label": _("Amount to add"),
            "button": _("Top up"),
            "words": _("Demo money: it comes from nowhere"),
            "back": reverse("wallet:home"),
            "corner": "." if money.exponent() else "00",
            "chips": [chip * 10 ** money.exponent() for chip in CHIPS],
            "key": f"top-up-{uuid4()}",
            "trouble": trouble,
        },
    )


def _top_up(user_id: UUID, *, amount: int, key: str) -> None:
    call = Call(user_id, key, idempotency.digest("POST", "wallet", {"amount": amount}))
    services.top_up(call=call, amount=amount)


def _to(request: HttpRequest, url: str) -> HttpResponse:
    """Go somewhere else, from a page or from a poll."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return redirect(url)
