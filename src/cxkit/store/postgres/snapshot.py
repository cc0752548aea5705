"""Rows as they stood at one moment, fetched from a cursor of the server's a thousand at a time."""

from __future__ import annotations

from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from cxkit.store.postgres.address import driver
from cxkit.store.postgres.failure import failure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import psycopg

    from cxkit.errors import StoreError

_ROWS_AT_A_TIME: Final = 2000


class Snapshot:
    """The rows of one query as they stood at one moment, on a connection of their own."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        sql: str,
        parameters: Sequence[Any],
        name: str,
        release: Callable[[psycopg.Connection[Any]], None],
    ) -> None:
        """Declare a cursor: that fixes the moment, and nothing is sorted before rows are wanted."""
        self._lock = Lock()
        self._name = name
        self._release = release
        self._failed: StoreError | None = None
        self._connection: psycopg.Connection[Any] | None = connection
        self._rows = connection.cursor("cxkit", binary=True)
        try:
            connection.execute("BEGIN READ ONLY")
            self._rows.execute(sql, parameters)
        except BaseException:
            self._close()
            raise

    def take(self) -> list[tuple[Any, ...]]:
        """Return the next rows, none at the end."""
        psycopg = driver()
        with self._lock:
            if self._connection is None:
                if self._failed is not None:
                    raise self._failed
                return []
            try:
                rows: list[tuple[Any, ...]] = self._rows.fetchmany(_ROWS_AT_A_TIME)
            except psycopg.Error as error:
                self._close()
                raise failure(self._name, error) from error
            if not rows:
                self._finish()
            return rows

    def _finish(self) -> None:
        psycopg = driver()
        connection = self._connection
        if connection is None:
            return
        try:
            self._rows.close()
            connection.commit()
        except psycopg.Error:  # every row is here: what matters is over
            self._close()
        else:
            self._connection = None
            self._release(connection)

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(driver().Error):
                self._rows.close()
            connection.close()

    def abandon(self, failed: StoreError) -> object:
        """In a forked child: leave the connection to the parent; whoever reads on here hears of it."""
        self._lock = Lock()
        connection, self._connection = self._connection, None
        if connection is not None:
            self._failed = failed
        return (connection, self._rows)

    def __del__(self) -> None:
        """Close what nobody read to the end."""
        self._close()
