"""Frequency on tables: group by customer, then by how many events each has."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

from cxkit.engines.frame.cells import count, grouped
from cxkit.stats import Frequency, FrequencyState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cxkit.engines.frame.cells import Keys, Place, Queries
    from cxkit.engines.frame.table import Table

_TIMES = "cx_times"


def plan(
    statistic: Frequency, table: Table, keys: Keys, queries: Queries
) -> Callable[[], Mapping[Place, FrequencyState]]:
    """Plan the count of customers by their number of events."""
    nobody = nw.col("customer").is_null()
    customers = grouped(table.where(statistic.where).filter(~nobody), (*keys.cell, "customer"))
    times = grouped(customers.rename({"cx_n": _TIMES}), (*keys.cell, _TIMES))
    query = queries.ask(times, len(keys.cell) + 1)
    without = queries.measure(statistic.where, keys, [count("anonymous", nobody)])

    def finish() -> Mapping[Place, FrequencyState]:
        counts: dict[Place, dict[int, int]] = defaultdict(dict)
        for (*cell, n), measured in query:
            counts[keys.place(cell)][int(n)] = int(measured["cx_n"])
        return {
            place: FrequencyState(dict(sorted(counts[place].items())), int(measured["anonymous"]))
            for place, measured in without()
        }

    return finish
