"""The native functions on DuckDB. Whatever is made is made on the connection of the caller's relation."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any, Final

import narwhals.stable.v2 as nw

from cxkit.engines.frame.joined import replaced_by_join
from cxkit.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import duckdb

    from cxkit.engines.frame.backend import Columns, LazyFrame, Row

WIDE: Final = True
_serial = count()


def scan(paths: Sequence[str], *, partitioned: bool) -> duckdb.DuckDBPyRelation:
    """Return a relation over Parquet files, on a connection of its own."""
    import duckdb

    return duckdb.connect().read_parquet(list(paths), hive_partitioning=partitioned, union_by_name=True)


def of_arrow(table: Any) -> duckdb.DuckDBPyRelation:  # noqa: ANN401 - an Arrow table
    """Return an Arrow table as a relation, on a connection of its own."""
    import duckdb

    return duckdb.connect().from_arrow(table)


def instant(frame: LazyFrame, column: str, name: str) -> LazyFrame:
    """Add the microseconds since 1970 in UTC of a column of aware datetimes."""
    return _again(_native(frame).project(f"*, epoch_us({_quoted(column)}) as {_quoted(name)}"))


def odd(frame: LazyFrame, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the text columns that hold an empty text, or more than ASCII."""
    looks = ", ".join(f"bool_or({name} = '' or strlen({name}) > length({name}))" for name in map(_quoted, columns))
    (found,) = _native(frame).aggregate(looks).fetchall()
    return tuple(column for column, is_odd in zip(columns, found, strict=True) if is_odd)


def composed(frame: LazyFrame, columns: Sequence[str]) -> LazyFrame:
    """Put text columns into NFC."""
    replaced = ", ".join(f"nfc_normalize({_quoted(column)}) as {_quoted(column)}" for column in columns)
    return _again(_native(frame).project(f"* replace ({replaced})"))


def beside(frame: LazyFrame, texts: Columns, wholes: Columns) -> LazyFrame:
    """Return a small table, of columns of text and of integers, that can be joined to the frame."""
    import pyarrow as pa

    columns = {name: pa.array(values, pa.string()) for name, values in texts.items()}
    columns |= {name: pa.array(values, pa.int64()) for name, values in wholes.items()}
    cx_beside = pa.table(columns)
    # DuckDB finds the Arrow table by the name of the variable.
    found = _native(frame).query(f"cx_frame_{next(_serial)}", "select * from cx_beside")
    del cx_beside
    return _again(found)


def replaced(frame: LazyFrame, column: str, mapping: Mapping[str, str]) -> LazyFrame:
    """Replace the texts of a column that a mapping knows; null stays null."""
    return replaced_by_join(beside, frame, column, mapping)


@contextmanager
def near(frame: LazyFrame, wanted: nw.Expr | None) -> Iterator[tuple[LazyFrame, bool]]:
    """Leave the frame where it is: DuckDB scans quicker than it writes."""
    yield frame if wanted is None else frame.filter(wanted), False


@contextmanager
def held(frame: LazyFrame) -> Iterator[LazyFrame]:
    """Keep the frame in a temporary table while the context lasts: many queries read it."""
    name, view = f"cx_held_{next(_serial)}", f"cx_frame_{next(_serial)}"
    native = _native(frame)
    native.query(view, f"create temporary table {name} as select * from {view}")  # noqa: S608 - our own names
    try:
        yield _again(native.query(f"cx_frame_{next(_serial)}", f"select * from {name}"))  # noqa: S608 - our own name
    finally:
        native.query(f"cx_frame_{next(_serial)}", f"drop table {name}")


def coded(frame: LazyFrame, columns: Sequence[str]) -> LazyFrame:  # noqa: ARG001 - Polars needs them
    """Leave the frame as it is: DuckDB holds text that repeats as a dictionary anyway."""
    return frame


def rows(frames: Sequence[LazyFrame]) -> list[list[Row]]:
    """Compute frames one after the other, each on all cores, and return their rows."""
    return [_native(frame).fetchall() for frame in frames]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _native(frame: LazyFrame) -> duckdb.DuckDBPyRelation:
    native: duckdb.DuckDBPyRelation = frame.to_native()
    return native


def _again(native: duckdb.DuckDBPyRelation | None) -> LazyFrame:
    if native is None:  # as its types have it; a select always gives a relation
        raise UnsupportedError("DuckDB gave no relation for a select")
    return nw.from_native(native)
