"""The one clock that decides: the database's."""

from datetime import datetime

from django.db import connection


def now() -> datetime:
    """Return the database's time: that of the transaction's start inside one, of this call outside."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        return cursor.fetchone()[0]  # type: ignore[no-any-return]
