"""Sums of integer columns in two halves, so that neither overflows below 2³¹ rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cxkit.engines.frame.cells import Measure
from cxkit.engines.frame.columns import whole

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
    high = whole(0) if small else value // HALF
    return [Measure(f"{name}_high", high), Measure(f"{name}_low", value if small else value % HALF)]


def total(name: str, measured: Mapping[str, Any]) -> int:
    """Put a sum together."""
    return int(measured[f"{name}_high"]) * HALF + int(measured[f"{name}_low"])
