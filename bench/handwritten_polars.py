"""The ten metrics by channel and month, and over all channels, as one would write them by hand in Polars.

One lazy scan, all results collected together; no intervals but the moments they need, no exclusions, no identities. The
yardstick for the frame engine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable

CELL = ("channel", "month")
Values = dict[tuple[str | None, int], dict[str, Any]]


def ten_metrics(path: str) -> Values:
    """Return the values of each (channel, month), months counted from year 0; None is all channels."""
    local = pl.from_epoch("ts_us", time_unit="us")
    month = (local.dt.year().cast(pl.Int64) * 12 + local.dt.month() - 1).alias("month")
    events = pl.scan_parquet(path).with_columns(month)
    orders = events.filter(pl.col("kind") == "order.placed")
    queries = [query for by in (CELL, ("month",)) for query in _queries(events, orders, by)]
    found = pl.collect_all(queries)
    values: Values = {}
    for place, frames in ((0, found[: len(found) // 2]), (1, found[len(found) // 2 :])):
        for frame in frames:
            for row in frame.iter_rows(named=True):
                channel = None if place else row.pop("channel")
                values.setdefault((channel, row.pop("month")), {}).update(row)
    return values


def _queries(events: pl.LazyFrame, orders: pl.LazyFrame, by: Iterable[str]) -> list[pl.LazyFrame]:
    by = list(by)
    amount = pl.col("amount_minor")
    score, instrument = pl.col("score"), pl.col("instrument")
    wide, net = amount.cast(pl.Float64), (score >= 9).cast(pl.Int8) - (score <= 6).cast(pl.Int8)
    sales = orders.group_by(by).agg(
        pl.len().alias("orders"), (amount.sum() / 100).alias("revenue"),
        (amount.mean() / 100).alias("average_transaction_value"), (wide * wide).sum().alias("squares"),
    )  # fmt: skip
    answers = (
        events.filter(pl.col("kind") == "survey.answered")
        .group_by(by)
        .agg(
            (100 * net.filter(instrument == "nps").mean()).alias("nps"),
            (score >= 4).filter(instrument == "csat").mean().alias("csat"),
            score.filter(instrument == "ces").mean().alias("ces"),
        )
    )
    buyers = orders.group_by([*by, "customer"]).agg(pl.len().alias("times"))
    customers = buyers.group_by(by).agg(
        pl.len().alias("active_customers"), (pl.col("times") > 1).mean().alias("repeat_purchase_rate")
    )
    groups = [name for name in by if name != "month"]
    before = buyers.select(*groups, pl.col("month") + 1, "customer")
    kept = buyers.join(before, on=[*by, "customer"], how="right").group_by(by).agg(
        (pl.col("times").is_not_null()).mean().alias("retention_rate")
    )  # fmt: skip
    opened = events.filter(pl.col("kind") == "contact.opened").select("reference", "ts_us", *by)
    answered = events.filter(pl.col("kind") == "contact.answered").select("reference", pl.col("ts_us").alias("end"))
    gaps = (
        opened.join(answered, on="reference", how="inner")
        .filter(pl.col("end") >= pl.col("ts_us"))
        .group_by(["reference", *by])
        .agg((pl.col("end").min() - pl.col("ts_us").min()).alias("gap"))
        .group_by(by)
        .agg((pl.col("gap").quantile(0.5, interpolation="lower") / 1e6).alias("first_response_time"))
    )
    return [sales, answers, customers, kept, gaps]
