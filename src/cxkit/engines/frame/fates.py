"""What becomes of the starts of spans: told of all statistics together, and counted in one go."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import attrs
import narwhals.stable.v2 as nw

from cxkit.engines.frame import moments, sketch
from cxkit.engines.frame.cells import COUNT, grouped
from cxkit.engines.frame.columns import whole
from cxkit.engines.frame.table import in_bounds
from cxkit.stats import MomentsState, SpansState
from cxkit.stats.moments import LIMIT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cxkit.engines.frame.backend import LazyFrame
    from cxkit.engines.frame.cells import Keys, Place, Queries, Query
    from cxkit.engines.frame.table import Table
    from cxkit.stats import Spans

NONE: Final = 2**62
"""Later than any event."""
_FATES: Final = ("unmatched", "negative", "immature", "unkeyed", "spoiled")
_WHICH: Final = "cx_which"
Parts = dict[int, list[tuple[tuple[Any, ...], dict[str, Any]]]]


class Fates:
    """The starts of several statistics with their gaps, and the ends that belong to none.

    They stand in one table, with the number of their statistic: a library then plans a query once, and not once for
    each statistic.
    """

    def __init__(self, table: Table, keys: Keys, queries: Queries) -> None:
        """Ask for everything; what is counted may be added until it is computed."""
        self._table, self._keys = table, keys
        self._starts: list[LazyFrame] = []
        self._orphans: list[LazyFrame] = []
        self._span = table.facts.span[1] - table.facts.span[0]
        n = 1 + len(keys.cell)
        self._measured = queries.ask(self._measure, n + 1)
        self._bucketed = queries.ask(self._bucket, n + 1)
        self._queries = queries
        self._alone: Query | None = None

    def add(self, paired: LazyFrame, statistic: Spans) -> int:
        """Add the starts of a statistic with their ends, and return its number."""
        fates = _fates(paired, statistic, self._table)
        number = whole(len(self._starts)).alias(_WHICH)
        self._starts.append(fates.select(number, *self._keys.cell, "cx_gap", "cx_fate"))
        return len(self._starts) - 1

    def add_orphans(self, orphans: LazyFrame) -> int:
        """Add ends that belong to no start, one a key, and return their number."""
        if self._alone is None:
            self._alone = self._queries.ask(self._count_orphans, 1 + len(self._keys.cell))
        number = whole(len(self._orphans)).alias(_WHICH)
        self._orphans.append(inside(orphans, self._table).select(number, *self._keys.cell))
        return len(self._orphans) - 1

    def states(self, number: int, orphans: int | None) -> dict[Place, SpansState]:
        """Return what was counted of a statistic, by the numbers of its starts and of its orphans, if it has any."""
        place = self._keys.place
        gaps: dict[Place, MomentsState] = {}
        buckets: dict[Place, Mapping[int | None, int]] = {}
        counts: dict[Place, Counter[str]] = defaultdict(Counter)
        for (*values, fate), measured in self._parts["measured"].get(number, ()):
            if fate is None:
                gaps[place(values)] = attrs.evolve(moments.state("gap", measured), nulls=0)
            else:
                counts[place(values)][_FATES[int(fate)]] += int(measured[COUNT])
        for cell, edges in self._buckets.get(number, ()):
            buckets[place(cell)] = edges
        for cell, measured in () if orphans is None else self._parts["alone"].get(orphans, ()):
            counts[place(cell)]["orphan"] += int(measured[COUNT])
        return {
            found: SpansState(gaps.get(found, MomentsState()), sketch.state(buckets.get(found, {})), **counts[found])
            for found in gaps.keys() | counts.keys()
        }

    @cached_property
    def _parts(self) -> Mapping[str, Parts]:
        queries = {"measured": self._measured, "alone": self._alone}
        return {name: _by_number(query) for name, query in queries.items() if query is not None}

    @cached_property
    def _buckets(self) -> Mapping[int, list[tuple[tuple[Any, ...], dict[int | None, int]]]]:
        """The histograms by the number of their statistic; they have more rows than all else together."""
        cells: dict[tuple[Any, ...], dict[int | None, int]] = defaultdict(dict)
        for row in self._bucketed.rows:
            cells[row[:-2]][row[-2]] = row[-1]
        found: dict[int, list[tuple[tuple[Any, ...], dict[int | None, int]]]] = defaultdict(list)
        for (number, *cell), edges in cells.items():
            found[int(number)].append((tuple(cell), edges))
        return found

    @cached_property
    def _together(self) -> LazyFrame:
        return self._table.keep(nw.concat(self._starts))

    def _measure(self) -> LazyFrame:
        """Group by fate: those that are matched have none."""
        small, wide = self._span**2 * self._table.facts.rows < 2**63, self._table.backend.WIDE
        measures = moments.measures("gap", nw.col("cx_gap"), small=small, wide=wide, within=self._span < LIMIT)
        return grouped(self._together, (_WHICH, *self._keys.cell, "cx_fate"), measures)

    def _bucket(self) -> LazyFrame:
        gap = nw.col("cx_gap")
        matched = sketch.bucketed(self._together.filter(~gap.is_null()), gap, self._span)
        return grouped(matched, (_WHICH, *self._keys.cell, sketch.BUCKET))

    def _count_orphans(self) -> LazyFrame:
        return grouped(nw.concat(self._orphans), (_WHICH, *self._keys.cell))


def _by_number(query: Query) -> Parts:
    """Return the rows of a query by the number of their statistic."""
    found: Parts = defaultdict(list)
    for (number, *values), measured in query:
        found[int(number)].append((tuple(values), measured))
    return found


def inside(frame: LazyFrame, table: Table) -> LazyFrame:
    """Return the events in bounds."""
    bounds = in_bounds(table.request)
    return frame if bounds is None else frame.filter(bounds)


def _fates(line: LazyFrame, statistic: Spans, table: Table) -> LazyFrame:
    """Add the gap of the starts that are matched, and the number of the fate of those that aren't."""
    ts, found = nw.col("ts_us"), nw.col("cx_found")
    line = inside(line, table)
    gap = found - ts
    matched = (found >= nw.col("cx_from")) & (found < NONE)
    ripe = nw.lit(True, nw.Boolean)  # noqa: FBT003 - a literal column
    if statistic.window_us is not None:
        matched &= gap <= statistic.window_us
        first = table.facts.span[0]
        ripe = ts <= max(table.end_us - statistic.window_us, first - 1)
    negative = (nw.col("cx_earliest") < ts) & (nw.col("cx_latest") < nw.col("cx_from"))
    lost = nw.when(matched).then(nw.lit(None, nw.Int64)).when(negative).then(whole(1)).otherwise(whole(0))
    for i in range(len(statistic.unless)):
        spoilt = nw.col(f"cx_spoilt_{i}")
        matched &= ~spoilt.is_null() & (spoilt == 0)
        lost = nw.when(spoilt == 1).then(whole(4)).otherwise(lost)
    for i in range(len(statistic.unless)):
        lost = nw.when(nw.col(f"cx_spoilt_{i}").is_null()).then(whole(3)).otherwise(lost)
    fate = nw.when(ripe).then(lost).otherwise(whole(2))
    return line.with_columns(nw.when(ripe & matched).then(gap).alias("cx_gap"), fate.alias("cx_fate"))
