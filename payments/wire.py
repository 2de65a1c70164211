"""One database function, one round trip, no layer between: for the payment itself, where each one counts.

Measured, a cursor that adapts thirty values and fetches one row took longer than the database needed to move
the money. So this calls libpq through `psycopg.pq`, with text for every value. Errors are Django's, as from a
cursor.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID
from weakref import WeakKeyDictionary

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import pq

Value = str | int | bool | bytes | UUID | date | Sequence[UUID] | Sequence[str] | None


# What each open connection has prepared: statement -> name.
_prepared: WeakKeyDictionary[psycopg.Connection, dict[bytes, bytes]] = WeakKeyDictionary()


def row(statement: bytes, values: Sequence[Value]) -> list[str | None] | None:
    """Run a statement with $1, $2 ... and return its first row as text, None if there is none.

    In autocommit the statement is a transaction of its own; inside `atomic` it takes part as a cursor's does.
    """
    django = connections[DEFAULT_DB_ALIAS]  # `connection` would look this up at every mention
    django.ensure_connection()
    with django.wrap_database_errors:
        opened = django.connection
        if django.in_atomic_block and opened.pgconn.transaction_status == pq.TransactionStatus.IDLE:
            opened.execute("SELECT 1")  # psycopg begins a transaction with its first statement only
        name = _prepared.setdefault(opened, {}).get(statement) or _prepare(opened, statement)
        result = opened.pgconn.exec_prepared(name, [_text(value) for value in values])
        if django.queries_logged:  # in tests that count queries, and under DEBUG
            django.queries_log.append({"sql": statement.decode(), "time": "0"})
        if result.status != pq.ExecStatus.TUPLES_OK:
            raise _error(result)
        if result.ntuples == 0:
            return None
        found = [result.get_value(0, column) for column in range(result.nfields)]
        return [None if value is None else value.decode() for value in found]


def _prepare(opened: psycopg.Connection, statement: bytes) -> bytes:
    name = f"saoma_{len(_prepared[opened])}".encode()
    result = opened.pgconn.prepare(name, statement)
    if result.status != pq.ExecStatus.COMMAND_OK:
        raise _error(result)
    _prepared[opened][statement] = name
    return name


def _text(value: Value) -> bytes | None:
    if isinstance(value, str):
        return value.encode()
    if value is None:
        return None
    if isinstance(value, bytes):
        return b"\\x" + value.hex().encode()
    if isinstance(value, list):
        return ("{" + ",".join(f'"{_quoted(str(each))}"' for each in value) + "}").encode()
    return str(value).encode()


def _quoted(element: str) -> str:
    return element.replace("\\", "\\\\").replace('"', '\\"')


def _error(result: pq.abc.PGresult) -> psycopg.Error:
    sqlstate = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode()
    message = (result.error_message or b"").decode(errors="replace").strip()
    try:
        return psycopg.errors.lookup(sqlstate)(message)
    except KeyError:
        return psycopg.OperationalError(message)  # no SQLSTATE: the connection broke
