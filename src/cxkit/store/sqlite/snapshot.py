"""Rows as they stood at one moment, read a thousand at a time."""

from __future__ import annotations

import sqlite3
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from cxkit.store.sqlite import schema
from cxkit.store.sqlite.failure import failure

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROWS_AT_A_TIME: Final = 1000


class Snapshot:
    """The rows of one query as they stood at one moment, on a connection of their own.

    Attributes:
        texts: the words of that moment.
    """

    def __init__(self, connection: sqlite3.Connection, sql: str, parameters: Sequence[Any], path: str) -> None:
        """Fix the moment by a first read; the query, which may have to sort, waits until rows are wanted."""
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = connection
        self._rows = connection.cursor()
        self._query: tuple[str, Sequence[Any]] | None = (sql, parameters)
        self._path = path
        self._rest: list[tuple[Any, ...]] = []
        self._failed: Exception | None = None
        connection.execute("BEGIN")
        self.texts = schema.load_texts(connection)

    def take(self) -> list[tuple[Any, ...]]:
        """Return the next rows, none at the end."""
        with self._lock:
            if self._connection is None:
                if self._failed is not None:
                    raise self._failed
                rows, self._rest = self._rest, []
                return rows
            try:
                rows = self._run().fetchmany(_ROWS_AT_A_TIME)
            except sqlite3.Error as error:
                self._close()
                raise failure(self._path, error) from error
            if not rows:
                self._close()
            return rows

    def _run(self) -> sqlite3.Cursor:
        if self._query:
            self._rows.execute(*self._query)
            self._query = None
        return self._rows

    def detach(self) -> None:
        """Take the remaining rows into memory and let the file go; whoever reads on hears if that failed."""
        with self._lock:
            if self._connection is None:
                return
            try:
                self._rest = self._run().fetchall()
            except sqlite3.Error as error:
                self._failed = failure(self._path, error)
            except MemoryError as error:
                self._failed = error
            finally:
                self._close()

    def close(self) -> None:
        """Let the file go; what wasn't taken is dropped."""
        with self._lock:
            self._rest = []
            if self._connection is not None:
                self._close()

    def _close(self) -> None:
        # The cursor first: a statement that lives on would keep the file open behind a closed connection.
        self._rows.close()
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def __del__(self) -> None:
        """Close what nobody read to the end."""
        self.close()
