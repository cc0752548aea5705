"""Cohorts on the row engine: against the rule written down in the plainest way, and by hand."""

from __future__ import annotations

from collections import defaultdict

import attrs
import pytest
from hypothesis import example, given, settings
from tests.engines.rows.test_by_definition import BROAD, DAY, ORDERS, POOL, START, cells, inside, requests, tables

from cxkit.engines import Request
from cxkit.engines.rows import collect
from cxkit.model.calendar import Calendar
from cxkit.model.event import Event, to_us
from cxkit.stats import Cohorts, CohortsState


def plainly(statistic: Cohorts, events: list[Event], request: Request) -> dict[object, CohortsState]:
    """Return the states of all cells, each cohort gone through again."""
    calendar = Calendar(statistic.every, request.tz)
    end = max((event.ts_us for event in events), default=0) if request.as_of_us is None else request.as_of_us
    end = end if request.until_us is None else min(end, request.until_us - 1)
    over = max(p for p in (calendar.index(end) - 1, calendar.index(end)) if to_us(calendar.start(p + 1)) - DAY <= end)
    orders = [event for event in events if event.kind == "order.placed"]
    read = [e for e in orders if (request.until_us is None or e.ts_us < request.until_us) and e.customer is not None]
    found = defaultdict(dict)
    for segment in {None, *(cells(event, request)[-1][0] for event in read)}:
        here = [e for e in read if segment is None or tuple(getattr(e, name) for name in request.by) == segment]
        for event in here:
            first = min(each.ts_us for each in here if each.customer == event.customer)
            cohort, period = calendar.index(first), calendar.index(event.ts_us)
            since = request.since_us
            if to_us(calendar.start(period)) <= end and (since is None or to_us(calendar.start(cohort)) >= since):
                cell = (segment, request.calendar and calendar.index_of(cohort, request.calendar))
                customers, amount = found[cell].get((cohort, period - cohort), (set(), 0))
                more = event.amount_minor or 0
                found[cell][cohort, period - cohort] = (customers | {event.customer}, amount + more)
    states = {
        cell: CohortsState({at: (len(them), amount) for at, (them, amount) in sorted(entries.items())}, over)
        for cell, entries in found.items()
    }
    for event in orders:
        if event.customer is None and inside(event, request):
            for cell in cells(event, request):
                states[cell] = states.get(cell, CohortsState()).plus(CohortsState(anonymous=1))
    return states


@pytest.mark.parametrize("every", ["week", "month"])
@settings(max_examples=50)
@example(POOL, BROAD)
@given(tables, requests)
def test_by_definition(every, events, request):
    """Each customer stands in the cohort of their first order, wherever that lies before the end of the bounds."""
    statistic = Cohorts(ORDERS, every)

    states = collect(events, attrs.evolve(request, statistics=(statistic,))).states[statistic]
    assert states == plainly(statistic, events, request)


def test_by_hand():
    """Three customers, two months: one comes back, one is new, one is known from before the bounds."""
    orders = [("an", 0, 100), ("binh", 3, 200), ("an", 40, 50), ("chi", 41, 70), ("chi", 42, 30)]
    events = [
        Event(str(n), START + day * DAY, "order.placed", customer, amount_minor=amount, currency="USD")
        for n, (customer, day, amount) in enumerate(orders)
    ]
    statistic, january = Cohorts(ORDERS, "month"), Calendar("month").index(START)

    def state(**bounds: int) -> CohortsState:
        return collect(events, Request((statistic,), **bounds)).states[statistic][None, None]

    whole = {(january, 0): (2, 300), (january, 1): (1, 50), (january + 1, 0): (1, 100)}
    assert state() == CohortsState(whole, over=january)
    assert state(as_of_us=START + 59 * DAY - 1) == CohortsState(whole, over=january + 1)
    assert state(since_us=START + 31 * DAY) == CohortsState({(january + 1, 0): (1, 100)}, over=january)
