"""A real export through its recipe on Polars, beside a hand-written query over the same file."""

from __future__ import annotations

import math
import sys
from pathlib import Path

from bench.handwritten_uci import figures
from bench.line import Line, side_by_side

import cxkit
from cxkit import recipes
from cxkit.recipes.lazy_recipe import lazy_table

UCI = Path(__file__).parents[2] / "shared" / "data" / "online_retail_2009_2010.parquet"
LIMIT = 2.0
ORDERS, VALUE = "orders[customers=known]", "average_transaction_value[customers=known]"


def by_recipe() -> dict[str, float]:
    """Return what the hand-written query returns."""
    with recipes.read(UCI, "online-retail", strict=True) as reading:
        table = lazy_table(reading, "polars")
    card = cxkit.score(table, [ORDERS, "active_customers", "purchase_frequency", VALUE, "repeat_purchase_rate"])
    months = cxkit.score(table, "retention_rate", every="month", tz="Europe/London")
    estimates = {
        "orders": card.get(ORDERS),
        "customers": card.get("active_customers"),
        "frequency": card.get("purchase_frequency"),
        "value": card.get(VALUE),
        "repeat": card.get("repeat_purchase_rate"),
        "retention": months.get("retention_rate", period="2010-11"),
    }
    return {name: float(found.value or 0) for name, found in estimates.items()}


def agree() -> None:
    """Stop unless both give the same figures."""
    ours, theirs = by_recipe(), figures(str(UCI))
    for name, value in theirs.items():
        if not math.isclose(ours[name], value, rel_tol=1e-9):
            message = f"{name}: {ours[name]} isn't {value}"
            raise AssertionError(message)


def lines() -> list[Line]:
    """Measure the recipe for UCI Online Retail II, if the file is there."""
    if not UCI.exists():
        print(f"recipe: {UCI.name} isn't here", file=sys.stderr)
        return []
    agree()
    mine, theirs = side_by_side(by_recipe, lambda: figures(str(UCI)), runs=5)
    what = "UCI Online Retail II (525,461 lines in Parquet) by its recipe to six figures, Polars"
    peer = "hand-written Polars, no intervals"
    return [Line(what, mine, "s", peer, theirs, f"< {LIMIT:g} ×", mine < LIMIT * theirs)]
