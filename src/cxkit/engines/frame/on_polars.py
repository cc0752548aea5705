"""The native functions on Polars."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, cast

import narwhals.stable.v2 as nw

from cxkit.engines.frame.joined import replaced_by_join

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import polars as pl

    from cxkit.engines.frame.backend import Columns, LazyFrame, Row

# How many of the unit a microsecond has, and how many microseconds the unit has.
_SCALES: Final = {"ms": (1, 1000), "us": (1, 1), "ns": (1000, 1)}
# It groups by text in half the time of the other.
_ENGINE: Final = "streaming"
MOST_ROWS: Final = 12_000_000
"""How many rows of Parquet files are read into memory: twelve columns of as many take some five gigabytes."""
_folder: ContextVar[str | None] = ContextVar("_folder", default=None)
WIDE: Final = True
_serial = count()


def scan(paths: Sequence[str], *, partitioned: bool) -> pl.LazyFrame:
    """Return a lazy table over Parquet files."""
    import polars as pl

    return pl.scan_parquet(list(paths), hive_partitioning=partitioned, missing_columns="insert")


def of_arrow(table: Any) -> pl.DataFrame:  # noqa: ANN401 - an Arrow table
    """Return an Arrow table as a data frame."""
    import polars as pl

    return cast("pl.DataFrame", pl.from_arrow(table))


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


def replaced(frame: LazyFrame, column: str, mapping: Mapping[str, str]) -> LazyFrame:
    """Replace the texts of a column that a mapping knows; null stays null."""
    import polars as pl

    if _folder.get() is not None:
        # The mapping is hashed anew for each chunk of rows else, and what is read meanwhile takes gigabytes.
        return replaced_by_join(beside, frame, column, mapping)
    # In a third of a join's time, for the other columns stay where they are.
    return _again(_native(frame).with_columns(pl.col(column).replace([*mapping], [*mapping.values()])))


@contextmanager
def near(frame: LazyFrame, wanted: nw.Expr | None) -> Iterator[tuple[LazyFrame, bool]]:
    """Read the frame into memory, for a Parquet file's text takes longer to decode than to look at.

    Files of many rows stay where they are, and while the context lasts whatever is held goes to disk.
    """
    large = _is_large(frame)
    frame = frame if wanted is None else frame.filter(wanted)
    if not large:
        yield _again(_native(frame).collect(engine=_ENGINE).lazy()), True
        return
    with TemporaryDirectory(prefix="cxkit-") as folder:
        token = _folder.set(folder)
        try:
            yield frame, False
        finally:
            _folder.reset(token)


@contextmanager
def held(frame: LazyFrame) -> Iterator[LazyFrame]:
    """Compute the frame into memory, or of a large table into a file of its own.

    The streaming engine cuts all columns into chunks at the same rows; the other doesn't, and then every filter has to
    put that right.
    """
    folder = _folder.get()
    if folder is None:
        yield _again(_native(frame).collect(engine=_ENGINE).lazy())
        return
    import polars as pl

    path = Path(folder) / f"{next(_serial)}.parquet"
    # Where the order of rows matters, they are sorted: so it needn't be kept.
    _native(frame).sink_parquet(path, compression="lz4", statistics=False, maintain_order=False, engine=_ENGINE)
    try:
        yield _again(pl.scan_parquet(path))
    finally:
        path.unlink()


def coded(frame: LazyFrame, columns: Sequence[str]) -> LazyFrame:
    """Make columns of text categorical, which takes as long as to compare them four times; a large table isn't held."""
    import polars as pl

    if _folder.get() is not None:
        return frame
    cast = _native(frame).with_columns([pl.col(column).cast(pl.Categorical) for column in columns])
    return _again(cast.collect(engine=_ENGINE).lazy())


def rows(frames: Sequence[LazyFrame]) -> list[list[Row]]:
    """Compute frames together, so that what they share is computed once, and return their rows.

    Of a large table one after the other, for what each needs in memory comes together else.
    """
    import polars as pl

    natives = [_native(frame) for frame in frames]
    if _folder.get() is not None:
        return [native.collect(engine=_ENGINE).rows() for native in natives]
    return [frame.rows() for frame in pl.collect_all(natives, engine=_ENGINE)]


def _is_large(frame: LazyFrame) -> bool:
    """Say whether a frame would take gigabytes; only of one that can be counted without reading any column."""
    import polars as pl

    counted = _native(frame).select(pl.len())
    plan = counted.explain()
    if not 0 < plan.count(" SCAN [") == plan.count("PROJECT 0/"):
        return False
    return int(counted.collect(engine=_ENGINE).item()) > MOST_ROWS


def _native(frame: LazyFrame) -> pl.LazyFrame:
    native: pl.LazyFrame = frame.to_native()
    return native


def _again(native: pl.LazyFrame) -> LazyFrame:
    return nw.from_native(native)
