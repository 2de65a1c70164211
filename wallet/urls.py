"""The wallet's addresses. `/q/<TOKEN>` is printed on stickers: it ignores case and never changes."""

from django.urls import path, re_path

from wallet.views import home, pay, payment, receive, scan, signing

app_name = "wallet"

_CODE = "[qQ]/(?P<token>[0-9A-Za-z]{1,64})"

urlpatterns = [
    path("", home.home, name="home"),
    path("history/", home.history, name="history"),
    path("sign-in/", signing.sign_in, name="sign-in"),
    path("sign-up/", signing.sign_up, name="sign-up"),
    path("sign-out/", signing.sign_out, name="sign-out"),
    path("me/", signing.me, name="me"),
    path("scan/", scan.scan, name="scan"),
    path("number/", scan.number, name="number"),
    re_path(rf"^{_CODE}$", pay.code, name="code"),
    re_path(rf"^{_CODE}/pay$", pay.pay, name="pay"),
    path("answer/", pay.answer, name="answer"),
    path("payments/<uuid:payment_id>/", payment.payment, name="payment"),
    path("receive/", receive.receive, name="receive"),
    path("receive/amount/", receive.amount, name="receive-amount"),
    path("receive/<uuid:code_id>/", receive.asked, name="asked"),
    path("top-up/", receive.top_up, name="top-up"),
]
