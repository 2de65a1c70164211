"""Addresses of the money part of the API, under /api/v1/."""

from django.urls import path

from payments.views import bank, codes, payments, people, shown, statements

urlpatterns = [
    path("users", people.Users.as_view()),
    path("me", people.Me.as_view()),
    path("me/statement", statements.Statement.as_view()),
    path("me/statement.csv", statements.CsvStatement.as_view(), name="me_statement_csv"),
    path("me/statement.xml", statements.CamtStatement.as_view()),
    path("me/bank-account", bank.OwnBankAccount.as_view()),
    path("top-ups", bank.TopUps.as_view()),
    path("withdrawals", bank.Withdrawals.as_view()),
    path("withdrawals/<uuid:withdrawal_id>", bank.OneWithdrawal.as_view()),
    path("codes", codes.Codes.as_view()),
    path("codes/<uuid:code_id>", codes.OneCode.as_view()),
    path("codes/<uuid:code_id>/revoke", codes.RevokedCode.as_view()),
    path("codes/<uuid:code_id>/image.svg", codes.Svg.as_view()),
    path("codes/<uuid:code_id>/image.png", codes.Png.as_view()),
    path("codes/<uuid:code_id>/image.pdf", codes.Pdf.as_view()),
    path("scan", payments.Scans.as_view()),
    path("payment-codes", shown.PaymentCodes.as_view()),
    path("payments", payments.Payments.as_view()),
    path("payments/<uuid:payment_id>", payments.OnePayment.as_view()),
]
