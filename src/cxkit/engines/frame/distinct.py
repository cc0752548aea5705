"""Distinct on tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

from cxkit.engines.frame.cells import Measure, count, grouped
from cxkit.stats import Distinct, DistinctState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cxkit.engines.frame.cells import Keys, Place, Queries
    from cxkit.engines.frame.table import Table


def plan(
    statistic: Distinct, table: Table, keys: Keys, queries: Queries
) -> Callable[[], Mapping[Place, DistinctState]]:
    """Plan the count of different values."""
    column = nw.col(table.named(statistic.of))
    # Not measured with others: a group-by that also sums counts different values at several times the cost.
    frame = table.where(statistic.where).filter(~column.is_null())
    query = queries.ask(grouped(frame, keys.cell, [Measure("different", column, "n_unique")]), len(keys.cell))
    nulls = f"nulls_{statistic.of}"
    without = queries.measure(statistic.where, keys, [count(nulls, column.is_null())])

    def finish() -> Mapping[Place, DistinctState]:
        different = {keys.place(cell): int(measured["different"]) for cell, measured in query}
        return {place: DistinctState(different.get(place, 0), int(measured[nulls])) for place, measured in without()}

    return finish
