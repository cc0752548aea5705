"""Cohorts on tables: customers by period, joined to each one's first."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

from cxkit.engines.frame.cells import COUNT, count, grouped
from cxkit.engines.frame.periods import with_period
from cxkit.engines.frame.sums import halves, total
from cxkit.engines.frame.table import PERIOD
from cxkit.engines.request import begins_in_bounds, observed
from cxkit.model.calendar import Calendar
from cxkit.stats import Cohorts, CohortsState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cxkit.engines.frame.backend import LazyFrame
    from cxkit.engines.frame.cells import Keys, Place, Queries
    from cxkit.engines.frame.table import Table

_PERIOD, _COHORT = "cx_active", "cx_cohort"


def plan(statistic: Cohorts, table: Table, keys: Keys, queries: Queries) -> Callable[[], Mapping[Place, CohortsState]]:
    """Plan the count of each cohort's customers, period by period."""
    calendar, small = Calendar(statistic.every, table.request.tz), table.sums_fit(statistic.of, power=1)  # type: ignore[arg-type]
    sums = halves(statistic.of, table.whole(statistic.of).fill_null(0), small=small)
    customers = table.keep(grouped(_active(statistic, table, calendar), (*keys.groups, "customer", _PERIOD), sums))
    # A customer's halves are split again, for the low one may have grown beyond 2³².
    measures = [part for half in sums for part in halves(half.name, nw.col(half.name), small=small)]
    by = (*keys.groups, _COHORT, _PERIOD)

    def gathered() -> LazyFrame:
        each = (*keys.groups, "customer")
        first = customers.group_by(*each).agg(nw.col(_PERIOD).min().alias(_COHORT))
        return grouped(customers.join(first, on=[*each], how="inner"), by, measures)

    query = queries.ask(gathered, len(by))
    without = queries.measure(statistic.where, keys, [count("anonymous", nw.col("customer").is_null())])

    def finish() -> Mapping[Place, CohortsState]:
        request = table.request
        begun, over = observed(request, calendar, table.end_us)
        places: dict[Place, dict[tuple[int, int], tuple[int, int]]] = defaultdict(dict)
        for (*group, first, active), measured in query:
            cohort, period = int(first), int(active)
            if period <= begun and begins_in_bounds(request, calendar, cohort):
                segment, split = keys.group(group)
                cell = None if request.calendar is None else calendar.index_of(cohort, request.calendar)
                amount = total(statistic.of, {half.name: total(half.name, measured) for half in sums})
                places[segment, cell, split][cohort, period - cohort] = (int(measured[COUNT]), amount)
        states = {place: CohortsState(dict(sorted(cells.items())), over) for place, cells in places.items()}
        for place, found in without():
            more = CohortsState(anonymous=int(found["anonymous"]))
            states[place] = states.get(place, CohortsState()).plus(more)
        return states

    return finish


def _active(statistic: Cohorts, table: Table, calendar: Calendar) -> LazyFrame:
    """Return the events of customers before `until`, each with its period."""
    until, frame = table.request.until_us, table.where(statistic.where, inside=False)
    frame = frame.filter(~nw.col("customer").is_null())
    if until is not None:
        frame = frame.filter(nw.col("ts_us") < until)
    if calendar == table.request.calendar:
        return frame.with_columns(nw.col(PERIOD).alias(_PERIOD))
    return with_period(table.backend, frame, calendar, table.facts.span, _PERIOD)
