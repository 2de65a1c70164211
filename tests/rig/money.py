"""Money is conserved: the auditor, after every test that used the database."""

from collections.abc import Collection

from django.db import connection
from psycopg.pq import TransactionStatus

from payments import audit


def assert_conserved(*, besides: Collection[str] = ()) -> None:
    """Fail when the books are wrong; what stands in a broken transaction will never be committed."""
    if not _transaction_is_broken():
        audit.assert_conserved(besides=besides)


def _transaction_is_broken() -> bool:
    if connection.needs_rollback:
        return True
    wire = connection.connection
    if wire is None or wire.closed:
        return connection.in_atomic_block
    return bool(wire.info.transaction_status == TransactionStatus.INERROR)
