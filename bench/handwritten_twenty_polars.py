"""The twenty metrics by channel and month, and over all channels, as one would write them by hand in Polars.

What is read of the file is reduced to orders, contacts, surveys and visits first, all in one collect; these are grouped
twice then. No intervals but the moments they need, no exclusions, no identities.
"""

from __future__ import annotations

from typing import Any

import polars as pl

CELL = ("channel", "month")
DAY_US = 86_400_000_000
Values = dict[tuple[str | None, int], dict[str, Any]]


def twenty_metrics(path: str) -> Values:
    """Return the values of each (channel, month), months counted from year 0; None is all channels."""
    tables = _tables(path)
    values: Values = {}
    for by in (CELL, ("month",)):
        for frame in pl.collect_all(_cells(tables, list(by))):
            for row in frame.iter_rows(named=True):
                values.setdefault((row.pop("channel", None), row.pop("month")), {}).update(row)
    return values


def _tables(path: str) -> list[pl.LazyFrame]:
    """Return orders, contacts, surveys and answers, each with what became of it, and how often customers visited."""
    at = pl.from_epoch("ts_us", time_unit="us")
    month = (at.dt.year().cast(pl.Int64) * 12 + at.dt.month() - 1).alias("month")
    events = pl.scan_parquet(path)

    def of(kind: str) -> pl.LazyFrame:
        return events.filter(pl.col("kind") == kind)

    def times(kind: str, name: str, *, last: bool = False) -> pl.LazyFrame:
        ts = pl.col("ts_us").max() if last else pl.col("ts_us").min()
        return of(kind).group_by("reference").agg(ts.alias(name))

    last = events.select(pl.col("ts_us").max().alias("last"))
    key = ("reference", "ts_us", "channel")
    orders = of("order.placed").select(*key, "customer", "amount_minor", month)
    orders = orders.join(times("order.delivered", "delivered"), on="reference", how="left")
    orders = orders.join(times("order.refunded", "refunded"), on="reference", how="left")
    contacts = of("contact.opened").select(*key, month)
    contacts = contacts.join(times("contact.answered", "answered"), on="reference", how="left")
    contacts = contacts.join(times("contact.resolved", "resolved", last=True), on="reference", how="left")
    surveys = of("survey.sent").select(*key, month)
    surveys = surveys.join(times("survey.answered", "answered"), on="reference", how="left")
    answers = of("survey.answered").select("channel", month, "instrument", "score")
    visits = of("visit.started").filter(pl.col("customer").is_not_null())
    visits = visits.group_by("customer", "channel", month).agg(pl.len().alias("times"))
    frames = [orders.join(last, how="cross"), contacts, surveys.join(last, how="cross"), answers, visits]
    return [found.lazy() for found in pl.collect_all(frames, engine="streaming")]


def _cells(tables: list[pl.LazyFrame], by: list[str]) -> list[pl.LazyFrame]:
    orders, contacts, surveys, answers, visits = tables
    ts, amount = pl.col("ts_us"), pl.col("amount_minor")
    wide, gap = amount.cast(pl.Float64), pl.col("delivered") - ts
    ripe = ts + 5 * DAY_US <= pl.col("last")
    sales = orders.group_by(by).agg(
        pl.len().alias("orders"), (amount.sum() / 100).alias("revenue"),
        (amount.mean() / 100).alias("average_transaction_value"), (wide * wide).sum().alias("squares"),
        (gap.quantile(0.5, interpolation="lower") / 1e6).alias("delivery_time"),
        (gap.fill_null(6 * DAY_US) <= 5 * DAY_US).filter(ripe).mean().alias("on_time_delivery"),
        pl.col("refunded").is_not_null().mean().alias("refund_rate"),
    )  # fmt: skip
    buyers = orders.filter(pl.col("customer").is_not_null()).group_by([*by, "customer"]).agg(pl.len().alias("times"))
    customers = buyers.group_by(by).agg(
        pl.len().alias("active_customers"), (pl.col("times") > 1).mean().alias("repeat_purchase_rate"),
        pl.col("times").mean().alias("purchase_frequency"),
    )  # fmt: skip
    groups = [name for name in by if name != "month"]
    before = buyers.select(*groups, pl.col("month") + 1, "customer")
    kept = buyers.join(before, on=[*by, "customer"], how="right").group_by(by).agg(
        pl.col("times").is_not_null().mean().alias("retention_rate"),
        pl.col("times").is_null().mean().alias("churn_rate"),
    )  # fmt: skip
    opened = contacts.group_by(by).agg(
        pl.col("reference").n_unique().alias("contacts"),
        ((pl.col("answered") - ts).quantile(0.5, interpolation="lower") / 1e6).alias("first_response_time"),
        ((pl.col("resolved") - ts).quantile(0.5, interpolation="lower") / 1e6).alias("resolution_time"),
    )
    rates = sales.select(*by, "orders").join(opened.select(*by, "contacts"), on=by, how="full", coalesce=True)
    contacted = rates.select(*by, (pl.col("contacts").fill_null(0) / pl.col("orders")).alias("contact_rate"))
    asked = surveys.filter(ts + 30 * DAY_US <= pl.col("last")).group_by(by).agg(
        ((pl.col("answered") - ts).fill_null(31 * DAY_US) <= 30 * DAY_US).mean().alias("response_rate")
    )  # fmt: skip
    score, instrument = pl.col("score"), pl.col("instrument")
    net = (score >= 9).cast(pl.Int8) - (score <= 6).cast(pl.Int8)
    said = answers.group_by(by).agg(
        (100 * net.filter(instrument == "nps").mean()).alias("nps"),
        (score >= 4).filter(instrument == "csat").mean().alias("csat"),
        score.filter(instrument == "csat").mean().alias("csat_mean"),
        score.filter(instrument == "ces").mean().alias("ces"),
    )
    visited = visits.group_by([*by, "customer"]).agg(pl.col("times").sum())
    visited = visited.group_by(by).agg(pl.col("times").mean().alias("visit_frequency"))
    return [sales, customers, kept, opened.drop("contacts"), contacted, asked, said, visited]
