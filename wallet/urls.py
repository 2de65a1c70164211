"""The wallet's addresses. `/q/<TOKEN>` and `/s/<TOKEN>` are printed: they ignore case and never change."""

from django.urls import path, re_path

from wallet.views import claim, home, pay, payment, receive, scan, signing

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
    re_path(rf"^{_CODE}/price$", pay.price, name="price"),
    re_path(rf"^{_CODE}/start$", pay.start, name="start"),
    re_path(r"^[sS]/(?P<token>[0-9A-Za-z]{1,64})$", claim.claim, name="claim"),
    path("machines/<uuid:device_id>/", claim.claimed, name="claimed"),
    path("answer/", pay.answer, name="answer"),
    path("payments/<uuid:payment_id>/", payment.payment, name="payment"),
    path("runs/<uuid:run_id>/", payment.run, name="run"),
    path("receive/", receive.receive, name="receive"),
    path("receive/amount/", receive.amount, name="receive-amount"),
    path("receive/<uuid:code_id>/", receive.asked, name="asked"),
    path("top-up/", receive.top_up, name="top-up"),
]
