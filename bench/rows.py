"""The row engine beside a hand-written loop, and what an event costs."""

from __future__ import annotations

import time
from datetime import timedelta
from timeit import repeat
from typing import TYPE_CHECKING

from bench.events import shop_events
from bench.frame import METRICS, thirty_against_ten
from bench.handwritten_rows import ten_metrics
from bench.line import Line, side_by_side

import cxkit
from cxkit.model.event import Event
from cxkit.simulate import simulate_shop

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT_LOOP = 2.5
LIMIT_EVENT_US = 3.0


def _events(n: int) -> Line:
    events = list(shop_events(n))
    _agree(events)
    ours, theirs = side_by_side(lambda: _score(events), lambda: ten_metrics(events))
    return Line(
        what=f"ten metrics by channel and month, {n:,} events in memory, row engine",
        ours=ours,
        unit="s",
        peer="hand-written Python loop, no intervals",
        theirs=theirs,
        target=f"≤ {LIMIT_LOOP} ×",
        good=ours <= LIMIT_LOOP * theirs,
    )


def _score(events: list[Event]) -> cxkit.Scorecard:
    return cxkit.score(events, METRICS, by="channel", every="month")


def _agree(events: list[Event]) -> None:
    """Stop unless both compute the same numbers; a quantile may differ by the sketch's one per cent."""
    by_hand = ten_metrics(events)
    for row in _score(events):
        year, month = map(int, str(row.period).split("-"))
        cell = by_hand.get((row.segment.get("channel"), year * 12 + month - 1))
        if cell is None:
            continue
        want, got = cell[row.name], row.estimate.value
        tolerance = 0.01 if row.name == "first_response_time" else 1e-9
        if (want is None) != (got is None) or (want is not None and abs(want - got) > tolerance * max(1.0, abs(want))):
            message = f"{row.describe()}: {got} isn't {want}"
            raise AssertionError(message)


def _thirty() -> Line:
    events = list(simulate_shop(seed=1, customers=2_000))
    return thirty_against_ten(events, len(events), "rows")


def _creation(what: str, make: Callable[[], object]) -> Line:
    # Processor time, because at this size a neighbour on the machine is all one would measure.
    best = min(repeat(make, number=100_000, repeat=7, timer=time.process_time)) * 10
    return Line(what, best, "µs", "limit", None, f"≤ {LIMIT_EVENT_US} µs", best <= LIMIT_EVENT_US)


def lines(*, n: int = 1_000_000) -> list[Line]:
    """Measure the row engine and event creation."""
    amount = cxkit.Money("129.90", "USD")
    when = cxkit.event("visit.started").time - timedelta(days=1)
    return [
        _events(n),
        _thirty(),
        _creation(
            "Event(…), eleven columns, checked",
            lambda: Event(
                id="e-1",
                ts_us=1_760_000_000_000_000,
                kind="order.placed",
                customer="c42",
                source="app",
                touchpoint="storefront.checkout",
                channel="web",
                reference="o-1001",
                amount_minor=12_990,
                currency="USD",
            ),
        ),
        _creation(
            "cxkit.event(…), the same from Python's types",
            lambda: cxkit.event(
                "order.placed",
                customer="c42",
                time=when,
                touchpoint="storefront.checkout",
                channel="web",
                reference="o-1001",
                amount=amount,
            ),
        ),
    ]
