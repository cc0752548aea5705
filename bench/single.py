"""Spans, Returns and Frequency alone, each beside the best of two hand-written queries over the same Parquet file."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from bench.handwritten_single import BY_HAND
from bench.line import HOW, Line, in_turns

from cxkit.engines import Request, frame
from cxkit.files.tables import write_tables
from cxkit.simulate.columns import customers_for, simulate_tables
from cxkit.stats import Frequency, Returns, Spans, Where

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cxkit.stats import Statistic

LIMIT = 1.3
ORDERS = Where(kind="order.placed")
STATISTICS: dict[str, Statistic] = {
    "Spans": Spans(Where(kind="contact.opened"), Where(kind="contact.answered")),
    "Returns": Returns(ORDERS, "month"),
    "Frequency": Frequency(ORDERS),
}


def _found(path: str, name: str) -> dict[str, int]:
    """Return what the engine finds, in the words of the hand-written queries."""
    statistic = STATISTICS[name]
    states = frame.collect(frame.open_paths([path], "polars"), Request((statistic,))).states[statistic]
    state = states[None, None]
    if isinstance(statistic, Spans):
        return {"matched": state.gaps.n, "total": state.gaps.total}
    if isinstance(statistic, Returns):
        return {
            "active": sum(period.active for period in state.periods.values()),
            "both": sum(period.both for period in state.periods.values()),
            "amount": sum(period.amount for period in state.periods.values()),
        }
    return {f"{times} times": customers for times, customers in state.customers.items()}


def lines(*, n: int = 10_000_000) -> list[Line]:
    """Measure each over about n events; the numbers must be equal first."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "events.parquet")
        written = write_tables(without_links(n), path)
        return [line for name in STATISTICS for line in measured(path, written, name)]


def without_links(n: int) -> Iterator[Any]:
    """Give a shop's tables in which everybody has one name, for the hand-written queries know of no other."""
    import polars as pl

    for table in simulate_tables(customers=customers_for(n)):
        events = cast("pl.DataFrame", pl.from_arrow(table)).with_columns(pl.selectors.categorical().cast(pl.String))
        events = events.filter(pl.col("kind") != "identity.linked")
        yield events.to_arrow(compat_level=pl.CompatLevel.oldest())


def measured(path: str, events: int, name: str, *, runs: int = 5) -> list[Line]:
    """Measure one over a file."""
    by_hand = {library: partial(make, path) for library, make in BY_HAND[name].items()}
    ours = _found(path, name)
    for library, theirs in by_hand.items():
        if ours != (found := theirs()):
            message = f"{name}: {ours} isn't what {library} finds, {found}"
            raise AssertionError(message)
    took = in_turns({"ours": partial(_found, path, name), **by_hand}, times=runs)
    lines = []
    for at, how in enumerate(HOW):
        mine, (other, library) = took["ours"][at], min((took[library][at], library) for library in by_hand)
        what = f"`{name}` alone, {events:,} events in Parquet, Polars, {how}"
        lines.append(Line(what, mine, "s", f"by hand in {library}", other, f"≤ {LIMIT} ×", mine <= LIMIT * other))
    return lines
