"""The row engine against the rules of `cxkit.engines.request`, written down once more in the plainest way.

The plain way goes through the events again for each cell, customer and key. It is slow and short, and nothing is shared
with the engine but the calendar.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import chain
from random import Random
from typing import TYPE_CHECKING

import attrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cxkit.engines import Request
from cxkit.engines.rows import collect
from cxkit.model.calendar import Calendar
from cxkit.model.event import PPM, Event, to_us
from cxkit.stats import (
    Clustered,
    ClusteredState,
    Distinct,
    DistinctState,
    Equal,
    Frequency,
    FrequencyState,
    In,
    Moments,
    Not,
    Return,
    Returns,
    ReturnsState,
    Spans,
    Tally,
    Unless,
    Where,
)
from cxkit.stats.moments import LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cxkit.engines.request import Cell, Collected
    from cxkit.stats import Statistic

DAY = 86_400_000_000
START = 1_767_225_600_000_000  # 2026-01-01 in UTC
ORDERS, ANSWERS = Where(kind="order.placed"), Where(kind="survey.answered")
OPENED, ANSWERED = Where(kind="contact.opened"), Where(kind=In(("contact.answered", "contact.resolved")))


def _pool() -> list[Event]:
    """Return events within twelve weeks whose times tie, and whose names a locale would sort otherwise."""
    chance = Random(2)
    pick = chance.choice

    def made(number: int) -> Event:
        amount = pick((None, 0, 5, 7_000_000, 2**53, -(2**60)))
        return Event(
            id=f"{pick('_aAB')}{number}",
            ts_us=START + chance.randrange(84) * DAY + pick((0, 0, 0, DAY - 1, chance.randrange(DAY))),
            kind=pick(("order.placed", "survey.answered", "contact.opened", "contact.answered", "contact.resolved")),
            source=pick(("app", "App", "_till")),
            customer=pick((None, "a", "A", "_", "B", "é")),
            channel=pick((None, "web", "app")),
            reference=pick((None, "1", "2", "A", "_", "a")),
            score=pick((None, 0.0, 7.0, 9.0)),
            amount_minor=amount,
            currency=None if amount is None else "USD",
            weight_ppm=pick((PPM, 250_000)),
        )

    return [made(number) for number in range(300)]


POOL = _pool()
WEEKS, MONTHS = Calendar("week", "Asia/Ho_Chi_Minh"), Calendar("month", "Asia/Ho_Chi_Minh")
bounds = st.none() | st.integers(-1, 85).map(lambda days: START + days * DAY)
tables = st.lists(st.sampled_from(POOL), max_size=30, unique_by=lambda event: event.id)
requests = st.builds(
    Request,
    st.just(()),
    by=st.sampled_from(((), ("channel",), ("channel", "reference"))),
    calendar=st.sampled_from((None, WEEKS, MONTHS)),
    tz=st.just("Asia/Ho_Chi_Minh"),
    since_us=bounds,
    until_us=bounds,
    as_of_us=bounds,
)
BROAD = Request((), by=("channel",), calendar=MONTHS, tz="Asia/Ho_Chi_Minh", since_us=START + 20 * DAY)


def order(event: Event) -> tuple[int, str, str]:
    """Return what decides which of two events came first."""
    return event.ts_us, event.source, event.id


def inside(event: Event, request: Request) -> bool:
    """Say whether an event is in bounds."""
    since, until = request.since_us, request.until_us
    return (since is None or since <= event.ts_us) and (until is None or event.ts_us < until)


def cells(event: Event, request: Request) -> list[Cell]:
    """Return the cells that an event belongs to: its segment's, and the overall one."""
    period = None if request.calendar is None else request.calendar.index(event.ts_us)
    overall: list[Cell] = [(None, period)]
    return [*overall, (tuple(getattr(event, name) for name in request.by), period)] if request.by else overall


def in_cells(events: list[Event], where: Where, request: Request) -> dict[Cell, list[Event]]:
    """Return the events in bounds that pass a filter, by cell."""
    found: dict[Cell, list[Event]] = defaultdict(list)
    for event in events:
        if inside(event, request) and where.holds(event.__getattribute__):
            for cell in cells(event, request):
                found[cell].append(event)
    return found


def computed(statistic: Statistic, events: list[Event], request: Request) -> Collected:
    """Return what the engine gives for one statistic."""
    return collect(events, attrs.evolve(request, statistics=(statistic,)))


