"""What the entries of one column mean: natively where they are plain, else by the functions that rows are read by."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import attrs

from cxkit.recipes.evaluate import Scope, number_of, text_of
from cxkit.recipes.lazy_vector import Vector, greatest, made, marks
from cxkit.recipes.model import Column, Whole, named
from cxkit.recipes.numbers import EXACT

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    import polars as pl

    from cxkit.recipes.lazy_columns import Coded
    from cxkit.recipes.model import Value

DECIMALS: Final = 6
"""The most decimals that a plain number has; before them it has at most twelve digits."""
_MOST: Final = 12


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
        plain = numbers.null_count() == typed.null_count() and greatest(numbers) < 10**_MOST
        return Vector(numbers) if plain else None
    numbers = typed.fill_nan(None) if typed.is_nan().any() else typed
    scale = _scale(numbers)
    if scale is None:
        return None
    scaled = (numbers * 10.0**scale).round() if scale else numbers
    # Of decimals with no more than 15 digits one alone is nearest to a float, so that it is the one written.
    most = 10.0 ** min(15, _MOST + scale)
    plain = len(scaled) == scaled.null_count() or bool(scaled.is_between(-most, most).all())
    return Vector(scaled.cast(pl.Int64), None, None, scale) if plain else None


def _scale(numbers: pl.Series) -> int | None:
    """Return how many decimals floats have that are written in their shortest digits; None for too many."""
    left, scale = numbers.gather_every(max(1, len(numbers) // 1000)), 0
    for looked in (False, True):  # at a few of them first
        while len(left) and scale <= DECIMALS:
            left = _longer(left, scale)
            scale += bool(len(left))
        left = left if looked else numbers
    return scale if scale <= DECIMALS else None


def _longer(numbers: pl.Series, scale: int) -> pl.Series:
    """Return the numbers that have more decimals."""
    import polars as pl

    scaled = (numbers * 10.0**scale).round() if scale else numbers.round()
    # By a column, for Polars multiplies by the inverse of a number, which isn't as exact.
    again = scaled / pl.repeat(10.0**scale, len(scaled), eager=True) if scale else scaled
    return numbers.filter(again != numbers)


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
