"""What the engine says it did: how often it read the data, and which columns."""

from __future__ import annotations

from typing import Any

import pytest

import cxkit
from cxkit.simulate import simulate_shop

TWENTY = (
    "nps", "csat", "ces", "csat_mean", "response_rate", "first_response_time", "resolution_time",
    "first_contact_resolution", "reopen_rate", "contact_rate", "orders", "revenue", "average_transaction_value",
    "purchase_frequency", "repeat_purchase_rate", "refund_rate", "retention_rate", "active_customers",
    "visit_frequency", "delivery_time",
)  # fmt: skip


@pytest.fixture(scope="module")
def events() -> list[cxkit.Event]:
    """Return some months of a simulated shop."""
    return list(simulate_shop(customers=40, days=90))


@pytest.mark.parametrize(("engine", "most"), [("rows", 1), ("polars", 3), ("duckdb", 4)])
def test_twenty_metrics_read_no_more_often_than_one(engine: str, most: int, events: list[cxkit.Event]) -> None:
    """The table is read to look at it and to keep what is needed of it; the rest is computed of that."""
    data: Any = events
    if engine != "rows":
        frame = pytest.importorskip("cxkit.engines.frame")
        pytest.importorskip(engine, reason="pip install 'cxkit[frame]'")
        data = frame.table_of_events(events, engine)

    def passes(*metrics: str) -> int:
        (first, *_) = cxkit.score(data, metrics, by="channel", every="month").work
        words = first.replace("together in ", "over ").split()
        return int(words[words.index("pass" if "pass" in words else "passes") - 1])

    many = TWENTY[:5] if engine == "duckdb" else TWENTY  # which plans each for a second
    assert passes(*many) <= passes("first_response_time") <= most


def test_only_the_columns_that_are_needed(events: list[cxkit.Event]) -> None:
    """A score needs no amounts."""
    pl = pytest.importorskip("polars")
    rows = [
        {name: getattr(event, name) for name in ("ts_us", "kind", "instrument", "score", "touchpoint")}
        for event in events
    ]
    table = pl.DataFrame(rows, schema_overrides={"score": pl.Float64}).with_columns(other=pl.lit("x"))

    (read, computed) = cxkit.score(table, "stars").work
    assert read.endswith("4 columns are read: instrument, kind, score, ts_us")
    assert computed.startswith("polars: 1 statistic in ")