def check(statistic: Statistic, events: list[Event], request: Request, expected: dict[Cell, object]) -> None:
    """Compare what the engine computes with what is expected; zeros may be left out."""
    collected = computed(statistic, events, request)
    zero = statistic.zero()
    assert dict(collected.states[statistic]) == {cell: state for cell, state in expected.items() if state != zero}
    assert collected.events == sum(inside(event, request) for event in events)


@settings(max_examples=60)
@example(POOL, BROAD, "latest", "reference")
@given(tables, requests, st.sampled_from(("all", "first", "latest")), st.sampled_from(("customer", "reference")))
def test_tally(events: list[Event], request: Request, keep: str, per: str):
    """Nulls are dropped first; then the first or latest answer of each is kept within a cell."""
    statistic = Tally(ANSWERS, keep=keep, per=per)
    expected = {}
    for cell, found in in_cells(events, ANSWERS, request).items():
        answers = [event for event in found if event.score is not None]
        keyed = answers if keep == "all" else [event for event in answers if getattr(event, per) is not None]
        kept: Iterable[Event] = keyed
        if keep != "all":
            kept = {getattr(e, per): e for e in sorted(keyed, key=order, reverse=keep == "first")}.values()
        values: dict[float, tuple[int, int, int]] = {}
        for event in kept:
            n, w, w2 = values.get(event.score, (0, 0, 0))
            values[event.score] = (n + 1, w + event.weight_ppm, w2 + event.weight_ppm**2)
        state = tally_state(values, len(found) - len(answers), len(answers) - len(keyed))
        expected[cell] = state
    check(statistic, events, request, expected)


def tally_state(values: dict[float, tuple[int, int, int]], nulls: int, unkeyed: int) -> object:
    """Return a tally's state."""
    return Tally(ANSWERS).load({"values": [[v, *c] for v, c in values.items()], "nulls": nulls, "unkeyed": unkeyed})


@settings(max_examples=40)
@example(POOL, BROAD)
@given(tables, requests)
def test_moments(events: list[Event], request: Request):
    """Count, sum, sum of squares, extremes; what is absurdly large is counted apart."""
    statistic = Moments(ORDERS, "amount_minor")
    expected = {}
    for cell, found in in_cells(events, ORDERS, request).items():
        amounts = [event.amount_minor for event in found if event.amount_minor is not None]
        kept = [amount for amount in amounts if abs(amount) < LIMIT]
        sums = {"n": len(kept), "total": sum(kept), "squares": sum(x * x for x in kept)}
        ends = {"low": min(kept, default=None), "high": max(kept, default=None)}
        left = {"nulls": len(found) - len(amounts), "out": len(amounts) - len(kept)}
        expected[cell] = statistic.load({**sums, **ends, **left})
    check(statistic, events, request, expected)


@settings(max_examples=40)
@example(POOL, BROAD)
@given(tables, requests)
def test_customers_are_counted_once(events: list[Event], request: Request):
    """Distinct, Frequency and Clustered look at each customer of a cell as a whole."""
    distinct, frequency, clustered, scored = {}, {}, {}, {}
    for cell, found in in_cells(events, Where(), request).items():
        times = Counter(event.customer for event in found)
        anonymous = times.pop(None, 0)
        distinct[cell] = DistinctState(len(times), anonymous)
        frequency[cell] = FrequencyState(dict(sorted(Counter(times.values()).items())), anonymous)
        clustered[cell] = clustered_state(found, lambda e: {"order.placed": 1, "survey.answered": -1}.get(e.kind, 0))
        answers = [event for event in found if event.kind == "survey.answered"]
        scored[cell] = clustered_state(answers, lambda e: None if e.score is None else int(e.score * 1_000_000))
    check(Distinct(Where()), events, request, distinct)
    check(Frequency(Where()), events, request, frequency)
    check(Clustered(Where(), plus=ORDERS, minus=ANSWERS), events, request, clustered)
    check(Clustered(ANSWERS, of="score"), events, request, scored)


def clustered_state(events: list[Event], value: Callable[[Event], int | None]) -> ClusteredState:
    """Return the sums over customers; whoever is nameless is a customer of their own."""
    valued = [(event, value(event)) for event in events]
    sums: dict[object, list[int]] = defaultdict(lambda: [0, 0])
    for event, worth in valued:
        if worth is not None:
            own = sums[("", event.id) if event.customer is None else event.customer]
            own[0] += event.weight_ppm
            own[1] += event.weight_ppm * worth
    pairs = list(sums.values())
    totals = [sum(n for n, _ in pairs), sum(s for _, s in pairs)]
    products = [sum(n * n for n, _ in pairs), sum(n * s for n, s in pairs), sum(s * s for _, s in pairs)]
    nulls = sum(worth is None for _, worth in valued)
    anonymous = sum(event.customer is None and worth is not None for event, worth in valued)
    return ClusteredState(len(pairs), *totals, *products, nulls, anonymous)


