"""A statement as CSV (RFC 4180) for spreadsheets and programs alike."""

import csv
import re
from collections.abc import Iterator
from datetime import datetime
from io import StringIO
from zoneinfo import ZoneInfo

from django.conf import settings

from payments import money
from payments.statements.booked import Booked, Line

_HEADER = (
    *("booked_at", "kind", "counterparty", "memo", "amount", "amount_minor", "balance", "balance_minor"),
    *("currency", "transfer", "payment", "withdrawal", "top_up"),
)
_CHUNK = 64 * 1024  # characters
# What makes a spreadsheet take a text for a formula, full width included: https://owasp.org/www-community/attacks/CSV_Injection
# In some countries a spreadsheet cuts cells at semicolons, whatever stands in quotes.
_FORMULA = re.compile(r"(^|;)(\s*[=+\-@\t\r\n＝＋－＠])")


def chunks(booked: Booked) -> Iterator[bytes]:
    """Write the statement piece by piece: a header, the opening balance, the lines, the closing balance."""
    waiting = StringIO()
    table = csv.writer(waiting, lineterminator="\r\n")
    table.writerow(_HEADER)
    table.writerow(_balance("opening_balance", booked.opening, booked.period.begins_at))
    for line in booked.lines:
        table.writerow(_row(line))
        if waiting.tell() >= _CHUNK:
            yield waiting.getvalue().encode()
            waiting.seek(0)
            waiting.truncate()
    table.writerow(_balance("closing_balance", booked.closing, booked.period.ends_at))
    yield waiting.getvalue().encode()


def _balance(kind: str, amount: int, at: datetime) -> list[object]:
    balance = [_major(amount), amount, money.currency()]
    return [_local(at), kind, "", "", "", "", *balance, "", "", "", ""]


def _row(line: Line) -> list[object]:
    return [
        _local(line.booked_at),
        line.kind,
        _harmless(line.counterparty),
        _harmless(line.memo),
        _major(line.amount),
        line.amount,
        _major(line.balance),
        line.balance,
        money.currency(),
        line.transfer_id,
        line.payment_id,
        line.withdrawal_id,
        line.top_up_id,
    ]


def _major(amount: int) -> str:
    return money.text(amount, money.currency())


def _local(at: datetime) -> str:
    """Return the instant by the calendar that cuts the days, with its offset."""
    return at.astimezone(ZoneInfo(settings.BUSINESS_TIME_ZONE)).isoformat(timespec="milliseconds")


def _harmless(text: str) -> str:
    """Keep a name from being run: a spreadsheet shows what stands behind an apostrophe as it is."""
    return _FORMULA.sub(r"\1'\2", text)
