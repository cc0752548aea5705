"""The native functions on Polars."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl

    from cxkit.engines.frame.backend import Columns, LazyFrame, Row

# How many of the unit a microsecond has, and how many microseconds the unit has.
_SCALES: Final = {"ms": (1, 1000), "us": (1, 1), "ns": (1000, 1)}
# It groups by text in half the time of the other.
_ENGINE: Final = "streaming"


def scan(path: str) -> pl.LazyFrame:
    """Return a lazy table over Parquet files."""
    import polars as pl

    return pl.scan_parquet(path)


def instant(frame: LazyFrame, column: str, name: str) -> LazyFrame:
    """Add the microseconds since 1970 in UTC of a column of aware datetimes."""
    import polars as pl

    dtype = frame.collect_schema()[column]
    down, up = _SCALES[dtype.time_unit]  # type: ignore[attr-defined]
    return _again(_native(frame).with_columns((pl.col(column).to_physical() // down * up).alias(name)))


def odd(frame: LazyFrame, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the text columns that hold an empty text, or more than ASCII."""
    import polars as pl

    def is_odd(column: str) -> pl.Expr:
        length = pl.col(column).str.len_bytes()
        return (length.min() == 0) | (length != pl.col(column).str.len_chars()).any()

    found = _native(frame).select([is_odd(column).alias(column) for column in columns]).collect(engine=_ENGINE)
    return tuple(column for column in columns if found.item(0, column))


def composed(frame: LazyFrame, columns: Sequence[str]) -> LazyFrame:
    """Put text columns into NFC."""
    import polars as pl

    return _again(_native(frame).with_columns([pl.col(column).str.normalize("NFC") for column in columns]))


def beside(frame: LazyFrame, texts: Columns, wholes: Columns) -> LazyFrame:  # noqa: ARG001 - DuckDB needs the frame
    """Return a small table, of columns of text and of integers, that can be joined to the frame."""
    import polars as pl

    columns = [pl.Series(name, values, pl.String) for name, values in texts.items()]
    columns += [pl.Series(name, values, pl.Int64) for name, values in wholes.items()]
    return _again(pl.DataFrame(columns).lazy())


@contextmanager
def near(frame: LazyFrame) -> Iterator[LazyFrame]:
    """Read the frame into memory, for a Parquet file's text takes longer to decode than to look at."""
    with held(frame) as found:
        yield found


@contextmanager
def held(frame: LazyFrame) -> Iterator[LazyFrame]:
    """Compute the frame into memory.

    The streaming engine cuts all columns into chunks at the same rows; the other doesn't, and then every filter has to
    put that right.
    """
    yield _again(_native(frame).collect(engine="streaming").lazy())


def rows(frames: Sequence[LazyFrame]) -> list[list[Row]]:
    """Compute frames together, so that what they share is computed once, and return their rows."""
    import polars as pl

    return [frame.rows() for frame in pl.collect_all([_native(frame) for frame in frames], engine=_ENGINE)]


def _native(frame: LazyFrame) -> pl.LazyFrame:
    native: pl.LazyFrame = frame.to_native()
    return native


def _again(native: pl.LazyFrame) -> LazyFrame:
    return nw.from_native(native)
