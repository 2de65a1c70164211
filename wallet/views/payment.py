"""One payment: live while a machine may still move, then a receipt."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from wallet import live, receipts
from wallet.access import person, signed_in


@signed_in
def payment(request: HttpRequest, payment_id: UUID) -> HttpResponse:
    """Show a payment to its payer or payee."""
    shown = receipts.find(user_id=person(request).pk, payment_id=payment_id)
    if shown.screen is None:
        return render(request, "wallet/paid.html", {"receipt": shown})
    return live.answer(
        request,
        page="wallet/payment.html",
        fragment="wallet/live/payment.html",
        version=shown.screen.version,
        context={
            "screen": shown.screen,
            "facts": shown.facts,
            "again": shown.again,
            "deadline": shown.deadline,
        },
    )
