"""Sketch on tables: the bucket is integer arithmetic, so every library agrees on it."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

from cxkit.engines.frame.cells import grouped
from cxkit.engines.frame.columns import whole
from cxkit.stats import Sketch, SketchState
from cxkit.stats.sketch import WIDTHS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cxkit.engines.frame.backend import LazyFrame
    from cxkit.engines.frame.cells import Keys, Place, Queries
    from cxkit.engines.frame.table import Table

BUCKET = "cx_bucket"
_GREATEST = 2**63 - 1
_VALUE, _SIZE = nw.col("cx_bucketed"), nw.col("cx_size")


def plan(statistic: Sketch, table: Table, keys: Keys, queries: Queries) -> Callable[[], Mapping[Place, SketchState]]:
    """Plan the histogram of a column."""
    greatest = table.facts.greatest.get(statistic.of, _GREATEST)
    frame = bucketed(table.where(statistic.where), table.whole(statistic.of), greatest)
    query = queries.ask(grouped(frame, (*keys.cell, BUCKET)), len(keys.cell) + 1)

    def finish() -> Mapping[Place, SketchState]:
        counts: dict[Place, dict[int | None, int]] = defaultdict(dict)
        for (*cell, edge), measured in query:
            counts[keys.place(cell)][edge] = int(measured["cx_n"])
        return {place: state(found) for place, found in counts.items()}

    return finish


def bucketed(frame: LazyFrame, value: nw.Expr, greatest: int) -> LazyFrame:
    """Add the bucket of an integer column, as `BUCKET`; null stays null.

    One step after the other: an expression is written out again wherever it is used, and the width asks for the size
    at each of its bounds.

    Args:
        frame: the table.
        value: the column.
        greatest: what no value exceeds either way.
    """
    # The least integer of 64 bits has no opposite, but its neighbour stands in the same bucket.
    below = nw.when(_VALUE < -_GREATEST).then(whole(_GREATEST)).otherwise(-_VALUE)
    frame = frame.with_columns(value.alias("cx_bucketed"))
    frame = frame.with_columns(nw.when(_VALUE >= 0).then(_VALUE).otherwise(below).alias("cx_size"))
    frame = frame.with_columns(_width(_SIZE, WIDTHS[: bisect_left(WIDTHS, (greatest + 1,)) + 1]).alias("cx_width"))
    frame = frame.with_columns((_SIZE - _SIZE % nw.col("cx_width")).alias("cx_edge"))
    edge = nw.when(_VALUE >= 0).then(nw.col("cx_edge")).otherwise(-nw.col("cx_edge"))
    return frame.with_columns(edge.alias(BUCKET))


def _width(size: nw.Expr, widths: Sequence[tuple[int, int]]) -> nw.Expr:
    if len(widths) == 1:
        return whole(widths[0][1])
    middle = len(widths) // 2
    below = size < whole(widths[middle - 1][0])
    return nw.when(below).then(_width(size, widths[:middle])).otherwise(_width(size, widths[middle:]))


def state(counts: Mapping[int | None, int]) -> SketchState:
    """Return the state of counts by bucket, None standing for no value."""
    edges = sorted(edge for edge in counts if edge is not None)
    return SketchState({int(edge): int(counts[edge]) for edge in edges}, int(counts.get(None, 0)))
