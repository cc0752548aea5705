"""What somebody writes who needs one of these numbers once: Polars and DuckDB, over a Parquet file of events."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SPANS = """
with opened as (
    select reference, min(ts_us) as began from read_parquet(?) where kind = 'contact.opened' group by reference
), answered as (
    select opened.reference, min(event.ts_us) - any_value(opened.began) as gap
    from opened join read_parquet(?) as event using (reference)
    where event.kind = 'contact.answered' and event.ts_us >= opened.began group by opened.reference
)
select count(*), coalesce(sum(gap), 0) from answered
"""
_RETURNS = """
with active as (
    select customer, year(moment) * 12 + month(moment) as month, sum(amount_minor) as amount
    from (select customer, amount_minor, make_timestamp(ts_us) as moment from read_parquet(?)
          where kind = 'order.placed' and customer is not null)
    group by all
)
select count(*), count(before.customer), sum(active.amount)
from active left join active as before on before.customer = active.customer and before.month = active.month - 1
"""
_FREQUENCY = """
select times, count(*) from (
    select count(*) as times from read_parquet(?) where kind = 'order.placed' and customer is not null group by customer
) group by times
"""


def spans_in_polars(path: str) -> dict[str, int]:
    """First response: each ticket's first answer at or after its opening."""
    import polars as pl

    events = pl.scan_parquet(path)
    opened = events.filter(pl.col("kind") == "contact.opened", pl.col("reference").is_not_null())
    opened = opened.group_by("reference").agg(pl.col("ts_us").min().alias("at"))
    answered = events.filter(pl.col("kind") == "contact.answered").select("reference", "ts_us")
    both = opened.join(answered, on="reference").filter(pl.col("ts_us") >= pl.col("at"))
    gaps = both.group_by("reference").agg((pl.col("ts_us").min() - pl.col("at").first()).alias("gap"))
    ((matched, total),) = gaps.select(pl.len(), pl.col("gap").sum()).collect(engine="streaming").rows()
    return {"matched": matched, "total": total}


def spans_in_duckdb(path: str) -> dict[str, int]:
    """The same."""
    import duckdb

    ((matched, total),) = duckdb.connect().execute(_SPANS, [path, path]).fetchall()
    return {"matched": matched, "total": int(total)}


def returns_in_polars(path: str) -> dict[str, int]:
    """Customers of each month, those who were there the month before, and what all paid."""
    import polars as pl

    orders = pl.scan_parquet(path).filter(pl.col("kind") == "order.placed", pl.col("customer").is_not_null())
    at = pl.from_epoch("ts_us", time_unit="us")
    month = (at.dt.year().cast(pl.Int64) * 12 + at.dt.month()).alias("month")
    active = orders.group_by("customer", month).agg(pl.col("amount_minor").sum()).collect(engine="streaming").lazy()
    before = active.select("customer", pl.col("month") + 1)
    counted = [
        active.select(pl.len(), pl.col("amount_minor").sum()),
        active.join(before, on=["customer", "month"], how="semi").select(pl.len()),
    ]
    alone, both = pl.collect_all(counted, engine="streaming")
    ((customers, amount),) = alone.rows()
    return {"active": customers, "both": both.item(), "amount": amount}


def returns_in_duckdb(path: str) -> dict[str, int]:
    """The same."""
    import duckdb

    ((active, both, amount),) = duckdb.connect().execute(_RETURNS, [path]).fetchall()
    return {"active": active, "both": both, "amount": int(amount)}


def frequency_in_polars(path: str) -> dict[str, int]:
    """How many customers ordered how often."""
    import polars as pl

    orders = pl.scan_parquet(path).filter(pl.col("kind") == "order.placed", pl.col("customer").is_not_null())
    times = orders.group_by("customer").len("times").group_by("times").len("customers").sort("times")
    return {f"{each} times": customers for each, customers in times.collect(engine="streaming").rows()}


def frequency_in_duckdb(path: str) -> dict[str, int]:
    """The same."""
    import duckdb

    return {f"{times} times": customers for times, customers in duckdb.connect().execute(_FREQUENCY, [path]).fetchall()}


BY_HAND: Mapping[str, Mapping[str, Callable[[str], dict[str, int]]]] = {
    "Spans": {"Polars": spans_in_polars, "DuckDB": spans_in_duckdb},
    "Returns": {"Polars": returns_in_polars, "DuckDB": returns_in_duckdb},
    "Frequency": {"Polars": frequency_in_polars, "DuckDB": frequency_in_duckdb},
}
