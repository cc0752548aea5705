"""Returns on tables: customers by period, joined to themselves one period on."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import attrs
import narwhals.stable.v2 as nw

from cxkit.engines.frame.cells import Measure, count, grouped
from cxkit.engines.frame.columns import whole
from cxkit.engines.frame.periods import with_period
from cxkit.engines.frame.sums import HALF, halves, total
from cxkit.engines.frame.table import PERIOD
from cxkit.engines.request import compares
from cxkit.model.calendar import Calendar
from cxkit.stats import Return, Returns, ReturnsState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cxkit.engines.frame.backend import LazyFrame
    from cxkit.engines.frame.cells import Keys, Place, Queries
    from cxkit.engines.frame.table import Table

_PERIOD = "cx_return"
_BACK = "cx_back"


@attrs.frozen
class _Active:
    """The customers of one period.

    Attributes:
        customers: how many.
        back: how many of them were active in the period before, too.
        amount: Σ of all.
        back_amount: Σ of those.
    """

    customers: int = 0
    back: int = 0
    amount: int = 0
    back_amount: int = 0


def plan(statistic: Returns, table: Table, keys: Keys, queries: Queries) -> Callable[[], Mapping[Place, ReturnsState]]:
    """Plan the comparison of each period with the one before."""
    calendar = Calendar(statistic.every, table.request.tz)  # type: ignore[arg-type]
    nobody = nw.col("customer").is_null()
    frame = _with_period(table, _before_end(table, statistic).filter(~nobody), calendar)
    by = (*keys.groups, _PERIOD)
    amount = table.whole(statistic.of).fill_null(0)
    small = table.sums_fit(statistic.of, power=1)
    customers = table.keep(grouped(frame, (*by, "customer"), halves("amount", amount, small=small)))
    before = customers.select(*keys.groups, nw.col(_PERIOD) + 1, "customer").with_columns(whole(1).alias(_BACK))
    joined = customers.join(before, on=[*by, "customer"], how="left").with_columns(nw.col(_BACK).fill_null(0))
    # A customer's halves are split again, for the low one may have grown beyond 2³².
    measures = [Measure("back", nw.col(_BACK))]
    for whose, share in (("all", whole(1)), ("back", nw.col(_BACK))):
        for half in ("high", "low"):
            measures += halves(f"{whose}_{half}", nw.col(f"amount_{half}") * share, small=small)
    query = queries.ask(grouped(joined, by, measures), len(by))
    without = queries.measure(statistic.where, keys, [count("anonymous", nobody)])

    def finish() -> Mapping[Place, ReturnsState]:
        active: dict[tuple[object, object], dict[int, _Active]] = defaultdict(dict)
        for (*group, period), found in query:
            amounts = [total(f"{whose}_high", found) * HALF + total(f"{whose}_low", found) for whose in ("all", "back")]
            entry = _Active(int(found["cx_n"]), int(found["back"]), *amounts)
            active[keys.group(group)][int(period)] = entry
        states: dict[Place, ReturnsState] = defaultdict(ReturnsState)
        for (segment, split), periods in active.items():
            for period, entry in _compared(periods):
                if compares(table.request, calendar, period, table.end_us):
                    cells = table.request.calendar
                    place = (segment, None if cells is None else calendar.index_of(period, cells), split)
                    states[place] = states[place].plus(ReturnsState({period: entry}))  # type: ignore[index]
        for place, found in without():
            states[place] = states[place].plus(ReturnsState(anonymous=int(found["anonymous"])))
        return states

    return finish


def _before_end(table: Table, statistic: Returns) -> LazyFrame:
    until, events = table.request.until_us, table.where(statistic.where, inside=False)
    return events if until is None else events.filter(nw.col("ts_us") < until)


def _with_period(table: Table, frame: LazyFrame, calendar: Calendar) -> LazyFrame:
    """Add the statistic's own period, and leave out those that lie before the first one's base."""
    if calendar == table.request.calendar:
        frame = frame.with_columns(nw.col(PERIOD).alias(_PERIOD))
    else:
        frame = with_period(table.backend, frame, calendar, table.facts.span, _PERIOD)
    first, last = table.facts.span
    since = table.request.since_us
    if since is None or since <= first:
        return frame
    return frame.filter(nw.col(_PERIOD) >= calendar.index(min(since, last)) - 1)


def _compared(periods: Mapping[int, _Active]) -> Iterator[tuple[int, Return]]:
    """Give each period and the one after it, compared with the period before."""
    nobody = _Active()
    for period in sorted(periods.keys() | {period + 1 for period in periods}):
        now, before = periods.get(period, nobody), periods.get(period - 1, nobody)
        yield period, Return(now.customers, before.customers, now.back, now.amount, before.amount, now.back_amount)
