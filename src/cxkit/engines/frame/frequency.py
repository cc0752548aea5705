"""Frequency on tables: group by customer, then by how many events each has."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

from cxkit.engines.frame.cells import COUNT, counted, grouped
from cxkit.stats import Frequency, FrequencyState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cxkit.engines.frame.backend import LazyFrame
    from cxkit.engines.frame.cells import Keys, Place, Queries
    from cxkit.engines.frame.table import Table

_TIMES = "cx_times"


def plan(statistic: Frequency, _: Table, keys: Keys, queries: Queries) -> Callable[[], Mapping[Place, FrequencyState]]:
    """Plan the count of customers by their number of events."""
    ledger, nobody, n = queries.ledger(statistic.where, keys, "customer"), nw.col("customer").is_null(), len(keys.cell)

    def by_times() -> LazyFrame:
        customers = ledger.frame(keys).filter(~nobody).select(*keys.cell, nw.col(COUNT).alias(_TIMES))
        return grouped(customers, (*keys.cell, _TIMES))

    query = queries.ask(by_times, n + 1)
    without = queries.ask(lambda: ledger.frame(keys).filter(nobody).select(*keys.cell, COUNT), n)

    def finish() -> Mapping[Place, FrequencyState]:
        counts: dict[Place, dict[int, int]] = defaultdict(dict)
        for (*cell, times), measured in query:
            counts[keys.place(cell)][int(times)] = int(measured[COUNT])
        anonymous = counted(without, keys)
        return {
            place: FrequencyState(dict(sorted(counts[place].items())), anonymous.get(place, 0))
            for place in {**counts, **anonymous}
        }

    return finish
