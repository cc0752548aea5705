"""What a table library must do natively, for narwhals doesn't: one module a library, with the same functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

import narwhals.stable.v2 as nw

from cxkit.engines import ENGINES
from cxkit.engines.frame.files import Scanned
from cxkit.errors import MissingExtraError, UnsupportedError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

_LIBRARIES: Final = {name: (engine.module, engine.extra) for name, engine in ENGINES.items() if engine.module}
LazyFrame = nw.LazyFrame[Any]
Row = tuple[Any, ...]
Columns = Mapping[str, Sequence[Any]]


class Backend(Protocol):
    """The functions of `on_polars`, `on_duckdb`, `on_spark` and `on_ibis`.

    Attributes:
        WIDE: whether integers of 128 bits are multiplied and summed, exactly and quicker than in parts of 64.
    """

    WIDE: bool

    def scan(self, paths: Sequence[str], *, partitioned: bool) -> Any:  # noqa: ANN401 - a native table
        """Return a lazy native table over Parquet files.

        Args:
            paths: the files; a column that one of them lacks is null there.
            partitioned: whether ``key=value`` in a path is a column.
        """
        ...

    def of_arrow(self, table: Any) -> Any:  # noqa: ANN401 - an Arrow table in, a native one out
        """Return an Arrow table as a native one."""
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

    def replaced(self, frame: LazyFrame, column: str, mapping: Mapping[str, str]) -> LazyFrame:
        """Replace the texts of a column that a mapping knows; null stays null."""
        ...

    def near(self, frame: LazyFrame, wanted: nw.Expr | None) -> AbstractContextManager[tuple[LazyFrame, bool]]:
        """Return the wanted rows for two or three looks, and whether they are in memory now.

        They are where looking again costs more than keeping.
        """
        ...

    def held(self, frame: LazyFrame) -> AbstractContextManager[LazyFrame]:
        """Compute the frame once, to be read several times while the context lasts."""
        ...

    def coded(self, frame: LazyFrame, columns: Sequence[str]) -> LazyFrame:
        """Make columns of text, of a frame that is held, quicker to compare with texts again and again.

        Nothing else may be done with them then.
        """
        ...

    def rows(self, frames: Sequence[LazyFrame]) -> list[list[Row]]:
        """Compute frames together and return their rows as Python tuples."""
        ...


def backend_of(table: object) -> tuple[Backend, LazyFrame]:
    """Return the functions for a table's library, and the table as narwhals sees it.

    Raises:
        UnsupportedError: the library isn't one of those that the engine works on.
    """
    native = nw.from_native(table.native if isinstance(table, Scanned) else table, pass_through=True)
    if isinstance(native, nw.DataFrame):
        native = native.lazy() if native.implementation.is_polars() else _to_polars(native)
    if isinstance(native, nw.LazyFrame):
        name = native.implementation.value.removesuffix("[connect]").replace("pyspark", "spark")
        if name in _LIBRARIES:
            return backend_named(name), native
    message = (
        f"the frame engine can't read a {type(table).__module__}.{type(table).__qualname__}: it reads Polars, pandas "
        "and Arrow tables, DuckDB relations, and tables of Spark and Ibis, so turn it into one, such as with "
        "polars.from_dicts(rows)"
    )
    raise UnsupportedError(message)


def backend_named(engine: str) -> Backend:
    """Return the functions of a library by its name.

    Raises:
        MissingExtraError: the library isn't installed.
        UnsupportedError: the engine doesn't work on it.
    """
    if engine not in _LIBRARIES:
        message = f"the frame engine doesn't work on {engine!r}: choose one of {', '.join(_LIBRARIES)}"
        raise UnsupportedError(message)
    module, extra = _LIBRARIES[engine]
    try:
        import_module(module)
    except ModuleNotFoundError:
        raise MissingExtraError(extra, module) from None
    found: Any = import_module(f"cxkit.engines.frame.on_{engine}")
    return cast("Backend", found)


def _to_polars(frame: nw.DataFrame[Any]) -> LazyFrame:
    """Hand an eager pandas or Arrow table to Polars, which computes windows many times as quick."""
    try:
        return frame.lazy("polars")
    except ModuleNotFoundError:
        raise MissingExtraError("frame", "polars") from None
