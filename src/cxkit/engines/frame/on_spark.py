"""The native functions on Spark, classic and Connect. Whatever is made is made in the session of the caller's table."""

from __future__ import annotations

import os
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import narwhals.stable.v2 as nw

from cxkit.engines.frame.joined import replaced_by_join

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pyspark.sql import Column, DataFrame, SparkSession

    from cxkit.engines.frame.backend import Columns, LazyFrame, Row

WIDE: Final = False


def scan(paths: Sequence[str], *, partitioned: bool) -> DataFrame:
    """Return a data frame over Parquet files, in the session that is there."""
    reader = _session().read.option("mergeSchema", "true")
    if partitioned:  # what stands before the first key is where the columns begin
        reader = reader.option(
            "basePath", os.path.commonpath([path.partition("=")[0].rpartition("/")[0] for path in paths])
        )
    return reader.parquet(*paths)


def of_arrow(table: Any) -> DataFrame:  # noqa: ANN401 - an Arrow table
    """Return an Arrow table as a data frame, in the session that is there."""
    return _session().createDataFrame(table)


def instant(frame: LazyFrame, column: str, name: str) -> LazyFrame:
    """Add the microseconds since 1970 in UTC of a column of aware datetimes."""
    return _again(_native(frame).withColumn(name, _functions(frame).unix_micros(column)))


def odd(frame: LazyFrame, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the text columns that hold an empty text, or more than ASCII."""
    fn = _functions(frame)

    def is_odd(column: str) -> Column:
        found: Column = fn.max((fn.length(column) == 0) | (fn.octet_length(column) > fn.length(column)))
        return found

    (found,) = _native(frame).select(*[is_odd(column) for column in columns]).collect()
    return tuple(column for column, it_is in zip(columns, found, strict=True) if it_is)


def composed(frame: LazyFrame, columns: Sequence[str]) -> LazyFrame:
    """Put text columns into NFC: Spark has no function for it, so its workers' Python does it."""
    from unicodedata import normalize

    fn = _functions(frame)
    nfc = fn.udf(lambda text: None if text is None else normalize("NFC", text), "string", useArrow=False)
    return _again(_native(frame).withColumns({column: nfc(fn.col(column)) for column in columns}))


def beside(frame: LazyFrame, texts: Columns, wholes: Columns) -> LazyFrame:
    """Return a small table, of columns of text and of integers, that can be joined to the frame."""
    schema = ", ".join([*[f"`{name}` string" for name in texts], *[f"`{name}` bigint" for name in wholes]])
    rows = [tuple(row) for row in zip(*texts.values(), *wholes.values(), strict=True)]
    return _again(_functions(frame).broadcast(_native(frame).sparkSession.createDataFrame(rows, schema)))


def replaced(frame: LazyFrame, column: str, mapping: Mapping[str, str]) -> LazyFrame:
    """Replace the texts of a column that a mapping knows; null stays null."""
    return replaced_by_join(beside, frame, column, mapping)


@contextmanager
def near(frame: LazyFrame, wanted: nw.Expr | None) -> Iterator[tuple[LazyFrame, bool]]:
    """Leave the frame where it is: it may be larger than the memory of all executors."""
    yield frame if wanted is None else frame.filter(wanted), False


@contextmanager
def held(frame: LazyFrame) -> Iterator[LazyFrame]:
    """Keep the frame on the executors while the context lasts; what has no room in their memory goes to their disks."""
    native = _native(frame).persist()
    try:
        yield _again(native)
    finally:
        native.unpersist()


def coded(frame: LazyFrame, columns: Sequence[str]) -> LazyFrame:  # noqa: ARG001 - Polars needs them
    """Leave the frame as it is: Spark has no type for it."""
    return frame


def rows(frames: Sequence[LazyFrame]) -> list[list[Row]]:
    """Compute frames one after the other, each on all cores, and return their rows."""
    return [[tuple(row) for row in _native(frame).collect()] for frame in frames]


def _session() -> SparkSession:
    from pyspark.sql import SparkSession

    # Connect has no session that could be made without a server's address, but knows which one is active.
    return SparkSession.getActiveSession() or SparkSession.builder.getOrCreate()


def _functions(frame: LazyFrame) -> Any:  # noqa: ANN401 - a module that comes in two kinds
    """Return Spark's functions for a frame's kind; ``pyspark.sql.functions`` goes by the process instead, not by it."""
    is_connect = frame.implementation.is_pyspark_connect()
    return import_module("pyspark.sql.connect.functions" if is_connect else "pyspark.sql.functions")


def _native(frame: LazyFrame) -> DataFrame:
    native: DataFrame = frame.to_native()
    return native


def _again(native: Any) -> LazyFrame:  # noqa: ANN401 - a data frame, of either kind
    found: LazyFrame = nw.from_native(native)
    return found
