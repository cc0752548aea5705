"""Tally on tables: a group-by over the values; thinned answers are picked before."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from cxkit.engines.frame import moments
from cxkit.engines.frame.cells import count, grouped
from cxkit.engines.frame.table import ORDER
from cxkit.stats import Tally, TallyState
from cxkit.stats.moments import LIMIT
from cxkit.stats.tally import BINNED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cxkit.engines.frame.backend import LazyFrame
    from cxkit.engines.frame.cells import Keys, Place, Queries
    from cxkit.engines.frame.table import Table
    from cxkit.stats.tally import Weighed

_VALUE = "cx_value"


def plan(statistic: Tally, table: Table, keys: Keys, queries: Queries) -> Callable[[], Mapping[Place, TallyState]]:
    """Plan the counts by value, or, where answers are thinned, of one answer of each customer or reference."""
    value = _binned(nw.col(table.named(statistic.of)), statistic.decimals)
    frame = table.where(statistic.where).with_columns(value.alias(_VALUE))
    per = None if statistic.keep == "all" else table.named(statistic.per)
    if per is not None:
        frame = _thinned(frame, statistic, (*keys.cell, per))
        without = [
            count(f"t_nulls_{statistic.of}", value.is_null()),
            count(f"t_unkeyed_{statistic.of}_{per}", ~value.is_null() & nw.col(per).is_null()),
        ]
        left_out = queries.measure(statistic.where, keys, without)
    weighed = _Weighed(table, queries, frame, (*keys.cell, _VALUE))
    read = table.reader(statistic.of)

    def finish() -> Mapping[Place, TallyState]:
        values: dict[Place, dict[Any, Weighed]] = defaultdict(dict)
        nulls: dict[Place, int] = {}
        unkeyed: dict[Place, int] = {}
        for (*cell, found), counts in weighed.rows():
            place = keys.place(cell)
            if found is None:
                nulls[place] = counts[0]
                values[place] = values[place]
            else:
                values[place][read(found)] = counts
        if per is not None:
            for place, measured in left_out():
                values[place] = values[place]
                nulls[place], unkeyed[place] = (int(measured[measure.name]) for measure in without)
        return {
            place: TallyState(dict(sorted(counts.items())), nulls.get(place, 0), unkeyed.get(place, 0))
            for place, counts in values.items()
        }

    return finish


def _binned(value: nw.Expr, decimals: int | None) -> nw.Expr:
    if decimals is None:
        return value
    scale = float(10**decimals)
    small = (value < float(BINNED)) & (value > -float(BINNED))
    return nw.when(small).then((value * scale + 0.5).floor() / scale).otherwise(value)


def _thinned(frame: LazyFrame, statistic: Tally, per: tuple[str, ...]) -> LazyFrame:
    """Return the first or the last answer of each `per` in a cell."""
    frame = frame.filter(~nw.col(_VALUE).is_null(), ~nw.col(per[-1]).is_null())
    # Where a table has no ids, what ties in time ties in all; the value decides then, so that chance doesn't.
    order = [*ORDER, _VALUE, "weight_ppm"]
    return frame.unique(subset=list(per), keep="first" if statistic.keep == "first" else "last", order_by=order)


class _Weighed:
    """Rows with their number, Σw and Σw², exact, at the least cost that the weights allow."""

    def __init__(self, table: Table, queries: Queries, frame: LazyFrame, by: tuple[str, ...]) -> None:
        """Ask for the sums."""
        light, heavy = table.facts.weights
        self._weight = light if light == heavy else None
        self._limbs = self._weight is None and heavy < LIMIT
        weight = nw.col("weight_ppm")
        if self._weight is None and not self._limbs:
            by = (*by, "weight_ppm")
        small, wide = heavy**2 * table.facts.rows < 2**63, table.backend.WIDE
        measures = moments.measures("w", weight, small=small, wide=wide, within=True) if self._limbs else []
        self._query = queries.ask(grouped(frame, by, measures), len(by))

    def rows(self) -> Any:  # noqa: ANN401 - pairs of keys and Weighed
        """Return the keys of each group and its sums."""
        if self._weight is not None or self._limbs:
            return [(key, self._sums(measured)) for key, measured in self._query]
        sums: dict[tuple[Any, ...], Weighed] = {}
        for (*key, weight), measured in self._query:
            n, w, w2 = sums.get(tuple(key), (0, 0, 0))
            more = int(measured["cx_n"])
            sums[tuple(key)] = (n + more, w + more * weight, w2 + more * weight * weight)
        return list(sums.items())

    def _sums(self, measured: Mapping[str, Any]) -> Weighed:
        if self._weight is None:
            found = moments.state("w", measured)
            return found.n, found.total, found.squares
        n = int(measured["cx_n"])
        return n, n * self._weight, n * self._weight**2
