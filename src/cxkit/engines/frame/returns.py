"""Returns on tables: customers by period, joined to themselves one period on."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import attrs
import narwhals.stable.v2 as nw

from cxkit.engines.frame.cells import COUNT, count, grouped
from cxkit.engines.frame.periods import with_period
from cxkit.engines.frame.sums import halves, total
from cxkit.engines.frame.table import PERIOD, in_bounds
from cxkit.engines.request import compares
from cxkit.model.calendar import Calendar
from cxkit.stats import Return, Returns, ReturnsState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cxkit.engines.frame.backend import LazyFrame
    from cxkit.engines.frame.cells import Keys, Measure, Place, Queries
    from cxkit.engines.frame.table import Table

_PERIOD = "cx_return"


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
    by = (*keys.groups, _PERIOD)
    sums = _sums(statistic, table)
    customers = _customers(statistic, table, keys, queries, calendar)
    # A customer's halves are split again, for the low one may have grown beyond 2³².
    small = table.sums_fit(statistic.of, power=1)
    measures = [part for half in sums for part in halves(half.name, nw.col(half.name), small=small)]

    def back() -> LazyFrame:
        now = customers()
        before = now.select(*keys.groups, nw.col(_PERIOD) + 1, "customer")
        return grouped(now.join(before, on=[*by, "customer"], how="semi"), by, measures)

    queried = [queries.ask(frame, len(by)) for frame in (lambda: grouped(customers(), by, measures), back)]
    nobody = nw.col("customer").is_null()
    without = queries.measure(statistic.where, keys, [count("anonymous", nobody)])

    def summed(measured: Mapping[str, Any]) -> tuple[int, int]:
        parts = {half.name: total(half.name, measured) for half in sums}
        return int(measured[COUNT]), total(statistic.of, parts)

    def finish() -> Mapping[Place, ReturnsState]:
        everybody, returned = ({key: summed(measured) for key, measured in query} for query in queried)
        active: dict[Any, dict[int, _Active]] = defaultdict(dict)
        for key, (customers, amount) in everybody.items():
            again, again_amount = returned.get(key, (0, 0))
            active[keys.group(key[:-1])][int(key[-1])] = _Active(customers, again, amount, again_amount)
        states: dict[Place, ReturnsState] = defaultdict(ReturnsState)
        for (segment, split), periods in active.items():
            for period, compared in _compared(periods):
                if compares(table.request, calendar, period, table.end_us):
                    cells = table.request.calendar
                    place = (segment, None if cells is None else calendar.index_of(period, cells), split)
                    states[place] = states[place].plus(ReturnsState({period: compared}))
        for place, found in without():
            states[place] = states[place].plus(ReturnsState(anonymous=int(found["anonymous"])))
        return states

    return finish


def _customers(
    statistic: Returns, table: Table, keys: Keys, queries: Queries, calendar: Calendar
) -> Callable[[], LazyFrame]:
    """Return what makes the frame of each period's customers, with the halves of their amounts."""
    somebody, sums = ~nw.col("customer").is_null(), _sums(statistic, table)
    if calendar == table.request.calendar and in_bounds(table.request) is None:
        ledger = queries.ledger(statistic.where, keys, "customer")
        ledger.sums(sums)
        return lambda: ledger.frame(keys).filter(somebody).rename({PERIOD: _PERIOD})
    frame = _with_period(table, _before_end(table, statistic).filter(somebody), calendar)
    customers = table.keep(grouped(frame, (*keys.groups, _PERIOD, "customer"), sums))
    return lambda: customers


def _sums(statistic: Returns, table: Table) -> list[Measure]:
    amount = table.whole(statistic.of).fill_null(0)
    return halves(statistic.of, amount, small=table.sums_fit(statistic.of, power=1))


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
