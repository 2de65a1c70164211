"""The database as migrations left it, to go back to after every test that committed.

Emptying all tables and letting `post_migrate` make the system's own rows again takes ten times as long. Works
as the superuser: the service's own role may neither empty the ledger nor go past its triggers.
"""

import psycopg
from psycopg.sql import SQL, Composable, Identifier

TABLES = """
    SELECT relname, array_agg(attname::text ORDER BY attnum)
    FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'django_migrations'
      AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
    GROUP BY relname ORDER BY relname
"""
BEGIN = "SET LOCAL session_replication_role = replica; SET LOCAL lock_timeout = '5s'"


class Pristine:
    """A copy of every row that exists right after migrating, in a schema of its own."""

    def __init__(self, superuser_url: str) -> None:
        self._url = superuser_url
        self._restore: list[Composable] = []

    def remember(self) -> None:
        """Copy the rows that exist now."""
        with psycopg.connect(self._url) as connection:
            connection.execute("CREATE SCHEMA pristine")
            tables = connection.execute(TABLES).fetchall()
            for table, columns in tables:
                self._remember_table(connection, table, columns)
        deletes: list[Composable] = [SQL("DELETE FROM {}").format(Identifier(table)) for table, _ in tables]
        self._restore = [SQL(BEGIN), *deletes, *self._restore]

    def restore(self) -> None:
        """Make all tables as they were; waits at most five seconds for a transaction that was left open."""
        with psycopg.connect(self._url) as connection:
            connection.execute(SQL("; ").join(self._restore))

    def _remember_table(
        self, connection: psycopg.Connection[tuple[object, ...]], table: str, columns: list[str]
    ) -> None:
        copy, original = Identifier("pristine", table), Identifier(table)
        made = connection.execute(SQL("CREATE TABLE {} AS SELECT * FROM {}").format(copy, original))
        if made.rowcount:
            names = SQL(", ").join(Identifier(column) for column in columns)
            insert = SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {}")
            self._restore.append(insert.format(original, names, names, copy))
