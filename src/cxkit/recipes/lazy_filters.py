"""Conditions of a recipe for many lines at once."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING

import attrs

from cxkit.recipes.lazy_columns import NotCompilable
from cxkit.recipes.lazy_values import entered, typed_of
from cxkit.recipes.lazy_vector import MOST, either
from cxkit.recipes.model import Either, Every, Not, Null, Test, tested
from cxkit.recipes.numbers import EXACT

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from cxkit.recipes.lazy_columns import Coded
    from cxkit.recipes.lazy_vector import Lines, Vector
    from cxkit.recipes.model import Condition, Op


@attrs.frozen(eq=False)
class Found:
    """Which lines, or entries of a column, pass.

    Attributes:
        passes: those that do.
        bad: those of which only Python can tell; None for none.
    """

    passes: pl.Series
    bad: pl.Series | None = None

    def sure_or_not(self) -> pl.Series:
        """Return those that pass, and those that may."""
        return self.passes if self.bad is None else self.passes | self.bad


def passing(condition: Condition, lines: Lines) -> Found:
    """Return which lines pass, as `filters.test_of` tells of each; one with a bad cell is bad whatever else it has."""
    names = set(tested(condition))
    if len(names) == 1:
        (name,) = names
        typed = None if _asks_text(condition) else typed_of(name, lines)
        if typed is not None:
            return _of_column(condition, typed.entries.is_null, lambda: typed)
        column = lines.columns[name]
        found = _of_column(condition, column.cells.is_null, lambda: entered(name, lines), column)
        at = lines.at(name)
        return Found(found.passes[at], None if found.bad is None else found.bad[at])
    match condition:
        case Not(of=inner):
            found = passing(inner, lines)
            return Found(~found.passes, found.bad)
        case Every(of=parts):
            return _together(_by_column(parts, Every), all_of=True, lines=lines)
        case Either(of=parts):
            return _together(_by_column(parts, Either), all_of=False, lines=lines)
    raise TypeError(condition)


def _by_column(parts: tuple[Condition, ...], kind: type[Every | Either]) -> list[Condition]:
    """Put together the tests of one column, so that its lines are looked at once."""
    several: dict[frozenset[str], list[Condition]] = {}
    for part in parts:
        several.setdefault(frozenset(tested(part)), []).append(part)
    return [each[0] if len(each) == 1 else kind(tuple(each)) for each in several.values()]


def _together(parts: list[Condition], *, all_of: bool, lines: Lines) -> Found:
    import polars as pl

    if not parts:
        return Found(pl.Series([all_of], dtype=pl.Boolean).new_from_index(0, lines.n))
    found = [passing(part, lines) for part in parts]
    passes = reduce(and_ if all_of else or_, [each.passes for each in found])
    return Found(passes, either(each.bad for each in found))


def _of_column(
    condition: Condition, empty: Callable[[], pl.Series], numbers: Callable[[], Vector], texts: Coded | None = None
) -> Found:
    """Return which entries of a column pass."""
    match condition:
        case Null():
            return Found(empty())
        case Not(of=inner):
            found = _of_column(inner, empty, numbers, texts)
            return Found(~found.passes, found.bad)
        case Every(of=parts) | Either(of=parts):
            several = [_of_column(part, empty, numbers, texts) for part in parts]
            passes = reduce(and_ if isinstance(condition, Every) else or_, [each.passes for each in several])
            return Found(passes, either(each.bad for each in several))
        case Test(op=op, operand=Decimal() as operand):
            return _compared(op, operand, numbers())
        case Test(op=op, operand=str(operand)) if texts is not None:
            said = _said(texts.cells, op, operand)
            return Found(said.fill_null(value=False) if said.null_count() else said)
    raise TypeError(condition)


def _said(cells: pl.Series, op: Op, operand: str) -> pl.Series:
    if op == "equal":
        return cells == operand
    if op == "starts_with":
        return cells.str.starts_with(operand)
    if op == "ends_with":
        return cells.str.ends_with(operand)
    return cells.str.contains(operand, literal=True)


def _compared(op: Op, operand: Decimal, numbers: Vector) -> Found:
    """Compare numbers with one that may lie between two of their units."""
    exact = EXACT.scaleb(operand, numbers.scale)
    below = int(exact.to_integral_value(ROUND_FLOOR, EXACT))
    above = below + (exact != below)
    entries = numbers.entries
    if not -MOST < below < MOST:
        raise NotCompilable(op)
    if op == "equal":
        passes = (entries == below) & (below == above)
    elif op in {"less", "at_least"}:
        passes = (entries < above) if op == "less" else (entries >= above)
    else:
        passes = (entries <= below) if op == "at_most" else (entries > below)
    return Found(passes.fill_null(value=False) if entries.null_count() else passes, numbers.bad)


def _asks_text(condition: Condition) -> bool:
    match condition:
        case Test(operand=operand):
            return isinstance(operand, str)
        case Not(of=inner):
            return _asks_text(inner)
        case Every(of=parts) | Either(of=parts):
            return any(_asks_text(part) for part in parts)
    return False
