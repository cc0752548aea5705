"""A filter on a table is true where its Python form is, for every type of column."""

from __future__ import annotations

import math

import narwhals.stable.v2 as nw
import pytest

from cxkit.engines.frame.filters import expression
from cxkit.errors import InvalidValueError
from cxkit.stats import AtLeast, Equal, In, IsNull, Less, Not

pl = pytest.importorskip("polars", reason="pip install 'cxkit[frame]'")
duckdb = pytest.importorskip("duckdb", reason="pip install 'cxkit[frame]'")

COLUMNS = {
    "text": ("_", "a", "A", "B", "é", "10", "9", None),
    "whole": (0, 1, 9, -1, 2**53, 2**53 + 1, 2**63 - 1, -(2**63), None),
    "float": (0.0, 1.0, 9.5, -1.0, 2.0**53, 1e308, None),
    "bool": (True, False, None),
}
BOUNDS = {
    "text": (1, -math.inf),
    "whole": (1, 9.5, -1, 2**53 + 1, 2**70, -(2**70), -(2**63), 2**63, math.inf, -math.inf),
    "float": (1, 9.5, 2**53 + 1, 10**400, -(10**400), math.inf),
    "bool": (1, 0.5, True),
}
MIXED = ("a", "9", "", 1, 9.5, True, 2**53 + 1, 2**70, 10**400, math.inf)


def conditions(sort):
    """Return conditions of every kind, and their negations."""
    plain = [IsNull(), In(()), In(MIXED), *map(Equal, MIXED)]
    plain += [make(bound) for bound in BOUNDS[sort] for make in (Less, AtLeast)]
    return [*plain, *map(Not, plain), *(Not(Not(condition)) for condition in plain)]


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
@pytest.mark.parametrize("sort", COLUMNS)
def test_conditions_hold_as_in_python(engine, sort):
    """Null, text against numbers, and numbers that the column's type can't hold included."""
    values = COLUMNS[sort]
    types = {"text": pl.String, "whole": pl.Int64, "float": pl.Float64, "bool": pl.Boolean}
    table = pl.DataFrame({"n": range(len(values)), "x": pl.Series(values, dtype=types[sort])})
    native = table.lazy() if engine == "polars" else duckdb.connect().from_arrow(table.to_arrow())
    for condition in conditions(sort):
        kept = nw.from_native(native).filter(expression("x", nw.col("x"), sort, condition)).select("n").to_native()
        rows = kept.collect().rows() if engine == "polars" else kept.fetchall()

        expected = [n for n, value in enumerate(values) if condition.holds(value)]
        assert sorted(n for (n,) in rows) == expected, condition


@pytest.mark.parametrize(("sort", "bound"), [("whole", "3"), ("float", "a"), ("bool", "a"), ("float", math.nan)])
def test_bounds_that_cannot_be_compared(sort, bound):
    """A bound that is no number is refused: in Python the comparison itself would fail, or say nothing."""
    with pytest.raises(InvalidValueError, match=r"^x: "):
        expression("x", nw.col("x"), sort, Less(bound))
