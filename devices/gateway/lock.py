"""Only one gateway is active: whoever holds a lock of the database, for as long as its connection lives."""

from django.db import InterfaceError, OperationalError, connection

LOCK_ID = 0x5A0A_0001  # any number nobody else uses


class ActiveLock:
    """The lock, bound to the one database connection through which the gateway also writes.

    If the database ends that connection, the lock and the right to write end together. It needs a direct
    connection: behind a pooler that shares connections between transactions it would mean nothing.
    """

    def __init__(self) -> None:
        self._held_by: object | None = None

    def take(self) -> bool:
        """Take the lock if it is free."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK_ID])
            (taken,) = cursor.fetchone()
        self._held_by = connection.connection if taken else None
        return bool(taken)

    def is_held(self) -> bool:
        """Is the connection that took the lock still the one in use, and alive?"""
        if self._held_by is None or connection.connection is not self._held_by:
            return False
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except (OperationalError, InterfaceError):
            return False
        return True

    def drop(self) -> None:
        """Give the lock up by ending the connection."""
        self._held_by = None
        connection.close()
