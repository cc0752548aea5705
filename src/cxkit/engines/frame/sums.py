"""Sums of integer columns in two halves, so that neither overflows below 2³¹ rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cxkit.engines.frame.cells import Measure
from cxkit.engines.frame.columns import quotient

if TYPE_CHECKING:
    from collections.abc import Mapping

    import narwhals.stable.v2 as nw

HALF: Final = 2**32


def halves(name: str, value: nw.Expr, *, small: bool) -> list[Measure]:
    """Return the measures of a sum.

    Args:
        name: what their names begin with.
        value: the column.
        small: whether the sum surely has 64 bits, so that there is nothing to split.
    """
    if small:
        return [Measure(f"{name}_low", value)]
    return [Measure(f"{name}_high", quotient(value, HALF)), Measure(f"{name}_low", value % HALF)]


def total(name: str, measured: Mapping[str, Any]) -> int:
    """Put a sum together."""
    return int(measured.get(f"{name}_high", 0)) * HALF + int(measured[f"{name}_low"])
