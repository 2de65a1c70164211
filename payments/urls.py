"""Addresses of the money part of the API, under /api/v1/."""

from django.urls import path

from payments.views import codes, payments, people

urlpatterns = [
    path("users", people.Users.as_view()),
    path("me", people.Me.as_view()),
    path("me/statement", people.Statement.as_view()),
    path("top-ups", people.TopUps.as_view()),
    path("codes", codes.Codes.as_view()),
    path("codes/<uuid:code_id>", codes.OneCode.as_view()),
    path("codes/<uuid:code_id>/revoke", codes.RevokedCode.as_view()),
    path("codes/<uuid:code_id>/image.svg", codes.Svg.as_view()),
    path("codes/<uuid:code_id>/image.png", codes.Png.as_view()),
    path("scan", payments.Scans.as_view()),
    path("payments", payments.Payments.as_view()),
    path("payments/<uuid:payment_id>", payments.OnePayment.as_view()),
]
