"""What the entries of one column mean: natively where they are plain, else by the functions that rows are read by."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import attrs

from cxkit.recipes.evaluate import Scope, number_of, text_of
from cxkit.recipes.lazy_vector import Vector, made, marks, places, repeated
from cxkit.recipes.model import Column, Whole, named
from cxkit.recipes.numbers import EXACT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import polars as pl

    from cxkit.recipes.lazy_columns import Coded
    from cxkit.recipes.model import Value

DECIMALS: Final = 6
"""The most decimals that a plain number has; before them it has at most twelve digits."""
_MOST: Final = 12
_LOOKED_AT: Final = 50
"""How many numbers say first how many decimals all may have."""
_WHOLE_FROM: Final = 1.5 * 2.0**52


def texts_in(value: Value, cells: pl.Series, scope: Scope) -> Vector:
    """Return a value that is taken from one column as text; null where there is none.

    Args:
        value: the value.
        cells: the entries of its column.
        scope: how rows are read.
    """
    import polars as pl

    def by_rows(some: pl.Series) -> Vector:
        read = text_of(value, _alone(value, scope))
        entries, bad = made(some, lambda cell: read([cell]) or None, pl.String)
        return Vector(entries, None, bad)

    if isinstance(value, Whole) and isinstance(value.of, Column) and scope.reading.decimal == ".":
        whole = _only(cells, r"^[+-]?[0-9]+(?:\.0*)?$").str.replace(r"\.0*$", "")
        return _beside(Vector(whole), cells, by_rows)
    return by_rows(cells)


def numbers_in(value: Value, cells: pl.Series, scope: Scope) -> Vector:
    """Return a value that is taken from one column as whole numbers of a scale, exactly; null where there is none."""

    def by_rows(some: pl.Series) -> Vector:
        read = number_of(value, _alone(value, scope))
        return exactly(some, lambda cell: read([cell]))

    if isinstance(value, Column):
        return _beside(_plainly(cells, scope.reading.decimal), cells, by_rows)
    return by_rows(cells)


def exactly(cells: pl.Series, read: Callable[[str], Decimal | None]) -> Vector:
    """Return numbers in the scale that holds them; one with too many digits is not plain.

    >>> import polars as pl
    >>> from decimal import Decimal
    >>> found = exactly(pl.Series(["0.50", "12", "1e-9"]), Decimal)
    >>> found.entries.to_list(), found.scale, found.bad.to_list()
    ([5, 120, None], 1, [False, False, True])
    """
    import polars as pl

    millionths, bad = made(cells, lambda cell: _millionths(read(cell)), pl.Int64)
    return _shortened(Vector(millionths, None, bad, DECIMALS))


def typed_numbers(typed: pl.Series | None) -> Vector | None:
    """Return numbers as their shortest digits say; None where it isn't numbers, or not all are plain."""
    import polars as pl

    if typed is None or not (typed.dtype.is_integer() or typed.dtype == pl.Float64):
        return None
    if typed.dtype.is_integer():
        numbers = typed.cast(pl.Int64, strict=False)
        found = Vector(numbers)
        size = found.greatest()
        plain = numbers.null_count() == typed.null_count() and size < 10**_MOST
        return attrs.evolve(found, bound=size) if plain else None
    # A sum is no number if one of its numbers is none.
    return _decimals(typed.fill_nan(None) if math.isnan(float(typed.sum())) else typed)


