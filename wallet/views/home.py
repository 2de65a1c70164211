"""The first page, and the history."""

from datetime import date, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.http import urlencode

from payments.statements.periods import LONGEST_DAYS
from wallet import live, movements
from wallet.access import person, signed_in
from wallet.home import home as home_of

QUIET_S = 5  # while no machine is in use, only money that arrives can change the page


@signed_in
def home(request: HttpRequest) -> HttpResponse:
    """Show the balance, what runs, and what moved last."""
    put_away = request.COOKIES.get("put_away", "").split(".")
    shown = home_of(user_id=person(request).pk, put_away=put_away)
    context = {
        "home": shown,
        "person": person(request),
        "is_hidden": request.COOKIES.get("hide_balance") == "1",
        "may_top_up": settings.DEMO,
    }
    return live.answer(
        request,
        page="wallet/home.html",
        fragment="wallet/live/home.html",
        version=shown.version,
        context=context,
        every_s=1 if shown.using else QUIET_S,
    )


@signed_in
def history(request: HttpRequest) -> HttpResponse:
    """Show what moved, day by day, and older days on request."""
    page = movements.page(
        user_id=person(request).pk,
        before=_before(request),
        after_day=_date(request.GET.get("day", "")),
        today=timezone.localdate(),
    )
    ask = {"before": str(page.before)} | ({"day": str(page.last)} if page.last else {})
    more = f"{reverse('wallet:history')}?{urlencode(ask)}" if page.before else ""
    more_of_it = request.headers.get("HX-Request")
    template = "wallet/live/days.html" if more_of_it else "wallet/history.html"
    return render(request, template, {"days": page.days, "more": more, "statement": _statement()})


def _statement() -> str:
    """Return the address of the last year's statement: as many days as one covers."""
    today = timezone.localdate()
    ask = {"from": str(today - timedelta(days=LONGEST_DAYS - 1)), "to": str(today)}
    return f"{reverse('me_statement_csv')}?{urlencode(ask)}"


def _before(request: HttpRequest) -> int | None:
    text = request.GET.get("before", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _date(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None
