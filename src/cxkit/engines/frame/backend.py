"""What a table library must do natively, for narwhals doesn't: one module a library, with the same functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import narwhals.stable.v2 as nw

from cxkit.errors import MissingExtraError, UnsupportedError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

LazyFrame = nw.LazyFrame[Any]
Row = tuple[Any, ...]
Columns = Mapping[str, Sequence[Any]]


class Backend(Protocol):
    """The functions of `on_polars` and `on_duckdb`."""

    def scan(self, path: str) -> Any:  # noqa: ANN401 - a native table
        """Return a lazy native table over Parquet files."""
        ...

    def instant(self, frame: LazyFrame, column: str, name: str) -> LazyFrame:
        """Add the microseconds since 1970 in UTC of a column of aware datetimes."""
        ...

    def odd(self, frame: LazyFrame, columns: Sequence[str]) -> tuple[str, ...]:
        """Return the text columns that hold an empty text, or more than ASCII."""
        ...

    def composed(self, frame: LazyFrame, columns: Sequence[str]) -> LazyFrame:
        """Put text columns into NFC."""
        ...

    def beside(self, frame: LazyFrame, texts: Columns, wholes: Columns) -> LazyFrame:
        """Return a small table, of columns of text and of integers, that can be joined to the frame."""
        ...

    def near(self, frame: LazyFrame) -> AbstractContextManager[LazyFrame]:
        """Return the frame for two or three looks: in memory, if looking again costs more than keeping."""
        ...

    def held(self, frame: LazyFrame) -> AbstractContextManager[LazyFrame]:
        """Compute the frame once, to be read several times while the context lasts."""
        ...

    def rows(self, frames: Sequence[LazyFrame]) -> list[list[Row]]:
        """Compute frames together and return their rows as Python tuples."""
        ...


def backend_of(table: object) -> tuple[Backend, LazyFrame]:
    """Return the functions for a table's library, and the table as narwhals sees it.

    Raises:
        UnsupportedError: the library isn't one of those that the engine works on.
    """
    native = nw.from_native(table, pass_through=True)
    if isinstance(native, nw.DataFrame):
        native = native.lazy() if native.implementation.is_polars() else _to_polars(native)
    if isinstance(native, nw.LazyFrame):
        if native.implementation.is_polars():
            from cxkit.engines.frame import on_polars

            return on_polars, native
        if native.implementation.is_duckdb():
            from cxkit.engines.frame import on_duckdb

            return on_duckdb, native
    message = (
        f"the frame engine can't read a {type(table).__module__}.{type(table).__qualname__}: it reads Polars, pandas "
        "and Arrow tables and DuckDB relations, so turn it into one, such as with polars.from_dicts(rows)"
    )
    raise UnsupportedError(message)


def backend_named(engine: str) -> Backend:
    """Return the functions of a library by its name.

    Raises:
        MissingExtraError: the library isn't installed.
        UnsupportedError: the engine doesn't work on it.
    """
    try:
        if engine == "polars":
            import polars as pl  # noqa: F401

            from cxkit.engines.frame import on_polars

            return on_polars
        if engine == "duckdb":
            import duckdb  # noqa: F401

            from cxkit.engines.frame import on_duckdb

            return on_duckdb
    except ModuleNotFoundError:
        raise MissingExtraError("frame", engine) from None
    message = f"the frame engine doesn't work on {engine!r}: choose 'polars' or 'duckdb'"
    raise UnsupportedError(message)


def _to_polars(frame: nw.DataFrame[Any]) -> LazyFrame:
    """Hand an eager pandas or Arrow table to Polars, which computes windows many times as quick."""
    try:
        return frame.lazy("polars")
    except ModuleNotFoundError:
        raise MissingExtraError("frame", "polars") from None
