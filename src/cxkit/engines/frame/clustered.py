"""Clustered on tables: group by customer, then by what each comes to; Python squares it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

from cxkit.engines.frame.cells import COUNT, count, grouped
from cxkit.engines.frame.columns import flag, whole
from cxkit.engines.frame.sums import halves, total
from cxkit.stats import Clustered, ClusteredState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cxkit.engines.frame.cells import Keys, Place, Queries
    from cxkit.engines.frame.table import Table
    from cxkit.stats import Where

_EVENTS = "cx_events"


def plan(
    statistic: Clustered, table: Table, keys: Keys, queries: Queries
) -> Callable[[], Mapping[Place, ClusteredState]]:
    """Plan the sums over customers."""
    value, nobody = _value(statistic, table), nw.col("customer").is_null()
    small = statistic.of is None or table.sums_fit(statistic.of, power=1)
    frame = table.where(statistic.where).filter(~nobody, ~value.is_null())
    sums = halves("s", value, small=small)
    customers = grouped(frame, (*keys.cell, "customer"), sums).rename({COUNT: _EVENTS})
    by = (*keys.cell, _EVENTS, *[measure.name for measure in sums])
    query = queries.ask(grouped(customers, by), len(by))
    # The same filter may be clustered by several values.
    tag = repr((statistic.of, statistic.plus, statistic.minus))
    nulls, anonymous = f"c_nulls_{tag}", f"c_anonymous_{tag}"
    measures = [count(nulls, value.is_null()), count(anonymous, ~value.is_null() & nobody)]
    without = queries.measure(statistic.where, keys, measures)

    def finish() -> Mapping[Place, ClusteredState]:
        states: dict[Place, ClusteredState] = defaultdict(ClusteredState)
        for values, measured in query:
            found = dict(zip(by, values, strict=True))
            n, s = int(found[_EVENTS]), total("s", found)
            place, customers = keys.place(values[: len(keys.cell)]), int(measured[COUNT])
            more = (customers, customers * n, customers * s, customers * n * n, customers * n * s, customers * s * s)
            states[place] = states[place].plus(ClusteredState(*map(int, more)))
        for place, measured in without():
            more_without = ClusteredState(nulls=int(measured[nulls]), anonymous=int(measured[anonymous]))
            states[place] = states[place].plus(more_without)
        return states

    return finish


def _value(statistic: Clustered, table: Table) -> nw.Expr:
    if statistic.of is not None:
        return table.whole(statistic.of)

    def side(where: Where | None) -> nw.Expr:
        return whole(0) if where is None else flag(table.holds(where))

    return side(statistic.plus) - side(statistic.minus)
