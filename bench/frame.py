"""The frame engine on Polars beside a hand-written query, over events in a Parquet file."""

from __future__ import annotations

import tempfile
from itertools import islice
from pathlib import Path

from bench.events import shop_events
from bench.handwritten_polars import ten_metrics
from bench.line import Line, side_by_side

import cxkit
from cxkit.files import write_events as write_file
from cxkit.metrics import BUILT_IN
from cxkit.simulate import simulate_shop

LIMIT = 1.5
LIMIT_THIRTY = 3.0
METRICS = (
    "orders", "revenue", "active_customers", "nps", "csat", "ces", "average_transaction_value", "repeat_purchase_rate",
    "retention_rate", "first_response_time",
)  # fmt: skip
# Left out, so that the thirty are counts, scores, money and times as a shop asks for them every day.
_LEFT_OUT = {"net_revenue_retention", "earned_growth"}
THIRTY = (*METRICS, *[m.__name__ for m in BUILT_IN if m.__name__ not in {*METRICS, *_LEFT_OUT}][:20])


def write_events(path: Path, n: int) -> None:
    """Write n events in the columns that `cxkit export` writes, half a million at a time."""
    import pyarrow.parquet as pq

    from cxkit.engines.frame import table_of_events

    stream, writer = shop_events(n), None
    while chunk := list(islice(stream, 500_000)):
        table = table_of_events(chunk, "polars").to_arrow()
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def agree(path: str) -> None:
    """Stop unless both compute the same numbers; a quantile may differ by the sketch's one per cent."""
    by_hand = ten_metrics(path)
    for row in cxkit.score(path, METRICS, by="channel", every="month"):
        year, month = map(int, str(row.period).split("-"))
        want = by_hand.get((row.segment.get("channel"), year * 12 + month - 1), {}).get(row.name)
        got = row.estimate.value
        if want is None and not got:
            continue  # a count by hand knows no nought
        tolerance = 0.01 if row.name == "first_response_time" else 1e-9
        if (want is None) != (got is None) or (want is not None and abs(want - got) > tolerance * max(1.0, abs(want))):
            message = f"{row.describe()}: {got} isn't {want}"
            raise AssertionError(message)


def thirty_against_ten(data: object, events: int, engine: str) -> Line:
    """Measure what thirty metrics cost beside ten, of events that all of them find something in."""

    def score(metrics: tuple[str, ...]) -> None:
        cxkit.score(data, metrics, by="channel", every="month", engine=engine)

    thirty, ten = side_by_side(lambda: score(THIRTY), lambda: score(METRICS), runs=3)
    what = f"thirty metrics by channel and month, {events:,} events of a simulated shop, {engine}"
    return Line(what, thirty, "s", "ten metrics", ten, f"≤ {LIMIT_THIRTY:g} ×", thirty <= LIMIT_THIRTY * ten)


def _thirty(folder: Path) -> Line:
    path = folder / "shop.parquet"
    found = write_file(simulate_shop(seed=1, customers=20_000), path)
    return thirty_against_ten(path, found, "polars")


def lines(*, n: int = 5_000_000) -> list[Line]:
    """Measure ten metrics over n events."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        path = Path(folder) / "events.parquet"
        write_events(path, n)
        agree(str(path))

        def ours() -> None:
            cxkit.score(path, METRICS, by="channel", every="month")

        mine, theirs = side_by_side(ours, lambda: ten_metrics(str(path)))
        thirty = _thirty(Path(folder))
    what = f"ten metrics by channel and month, {n:,} events in Parquet, Polars"
    peer = "hand-written Polars, no intervals"
    return [Line(what, mine, "s", peer, theirs, f"≤ {LIMIT} ×", mine <= LIMIT * theirs), thirty]
