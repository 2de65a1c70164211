"""One payment or free run: live while a machine may still move, then a receipt."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from wallet import live, receipts
from wallet.access import person, signed_in
from wallet.receipts import Shown
from wallet.screens import Screen


@signed_in
def payment(request: HttpRequest, payment_id: UUID) -> HttpResponse:
    """Show a payment to its payer or payee."""
    shown = receipts.find(user_id=person(request).pk, payment_id=payment_id)
    if shown.screen is None:
        return render(request, "wallet/paid.html", {"receipt": shown})
    return _live(request, shown, shown.screen)


@signed_in
def run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Show a run that cost nothing to whoever opened it."""
    shown = receipts.find_free(user_id=person(request).pk, run_id=run_id)
    if shown.screen is None:
        raise AssertionError("A run has a screen.")
    return _live(request, shown, shown.screen)


def _live(request: HttpRequest, shown: Shown, screen: Screen) -> HttpResponse:
    return live.answer(
        request,
        page="wallet/payment.html",
        fragment="wallet/live/payment.html",
        version=screen.version,
        context={
            "screen": screen,
            "facts": shown.facts,
            "again": shown.again,
            "deadline": shown.deadline,
        },
    )
