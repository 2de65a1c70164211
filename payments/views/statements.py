"""What moved one's own money: page by page, or a period as a file."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from django.http import HttpResponseBase, StreamingHttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from outbox import clock
from payments import answers, days, requests
from payments.errors import AccountNotFound
from payments.models import Account
from payments.serializers import EntryView
from payments.statements import booked, camt_export, csv_export
from payments.statements.booked import Booked
from payments.statements.lines import Entry, statement
from payments.statements.periods import LONGEST_DAYS, Period, PeriodError
from payments.statements.whose import WALLET, SeveralShops, account_of
from payments.views import calls
from payments.views.codes import AsItIs
from payments.views.documents import PAGE, page_of
from people import throttle

# The dearest call for the database: somebody who looks for a period asks a few times, a program once a day.
MOST_FILES = 60
_VERSION = re.compile("[0-9]{1,18}")  # fits a bigint
_WHY = {
    PeriodError.NO_DAY: gettext_lazy("Give a day as YYYY-MM-DD."),
    PeriodError.REVERSED: gettext_lazy("The first day is after the last."),
    PeriodError.TOO_LONG: gettext_lazy("A statement covers at most %(days)d days."),
}
_PERIOD = [
    OpenApiParameter(
        "from", OpenApiTypes.DATE, description="The first day; by default the first of the last day's month."
    ),
    OpenApiParameter(
        "to",
        OpenApiTypes.DATE,
        description=f"The last day, included; today by default. At most {LONGEST_DAYS} days in all.",
    ),
    OpenApiParameter(
        "account",
        OpenApiTypes.STR,
        description='"wallet" (default), "merchant", or the number of one of your accounts.',
    ),
]


class Statement(APIView):
    """Every movement of one's own wallet."""

    @extend_schema(operation_id="me_statement_list", parameters=PAGE, responses=page_of(EntryView))
    def get(self, request: Request) -> Response:
        """List them, newest first."""
        page = requests.page(request)
        entries = statement(
            user_id=calls.person(request).pk, before=_version(page.cursor), limit=page.limit + 1
        )
        shown = entries[: page.limit]
        more = shown[-1].version if len(entries) > page.limit else None
        return Response(requests.listed(request, [_entry(each) for each in shown], next_cursor=more))


class CsvStatement(APIView):
    """A period of one's own wallet or shop, for spreadsheets."""

    content_negotiation_class = AsItIs

    @extend_schema(
        operation_id="me_statement_csv",
        parameters=_PERIOD,
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Write it as CSV: oldest first, between the opening and the closing balance."""
        return csv_file(*_asked(request))


class CamtStatement(APIView):
    """A period of one's own wallet or shop, for bookkeeping programs."""

    content_negotiation_class = AsItIs

    @extend_schema(
        operation_id="me_statement_xml",
        parameters=_PERIOD,
        responses={(200, "application/xml"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Write it as ISO 20022 camt.053.001.08."""
        return camt_file(*_asked(request))


class _Export(Iterator[bytes]):
    """A file on its way; whoever ends the answer closes it, also before it began."""

    def __init__(self, source: Booked, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self.close = source.close

    def __next__(self) -> bytes:
        return next(self._chunks)


def csv_file(account: Account, period: Period) -> HttpResponseBase:
    """Return an account's period as CSV."""
    return _file(account, period, csv_export.chunks, "text/csv; charset=utf-8; header=present", "csv")


def camt_file(account: Account, period: Period) -> HttpResponseBase:
    """Return an account's period as camt.053."""
    return _file(account, period, camt_export.chunks, "application/xml", "xml")


def _file(
    account: Account,
    period: Period,
    write: Callable[[Booked], Iterator[bytes]],
    content_type: str,
    suffix: str,
) -> HttpResponseBase:
    source = booked.read(account=account, period=period)
    name = f"statement-{account.pk}-{period.first}-{period.last}.{suffix}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return StreamingHttpResponse(_Export(source, write(source)), content_type=content_type, headers=headers)


def _asked(request: Request) -> tuple[Account, Period]:
    """Return whose account, and which days of it.

    Raises:
        PageInvalid: no such days.
        AccountNotFound: none of the caller's.
        TooManyTries: the caller asked for too many files lately.
    """
    throttle.take({f"statements {calls.person(request).pk}": MOST_FILES})
    asked: Any = request.query_params
    period = period_of(asked.get("from"), asked.get("to"))
    named = asked.get("account", WALLET)
    try:
        return account_of(calls.person(request).pk, named), period
    except SeveralShops as several:
        text = _("You have several shops. Give the number of one's account: %(numbers)s.")
        raise requests.invalid(
            "account", text % {"numbers": ", ".join(map(str, several.numbers))}
        ) from several
    except Account.DoesNotExist:
        if named == WALLET:
            raise  # the same answer as everywhere
        raise AccountNotFound from None


def period_of(first: str | None, last: str | None) -> Period:
    """Return the days between two texts, by the database clock where one is missing.

    Raises:
        PageInvalid: there are none, or too many.
    """
    try:
        return Period.read(first, last, today=days.business_day(clock.now()))
    except PeriodError as error:
        text = str(_WHY[error.reason])
        raise requests.invalid(error.field, text % {"days": LONGEST_DAYS} if "%" in text else text) from error


def _version(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if _VERSION.fullmatch(cursor) is None:
        raise requests.cursor_invalid()
    return int(cursor)


def _entry(entry: Entry) -> answers.Json:
    return {
        "id": str(entry.id),
        "kind": entry.kind,
        "amount": entry.amount,
        "balance_after": entry.balance_after,
        "counterparty": entry.counterparty,
        "payment": _id(entry.payment_id),
        "withdrawal": _id(entry.withdrawal_id),
        "top_up": _id(entry.top_up_id),
        "created_at": answers.instant(entry.created_at),
    }


def _id(cause: object | None) -> str | None:
    return None if cause is None else str(cause)
