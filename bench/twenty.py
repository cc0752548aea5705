"""Twenty metrics by channel and month over ten million events in Parquet, beside hand-written queries.

Beside the quicker of a query in Polars and one in DuckDB, and beside pandas. All must give the same numbers first, and
so must the engine on DuckDB.
"""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bench import handwritten_twenty_duckdb, handwritten_twenty_pandas, handwritten_twenty_polars
from bench.frame import METRICS
from bench.line import HOW, Line, in_turns, timed
from bench.single import without_links

import cxkit
from cxkit.files.tables import write_tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.handwritten_twenty_polars import Values
    from bench.line import Took

LIMIT = 1.3
LEAST_TIMES = 10
TWENTY = (
    *METRICS, "csat_mean", "response_rate", "visit_frequency", "purchase_frequency", "churn_rate", "resolution_time",
    "contact_rate", "refund_rate", "delivery_time", "on_time_delivery",
)  # fmt: skip
QUANTILES = {"first_response_time", "resolution_time", "delivery_time"}
BEST_OF = ("Polars", "DuckDB")
BY_HAND: dict[str, Callable[[str], Values]] = {
    "Polars": handwritten_twenty_polars.twenty_metrics,
    "DuckDB": handwritten_twenty_duckdb.twenty_metrics,
    "pandas": handwritten_twenty_pandas.twenty_metrics,
}


def score(path: str, engine: str) -> cxkit.Scorecard:
    """Return the card."""
    return cxkit.score(path, TWENTY, by="channel", every="month", engine=engine)


def agree(card: cxkit.Scorecard, by_hand: Values, who: str) -> int:
    """Stop unless both hold the same numbers, and return how many.

    A quantile may differ by the sketch's one per cent.
    """
    compared = 0
    for row in card:
        year, month = map(int, str(row.period).split("-"))
        want = by_hand.get((row.segment.get("channel"), year * 12 + month - 1), {}).get(row.name)
        got = row.estimate.value
        if want is None and not got:
            continue  # a count by hand knows no nought
        tolerance = 0.01 if row.name in QUANTILES else 1e-9
        if want is None or got is None or abs(want - got) > tolerance * max(1.0, abs(want)):
            message = f"{row.describe()}: {got} isn't {want}, which {who} finds"
            raise AssertionError(message)
        compared += 1
    return compared


def lines(*, n: int = 10_000_000) -> list[Line]:
    """Measure all over about n events."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        path = str(Path(folder) / "events.parquet")
        events = write_tables(without_links(n), path)
        return measured(path, events)


def measured(path: str, events: int, *, runs: int = 5) -> list[Line]:
    """Measure all over a file; pandas and the engine on DuckDB once, for they take a minute each."""
    by_hand = {name: timed(partial(make, path)) for name, make in BY_HAND.items()}
    cards = {engine: timed(partial(score, path, engine)) for engine in ("polars", "duckdb")}
    for card, _ in cards.values():
        for name, (values, _) in by_hand.items():
            agree(card, values, name)
    once: dict[str, Took] = {name: took for name, (_, took) in {**by_hand, **cards}.items()}
    turns: dict[str, Callable[[], object]] = {name: partial(BY_HAND[name], path) for name in BEST_OF}
    turns["ours"] = partial(score, path, "polars")
    medians = in_turns(turns, times=runs)
    what = f"twenty metrics by channel and month, {events:,} events in Parquet"
    made = []
    for at, how in enumerate(HOW):
        ours, (theirs, best) = medians["ours"][at], min((medians[name][at], name) for name in BEST_OF)
        target, name = f"≤ {LIMIT} ×", f"{what}, Polars, {how}"
        made.append(Line(name, ours, "s", f"by hand in {best}", theirs, target, ours <= LIMIT * theirs))
        theirs, target = once["pandas"][at], f"≥ {LEAST_TIMES} × as quick"
        made.append(Line(name, ours, "s", "by hand in pandas, one run", theirs, target, theirs >= LEAST_TIMES * ours))
    name = f"{what}, DuckDB, processor time, one run"
    return [*made, Line(name, once["duckdb"][1], "s", "by hand in DuckDB", medians["DuckDB"][1], "none set", good=True)]
