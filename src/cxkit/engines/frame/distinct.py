"""Distinct on tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

from cxkit.engines.frame.cells import COUNT, counted, grouped
from cxkit.stats import Distinct, DistinctState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cxkit.engines.frame.cells import Keys, Place, Queries
    from cxkit.engines.frame.table import Table


def plan(
    statistic: Distinct, table: Table, keys: Keys, queries: Queries
) -> Callable[[], Mapping[Place, DistinctState]]:
    """Plan the count of different values."""
    name = table.named(statistic.of)
    ledger, column, n = queries.ledger(statistic.where, keys, name), nw.col(name), len(keys.cell)
    different = queries.ask(lambda: grouped(ledger.frame(keys).filter(~column.is_null()), keys.cell), n)
    nulls = queries.ask(lambda: ledger.frame(keys).filter(column.is_null()).select(*keys.cell, COUNT), n)

    def finish() -> Mapping[Place, DistinctState]:
        found, without = counted(different, keys), counted(nulls, keys)
        return {place: DistinctState(found.get(place, 0), without.get(place, 0)) for place in found | without}

    return finish
