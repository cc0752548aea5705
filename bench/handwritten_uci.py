"""UCI Online Retail II to its figures: what one would write in Polars instead of a recipe and metrics."""

from __future__ import annotations

import polars as pl


def figures(path: str) -> dict[str, float]:
    """Return orders, buyers, orders a buyer, their mean value, the share of repeat buyers, and retention in November.

    Args:
        path: the Parquet file of 2009-2010.
    """
    placed = ~pl.col("Invoice").str.starts_with("C") & ~pl.col("Invoice").str.starts_with("A")
    orders = (
        pl.scan_parquet(path)
        .filter(placed, pl.col("Quantity") > 0, pl.col("Price") > 0, pl.col("Customer ID").is_not_null())
        .group_by("Invoice")
        .agg(
            customer=pl.col("Customer ID").first(),
            month=pl.col("InvoiceDate").min().str.slice(0, 7),
            value=(pl.col("Quantity") * pl.col("Price")).sum().round(2),
        )
        .collect()
    )
    buyers = orders.group_by("customer").agg(orders=pl.len())
    october, november = (
        orders.filter(pl.col("month") == month).select("customer").unique() for month in ("2010-10", "2010-11")
    )
    return {
        "orders": len(orders),
        "customers": len(buyers),
        "frequency": len(orders) / len(buyers),
        "value": float(orders["value"].sum()) / len(orders),
        "repeat": len(buyers.filter(pl.col("orders") > 1)) / len(buyers),
        "retention": len(october.join(november, on="customer", how="semi")) / len(october),
    }
