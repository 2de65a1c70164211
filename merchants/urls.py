"""Addresses of the merchants' part of the API, under /api/v1/."""

from django.urls import path

from merchants.views import balance, charges, refunds, upgrade

urlpatterns = [
    path("balance", balance.Balance.as_view()),
    path("charges", charges.Charges.as_view()),
    path("me/upgrade", upgrade.Upgrade.as_view()),
    path("payments/<uuid:payment_id>/refunds", refunds.Refunds.as_view()),
]