SPANS = (
    Spans(OPENED, ANSWERED),
    Spans(OPENED, ANSWERED, starts="last", ends="last", window_us=10 * DAY),
    Spans(OPENED, ANSWERED, key="customer", unit="reference", window_us=10 * DAY),
    Spans(ORDERS, ORDERS, key="customer", unit="id"),
    Spans(Where(kind=Not(Equal("order.placed"))), Where(), key="customer", starts="last", window_us=0),
    Spans(OPENED, ANSWERED, window_us=10 * DAY, unless=(Unless(OPENED, "customer"), Unless(ORDERS))),
    Spans(ORDERS, ANSWERED, key="customer", unless=(Unless(Where(score=9.0)),)),
)


@pytest.mark.parametrize("statistic", SPANS)
@settings(max_examples=50)
@example(POOL, BROAD)
@given(tables, requests)
def test_spans(statistic: Spans, events: list[Event], request: Request):
    """Each start has one fate, in the cell of its own event; orphans and events without a key in theirs."""
    by_cell: dict[Cell, list[tuple[str, int]]] = defaultdict(list)
    for event, fate, gap in fates(statistic, sorted(events, key=order), request.as_of_us):
        if inside(event, request):
            for cell in cells(event, request):
                by_cell[cell].append((fate, gap))
    states = computed(statistic, events, request).states[statistic]
    assert {cell: state_facts(state) for cell, state in states.items()} == {
        cell: span_facts(found) for cell, found in by_cell.items()
    }


def fates(statistic: Spans, events: list[Event], as_of_us: int | None) -> Iterator[tuple[Event, str, int]]:
    """Give the event that owns each fate, the fate, and the gap where there is one; events come in order."""
    starts: dict[tuple[object, object], list[Event]] = defaultdict(list)
    ends: dict[object, list[Event]] = defaultdict(list)
    spoilers: dict[tuple[Unless, object], list[Event]] = defaultdict(list)
    for event in events:
        key, unit = getattr(event, statistic.key), getattr(event, statistic.unit or statistic.key)
        is_start, is_end = (where.holds(event.__getattribute__) for where in (statistic.start, statistic.end))
        if is_start and key is not None and unit is not None:
            starts[key, unit].append(event)
        if is_end and key is not None:
            ends[key].append(event)
        for unless in statistic.unless:
            if unless.where.holds(event.__getattribute__):
                spoilers[unless, getattr(event, unless.key)].append(event)
        if (is_start and (key is None or unit is None)) or (is_end and key is None):
            yield event, "unkeyed", 0
    end_of_data = max((event.ts_us for event in events), default=0) if as_of_us is None else as_of_us
    for (key, _), found in starts.items():
        start = found[0 if statistic.starts == "first" else -1]
        spoil = [spoilers[unless, getattr(start, unless.key)] for unless in statistic.unless]
        apart = [[event for event in events if event is not start] for events in (ends[key], chain(*spoil))]
        yield start, *fate(statistic, start, *apart, end_of_data)
    for key in ends.keys() - {key for key, _ in starts}:
        if ends[key]:
            yield ends[key][0], "orphan", 0


def fate(statistic: Spans, start: Event, ends: list[Event], spoilers: list[Event], end_of_data: int) -> tuple[str, int]:
    """Return how one start ends."""
    window = statistic.window_us
    gaps = [end.ts_us - start.ts_us for end in ends if end.ts_us >= start.ts_us]
    in_time = [gap for gap in gaps if window is None or gap <= window]
    if window is not None and start.ts_us + window > end_of_data:
        return "immature", 0
    if any(getattr(start, unless.key) is None for unless in statistic.unless):
        return "unkeyed", 0
    if any(0 <= event.ts_us - start.ts_us <= (window if window is not None else 1e18) for event in spoilers):
        return "spoiled", 0
    if in_time:
        return "gap", min(in_time) if statistic.ends == "first" else max(in_time)
    return "negative" if ends and not gaps else "unmatched", 0


def span_facts(found: list[tuple[str, int]]) -> tuple[object, ...]:
    """Return what a cell's fates amount to."""
    gaps = [gap for fate, gap in found if fate == "gap"]
    counts = Counter(fate for fate, _ in found)
    names = ("unmatched", "negative", "immature", "orphan", "unkeyed", "spoiled")
    return len(gaps), sum(gaps), sum(gap * gap for gap in gaps), len(gaps), *(counts[name] for name in names)


