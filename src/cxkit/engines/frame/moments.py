"""Moments on tables: sums of 64 bits that can't overflow, put together as Python's integers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from cxkit.engines.frame.cells import Measure, count
from cxkit.stats import Moments, MomentsState
from cxkit.stats.moments import LIMB, LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cxkit.engines.frame.cells import Keys, Place, Queries
    from cxkit.engines.frame.table import Table


def plan(statistic: Moments, table: Table, keys: Keys, queries: Queries) -> Callable[[], Mapping[Place, MomentsState]]:
    """Plan the sums of a column."""
    name, value = f"m_{statistic.of}", table.whole(statistic.of)
    nulls = f"{name}_nulls"
    planned = measures(name, value, small=table.sums_fit(statistic.of, power=2), wide=table.backend.WIDE)
    found = queries.measure(statistic.where, keys, [*planned, count(nulls, value.is_null())])
    return lambda: {place: state(name, measured, int(measured[nulls])) for place, measured in found()}


def measures(name: str, value: nw.Expr, *, small: bool, wide: bool, within: bool = False) -> list[Measure]:
    """Return what the moments of an integer column are put together from.

    Unless the squares are so small that their sum has 64 bits, or the library has integers of 128, a value is split
    into x = h·2²⁶ + l, so that h², h·l and l² have 64 bits; of each the quotient and the remainder by 2²⁶ are summed,
    which up to 2³⁶ rows can't overflow.

    Args:
        name: what the measures' names begin with.
        value: the column.
        small: whether Σx² surely has 64 bits.
        wide: whether the library sums integers of 128 bits.
        within: whether no value surely is so large that it is left out.
    """
    if small:
        return [*_extremes(name, value), Measure(f"{name}_sum", value), Measure(f"{name}_squares", value * value)]
    kept = value if within else nw.when((value < LIMIT) & (value > -LIMIT)).then(value)
    out = [] if within else [count(f"{name}_out", (value >= LIMIT) | (value <= -LIMIT))]
    if wide:
        large = kept.cast(nw.Int128)
        return [*_extremes(name, kept), Measure(f"{name}_sum", large), Measure(f"{name}_squares", large * large), *out]
    high, low = kept // LIMB, kept % LIMB
    products = {"hh": high * high, "hl": high * low, "ll": low * low}
    return [
        *_extremes(name, kept),
        Measure(f"{name}_h", high),
        Measure(f"{name}_l", low),
        *[Measure(f"{name}_{product}_q", column // LIMB) for product, column in products.items()],
        *[Measure(f"{name}_{product}_r", column % LIMB) for product, column in products.items()],
        *out,
    ]


def products(name: str, left: tuple[str, str], right: tuple[str, str]) -> list[Measure]:
    """Return what Σxy of two integer columns is put together from.

    Args:
        name: what the measures' names begin with.
        left: the columns of x's limbs, x = h·2²⁶ + l; both below 2²⁶, or null.
        right: those of y.
    """
    (high, low), (more_high, more_low) = (map(nw.col, limbs) for limbs in (left, right))
    # h·k < 2⁵², and so is each of the mixed products, whose sum has 53 bits.
    parts = {"hh": high * more_high, "hl": high * more_low + low * more_high, "ll": low * more_low}
    return [
        Measure(f"{name}_{part}_{end}", column // LIMB if end == "q" else column % LIMB)
        for part, column in parts.items()
        for end in ("q", "r")
    ]


def sum_of_products(name: str, measured: Mapping[str, Any]) -> int:
    """Put Σxy together; nothing measured is nothing summed."""
    hh, hl, ll = (
        int(measured.get(f"{name}_{part}_q") or 0) * LIMB + int(measured.get(f"{name}_{part}_r") or 0)
        for part in ("hh", "hl", "ll")
    )
    return hh * LIMB * LIMB + hl * LIMB + ll


def _extremes(name: str, value: nw.Expr) -> list[Measure]:
    least, most = Measure(f"{name}_least", value, "min"), Measure(f"{name}_most", value, "max")
    return [count(f"{name}_n", ~value.is_null()), least, most]


def state(name: str, measured: Mapping[str, Any], nulls: int = 0) -> MomentsState:
    """Put a cell's moments together."""

    def part(of: str) -> int:
        return int(measured.get(f"{name}_{of}") or 0)

    def product(of: str) -> int:
        return part(f"{of}_q") * LIMB + part(f"{of}_r")

    if not part("n"):
        return MomentsState(nulls=nulls, out=part("out"))
    return MomentsState(
        part("n"),
        part("sum") + part("h") * LIMB + part("l"),
        part("squares") + product("hh") * LIMB * LIMB + 2 * product("hl") * LIMB + product("ll"),
        part("least"),
        part("most"),
        nulls,
        part("out"),
    )
