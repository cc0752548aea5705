"""Parquet files as a table, and what their footers tell of it without reading a column."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Any, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LARGE: Final = 2**28
"""From so many bytes on, reading a column of times takes longer than loading pyarrow, which reads footers."""
_WHOLE: Final = ("INT64", "NONE")
_PARTITION: Final = re.compile(r"[\\/][^\\/=]+=[^\\/]*[\\/]")


@attrs.frozen(eq=False)
class Scanned:
    """A lazy native table over Parquet files.

    Attributes:
        native: the table.
        paths: the files.
        names: an event's column → what the files call it, where that is something else.
    """

    native: Any
    paths: tuple[str, ...]
    names: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class Told:
    """What is known of a table's times.

    Attributes:
        rows: how many events there are, each with a time.
        first: the first instant, or None where there are no rows.
        last: the last.
        kinds: whether each surely has a kind.
    """

    rows: int
    first: int | None
    last: int | None
    kinds: bool = False


def are_partitioned(paths: Sequence[str]) -> bool:
    """Say whether what folders' names give as ``key=value`` is a column.

    >>> are_partitioned(["events/channel=web/0.parquet"]), are_partitioned(["events.parquet"])
    (True, False)
    """
    return any(map(_PARTITION.search, paths))


def told_of(scanned: Scanned) -> Told | None:
    """Return what the footers tell; None where one doesn't, or where looking oneself is as quick."""
    if "pyarrow.parquet" not in sys.modules and _size(scanned.paths) < _LARGE:
        return None
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError:
        return None
    name, kind = (scanned.names.get(column, column) for column in ("ts_us", "kind"))
    rows, kinds, ends = 0, True, []
    if are_partitioned(scanned.paths):  # a folder may give the times
        return None
    for path in scanned.paths:
        try:
            footer = pq.read_metadata(path)
        except (OSError, pa.ArrowException):  # what is wrong with it, the library says that reads it
            return None
        found = _ends(footer, name)
        if found is None:
            return None
        rows += footer.num_rows
        ends += found
        # One by one, for pyarrow's statistics can't be compared with None.
        kinds = kinds and all(each is not None for each in _statistics(footer, kind))
    return Told(rows, min(ends, default=None), max(ends, default=None), kinds)


def _size(paths: Sequence[str]) -> int:
    try:
        return sum(map(os.path.getsize, paths))
    except OSError:
        return 0


def _ends(footer: Any, name: str) -> list[int] | None:  # noqa: ANN401 - pyarrow has no types
    """Return the least and greatest value of each row group; None unless they are exact, and no value is null."""
    at = _place(footer, name)
    # Of unsigned integers, and of times, which Arrow gives as such, the table is asked.
    if at is None or (footer.schema.column(at).physical_type, footer.schema.column(at).logical_type.type) != _WHOLE:
        return None
    found: list[int] = []
    for statistics in _statistics(footer, name):
        if statistics is None or not statistics.has_min_max:
            return None
        found += (statistics.min, statistics.max)
    return found


def _statistics(footer: Any, name: str) -> list[Any]:  # noqa: ANN401 - pyarrow has no types
    """Return what each row group tells of a column; None where it doesn't say that no value is null."""
    at = _place(footer, name)
    if at is None:
        return [None]
    groups = [footer.row_group(i) for i in range(footer.num_row_groups)]
    found = [group.column(at).statistics for group in groups if group.num_rows]
    return [None if each is None or not each.has_null_count or each.null_count else each for each in found]


def _place(footer: Any, name: str) -> int | None:  # noqa: ANN401 - pyarrow has no types
    places = [at for at in range(footer.num_columns) if footer.schema.column(at).path == name]
    return places[0] if len(places) == 1 else None
