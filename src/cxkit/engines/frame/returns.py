"""Returns on tables: customers by period, joined to themselves some periods on."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import narwhals.stable.v2 as nw

from cxkit.engines.frame import moments
from cxkit.engines.frame.cells import COUNT, count, grouped
from cxkit.engines.frame.columns import quotient, whole
from cxkit.engines.frame.periods import with_period
from cxkit.engines.frame.sums import HALF, halves, total
from cxkit.engines.frame.table import PERIOD, in_bounds
from cxkit.engines.request import compares
from cxkit.model.calendar import Calendar
from cxkit.stats import Return, Returns, ReturnsState
from cxkit.stats.moments import LIMB, LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from cxkit.engines.frame.backend import LazyFrame, Row
    from cxkit.engines.frame.cells import Keys, Measure, Place, Queries
    from cxkit.engines.frame.table import Table

_PERIOD = "cx_return"
_BASE: Final = "cx_base"
_NOW: Final = ("cx_now_h", "cx_now_l")
_THEN: Final = ("cx_then_h", "cx_then_l")
Limbs = tuple[str, str]
Found = dict[Any, dict[str, int]]


def plan(statistic: Returns, table: Table, keys: Keys, queries: Queries) -> Callable[[], Mapping[Place, ReturnsState]]:
    """Plan the comparison of each period with its base."""
    calendar, back = Calendar(statistic.every, table.request.tz), statistic.back  # type: ignore[arg-type]
    by = (*keys.groups, _PERIOD)
    sums = _sums(statistic, table)
    customers = _customers(statistic, table, keys, queries, calendar)
    # A customer's halves are split again, for the low one may have grown beyond 2³².
    small = table.sums_fit(statistic.of, power=1)
    totals = [part for half in sums for part in halves(half.name, nw.col(half.name), small=small)]
    squares = moments.products("sq", _NOW, _NOW) if statistic.squares else []
    names = [half.name for half in sums]

    def active() -> LazyFrame:
        return _limbed(customers(), statistic, "", _NOW, small=small) if statistic.squares else customers()

    def returned() -> LazyFrame:
        now = customers()
        based = [nw.col(name).alias(f"{_BASE}_{name}") for name in names]
        before = now.select(*keys.groups, (nw.col(_PERIOD) + back).alias(_PERIOD), "customer", *based)
        if not statistic.squares:
            return grouped(now.join(before, on=[*by, "customer"], how="semi"), by, totals)
        both = now.join(before, on=[*by, "customer"], how="inner")
        both = _limbed(_limbed(both, statistic, "", _NOW, small=small), statistic, f"{_BASE}_", _THEN, small=small)
        return grouped(both, by, [*totals, *squares, *moments.products("pr", _NOW, _THEN)])

    queried = [
        queries.ask(lambda: grouped(active(), by, [*totals, *squares]), len(by)),
        queries.ask(returned, len(by)),
    ]
    if statistic.counts_new:
        arrived = partial(_arrived, statistic, table, keys, active, [*totals, *squares])
        queried.append(queries.ask(arrived, len(by) + 1))
    nobody = nw.col("customer").is_null()
    without = queries.measure(statistic.where, keys, [count("anonymous", nobody)])

    summed = partial(_summed, statistic, [half.name for half in sums])

    def finish() -> Mapping[Place, ReturnsState]:
        active, again, *arrivals = (_by_group(query, keys, summed) for query in queried)
        new = arrivals[0] if arrivals else {}
        states: dict[Place, ReturnsState] = defaultdict(ReturnsState)
        for group, found in active.items():
            compared = _compared(found, again.get(group, {}), new.get(group, {}), back)
            for period, entry in compared:
                if compares(table.request, calendar, period, table.end_us):
                    cells = table.request.calendar
                    place = (group[0], None if cells is None else calendar.index_of(period, cells), group[1])
                    states[place] = states[place].plus(ReturnsState({period: entry}))
        for place, measured in without():
            states[place] = states[place].plus(ReturnsState(anonymous=int(measured["anonymous"])))
        return states

    return finish


def _summed(statistic: Returns, halves_of: Sequence[str], measured: Mapping[str, Any]) -> dict[str, int]:
    """Put together what was measured of some customers."""
    parts = {name: total(name, measured) for name in halves_of}
    return {
        "customers": int(measured[COUNT]),
        "amount": total(statistic.of, parts),
        "squares": moments.sum_of_products("sq", measured),
        "products": moments.sum_of_products("pr", measured),
    }


def _by_group(
    query: Iterable[tuple[Row, dict[str, Any]]], keys: Keys, summed: Callable[[Mapping[str, Any]], dict[str, int]]
) -> dict[Any, Found]:
    """Return what a query summed, by group; within one by period, and by the mark where the query has it."""
    groups: dict[Any, Found] = defaultdict(dict)
    at = len(keys.groups)
    for values, measured in query:
        period, *mark = values[at:]
        groups[keys.group(values[:at])][int(period), int(mark[0]) if mark else 0] = summed(measured)
    return groups


def _compared(active: Found, again: Found, new: Found, back: int) -> Iterator[tuple[int, Return]]:
    """Give each period, and each whose base was active, compared with its base."""
    for period in sorted({p for p, _ in active} | {p + back for p, _ in active}):
        yield period, _return(active, again, new, period, back)


def _return(active: Found, again: Found, new: Found, period: int, back: int) -> Return:
    nobody = {"customers": 0, "amount": 0, "squares": 0, "products": 0}
    now, base = active.get((period, 0), nobody), active.get((period - back, 0), nobody)
    both = again.get((period, 0), nobody)
    plain, marked = new.get((period, 0), nobody), new.get((period, 1), nobody)
    return Return(
        active=now["customers"],
        base=base["customers"],
        both=both["customers"],
        amount=now["amount"],
        base_amount=base["amount"],
        both_amount=both["amount"],
        base_squares=base["squares"],
        both_squares=both["squares"],
        both_products=both["products"],
        new=plain["customers"] + marked["customers"],
        marked=marked["customers"],
        marked_amount=marked["amount"],
        marked_squares=marked["squares"],
    )


def _limbed(frame: LazyFrame, statistic: Returns, prefix: str, names: Limbs, *, small: bool) -> LazyFrame:
    """Add the limbs of what a customer came to; null where its square is left out.

    One step after the other, for some libraries write an expression out once more wherever it is used.
    """
    low = nw.col(f"{prefix}{statistic.of}_low")
    if small:
        amount = nw.when((low < LIMIT) & (low > -LIMIT)).then(low)
    else:
        frame = frame.with_columns((nw.col(f"{prefix}{statistic.of}_high") + quotient(low, HALF)).alias("cx_high"))
        high, bound = nw.col("cx_high"), LIMIT // HALF
        amount = nw.when((high < bound) & (high >= -bound)).then(high * HALF + low % HALF)
    frame = frame.with_columns(amount.alias("cx_amount"))
    kept = nw.when(nw.col("cx_amount") > -LIMIT).then(nw.col("cx_amount"))
    frame = frame.with_columns(kept.alias("cx_amount"))
    return frame.with_columns(
        (nw.col("cx_amount") // LIMB).alias(names[0]), (nw.col("cx_amount") % LIMB).alias(names[1])
    )


def _arrived(
    statistic: Returns, table: Table, keys: Keys, customers: Callable[[], LazyFrame], measures: Sequence[Measure]
) -> LazyFrame:
    """Group the newcomers of each period, by whether they bear the mark."""
    active = customers()
    whose = [*keys.groups, "customer"]
    first = active.group_by(*whose).agg(nw.col(_PERIOD).min().alias("cx_first"))
    new = active.join(first, on=whose, how="left").filter(nw.col("cx_first") == nw.col(_PERIOD))
    by = (*keys.groups, _PERIOD, "cx_mark")
    if statistic.mark is None:
        return grouped(new.with_columns(whole(0).alias("cx_mark")), by, measures)
    until, marks = table.request.until_us, table.where(statistic.mark, inside=False)
    marks = (marks if until is None else marks.filter(nw.col("ts_us") < until)).select("customer").unique()
    marks = marks.filter(~nw.col("customer").is_null()).with_columns(whole(1).alias("cx_mark"))
    return grouped(
        new.join(marks, on="customer", how="left").with_columns(nw.col("cx_mark").fill_null(0)), by, measures
    )


def _customers(
    statistic: Returns, table: Table, keys: Keys, queries: Queries, calendar: Calendar
) -> Callable[[], LazyFrame]:
    """Return what makes the frame of each period's customers, with the halves of their amounts."""
    somebody, sums = ~nw.col("customer").is_null(), _sums(statistic, table)
    if calendar == table.request.calendar and in_bounds(table.request) is None:
        ledger = queries.ledger(statistic.where, keys, "customer")
        ledger.sums(sums)
        return lambda: ledger.frame(keys).filter(somebody).rename({PERIOD: _PERIOD})
    frame = _with_period(table, _before_end(table, statistic).filter(somebody), statistic, calendar)
    customers = table.keep(grouped(frame, (*keys.groups, _PERIOD, "customer"), sums))
    return lambda: customers


def _sums(statistic: Returns, table: Table) -> list[Measure]:
    amount = table.whole(statistic.of).fill_null(0)
    return halves(statistic.of, amount, small=table.sums_fit(statistic.of, power=1))


def _before_end(table: Table, statistic: Returns) -> LazyFrame:
    until, events = table.request.until_us, table.where(statistic.where, inside=False)
    return events if until is None else events.filter(nw.col("ts_us") < until)


def _with_period(table: Table, frame: LazyFrame, statistic: Returns, calendar: Calendar) -> LazyFrame:
    """Add the statistic's own period, and leave out those before the first one's base, unless they tell who is new."""
    if calendar == table.request.calendar:
        frame = frame.with_columns(nw.col(PERIOD).alias(_PERIOD))
    else:
        frame = with_period(table.backend, frame, calendar, table.facts.span, _PERIOD)
    first, last = table.facts.span
    since = table.request.since_us
    if since is None or since <= first or statistic.counts_new:
        return frame
    return frame.filter(nw.col(_PERIOD) >= calendar.index(min(since, last)) - statistic.back)