def _decimals(numbers: pl.Series) -> Vector | None:
    """Return floats as the decimals that their shortest digits are; None if some have too many."""
    import polars as pl

    low, high = numbers.min() or 0.0, numbers.max() or 0.0
    assert isinstance(low, float)  # noqa: S101 - floats are such
    assert isinstance(high, float)  # noqa: S101 - as above
    # Of decimals with no more than 15 digits one alone is nearest to a float, so that it is the one written.
    few = [numbers[at] for at in range(0, len(numbers), max(1, len(numbers) // _LOOKED_AT))]
    scale, size = _scale(few), max(-low, high)
    if scale > DECIMALS or size * 10.0**scale > 10.0 ** min(15, _MOST + scale):
        return None
    unit = 10.0**scale
    # Floats as great as this have no decimals: added and taken away again it rounds, sooner than a call for each.
    rounded = (numbers * unit + _WHOLE_FROM) - _WHOLE_FROM
    # By a column, for Polars multiplies by the inverse of a number, which isn't as exact.
    again = rounded / repeated(unit, len(rounded)) if scale else rounded
    longer = again != numbers
    bound = math.ceil(size) * 10**scale
    found = Vector(rounded.cast(pl.Int64, wrap_numerical=True), None, None, scale, bound=bound)
    if not longer.any():
        return found
    left = places(longer)
    more = _decimals(numbers.filter(longer))
    if more is None:
        return None
    found = found.scaled(more.scale)
    return attrs.evolve(found, entries=found.entries.scatter(left, more.entries))


def _scale(few: Iterable[float | None]) -> int:
    """Return how many decimals the shortest digits of floats have, more than `DECIMALS` if some are infinite."""
    exponents = [Decimal(repr(each)).normalize().as_tuple().exponent for each in few if each is not None]
    return max((-each if isinstance(each, int) else DECIMALS + 1 for each in exponents), default=0)


def typed_wholes(column: Coded, numbers: Vector | None) -> Vector | None:
    """Return the whole numbers that a column of floats holds as text; None where not all are plain."""
    import polars as pl

    typed = column.lines
    if typed is None or typed.dtype != pl.Float64 or column.decimal != "." or numbers is None or numbers.scale:
        return None
    return attrs.evolve(numbers, digits=True)


def _millionths(number: Decimal | None) -> int | None:
    if number is None:
        return None
    scaled = number.scaleb(DECIMALS, EXACT)
    if number.adjusted() >= _MOST or int(scaled) != scaled:
        raise KeyError(number)
    return int(scaled)


def _plainly(cells: pl.Series, decimal: str) -> Vector:
    """Return the numbers that are written with digits and a point alone."""
    import polars as pl

    plain = _only(cells, rf"^-?[0-9]{{1,12}}(?:{re.escape(decimal)}[0-9]{{1,6}})?$")
    exact = plain.str.replace(decimal, ".", literal=True).cast(pl.Decimal(18, DECIMALS)).to_physical().cast(pl.Int64)
    return _shortened(Vector(exact, None, None, DECIMALS))


def _shortened(numbers: Vector) -> Vector:
    """Return the same numbers with no more decimals than they need."""
    scale, entries = numbers.scale, numbers.entries
    while scale and not (entries % 10 != 0).any():
        entries, scale = entries // 10, scale - 1
    return Vector(entries, numbers.at, numbers.bad, scale)


def _only(cells: pl.Series, pattern: str) -> pl.Series:
    return cells.set(~cells.str.contains(pattern), None)


def _beside(native: Vector, cells: pl.Series, find: Callable[[pl.Series], Vector]) -> Vector:
    """Add to what was found natively what Python finds for the cells that are left."""
    if native.entries.null_count() == cells.null_count():
        return native
    left = (native.entries.is_null() & cells.is_not_null()).arg_true()
    if not len(left):
        return native
    found = find(cells.gather(left))
    scale = max(native.scale, found.scale)
    native, found = native.scaled(scale), found.scaled(scale)
    bad = None if found.bad is None else marks(left.filter(found.bad).to_list(), len(cells))
    return Vector(native.entries.clone().scatter(left, found.entries), None, bad, scale)


def _alone(value: Value, scope: Scope) -> Scope:
    """Return the scope of lines that have but the one column that a value is taken from."""
    return Scope(dict.fromkeys(named(value), 0), scope.reading, scope.tz, 1, scope.numbers)