def state_facts(state) -> tuple[object, ...]:
    """Return the same of a state."""
    gaps = state.gaps
    rest = (state.unmatched, state.negative, state.immature, state.orphan, state.unkeyed, state.spoiled)
    return gaps.n, gaps.total, gaps.squares, state.sketch.n, *rest


RETURNS = (
    Returns(ORDERS, "week"),
    Returns(ORDERS, "month"),
    Returns(ORDERS, "month", base="year", squares=True),
    Returns(ORDERS, "week", newcomers=True),
    Returns(ORDERS, "week", squares=True, mark=ANSWERED),
    Returns(ORDERS, "month", squares=True, mark=Where(kind="order.placed", channel="web")),
)


@pytest.mark.parametrize("statistic", RETURNS)
@settings(max_examples=40)
@example(POOL, BROAD)
@example([attrs.evolve(event, ts_us=event.ts_us + i % 3 * 366 * DAY) for i, event in enumerate(POOL)], BROAD)
@given(tables, requests)
def test_returns(statistic: Returns, events: list[Event], request: Request):
    """Each period against its base, also where that lies before the bounds."""
    every, back = str(statistic.every), 12 if statistic.base == "year" else 1
    calendar = Calendar(every, request.tz)  # type: ignore[arg-type]
    latest = max((event.ts_us for event in events), default=0)
    end = latest if request.as_of_us is None else request.as_of_us
    if request.until_us is not None:
        end = min(end, request.until_us - 1)
    orders = [event for event in events if event.kind == "order.placed"]
    read = [event for event in orders if request.until_us is None or event.ts_us < request.until_us]
    segments = {None, *(cells(event, request)[-1][0] for event in read)}
    expected: dict[Cell, ReturnsState] = defaultdict(ReturnsState)
    for segment in segments:
        here = [e for e in read if segment is None or tuple(getattr(e, name) for name in request.by) == segment]
        sums: dict[int, Counter[str]] = defaultdict(Counter)
        for event in here:
            if event.customer is not None:
                sums[calendar.index(event.ts_us)][event.customer] += event.amount_minor or 0
        for period in {p + step for p in list(sums) for step in (0, back)}:
            starts = to_us(calendar.start(period))
            shown = calendar == request.calendar or to_us(calendar.start(period + 1)) - DAY <= end
            if starts <= end and (request.since_us is None or starts >= request.since_us) and shown:
                now, before = sums.get(period, Counter()), sums.get(period - back, Counter())
                new = {customer for customer in now if not any(customer in sums[p] for p in sums if p < period)}
                entry = ReturnsState(
                    {period: returned(statistic, now, before, new, marked(statistic, events, request))}
                )
                cell = (segment, request.calendar and calendar.index_of(period, request.calendar))
                expected[cell] = expected[cell].plus(entry)
    for event in orders:
        if event.customer is None and inside(event, request):
            for cell in cells(event, request):
                expected[cell] = expected[cell].plus(ReturnsState(anonymous=1))
    check(statistic, events, request, dict(expected))


def marked(statistic: Returns, events: list[Event], request: Request) -> set[str | None]:
    """Return the customers that bear the mark."""
    until = request.until_us
    early = [event for event in events if until is None or event.ts_us < until]
    mark = statistic.mark
    return set() if mark is None else {e.customer for e in early if mark.holds(e.__getattribute__)}


def returned(
    statistic: Returns, now: Counter[str], base: Counter[str], new: set[str], marks: set[str | None]
) -> Return:
    """Return what one period comes to against its base."""
    both, earned = now.keys() & base.keys(), new & marks if statistic.counts_new else set()
    squared = statistic.squares
    return Return(
        active=len(now),
        base=len(base),
        both=len(both),
        amount=sum(now.values()),
        base_amount=sum(base.values()),
        both_amount=sum(now[customer] for customer in both),
        base_squares=squared * sum(amount**2 for amount in base.values() if abs(amount) < LIMIT),
        both_squares=squared * sum(now[each] ** 2 for each in both if abs(now[each]) < LIMIT),
        both_products=squared
        * sum(now[each] * base[each] for each in both if abs(now[each]) < LIMIT and abs(base[each]) < LIMIT),
        new=len(new) if statistic.counts_new else 0,
        marked=len(earned),
        marked_amount=sum(now[each] for each in earned),
        marked_squares=squared * sum(now[each] ** 2 for each in earned if abs(now[each]) < LIMIT),
    )
