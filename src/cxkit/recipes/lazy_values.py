"""Values of a recipe for many lines at once.

A value that is taken from one column is found out once for each of its entries; one of several columns is put together
natively. What isn't plain is marked, and its lines are left to Python: so the values are those of the row engine, to
the last digit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from cxkit.model.text import check_text
from cxkit.recipes.evaluate import number_of
from cxkit.recipes.lazy_columns import NotCompilable
from cxkit.recipes.lazy_entries import DECIMALS, exactly, numbers_in, texts_in, typed_numbers, typed_wholes
from cxkit.recipes.lazy_times import times_of, times_of_typed
from cxkit.recipes.lazy_vector import MOST, Vector, check_fits, constant, either, recoded, written
from cxkit.recipes.model import Column, Constant, FirstOf, Later, Product, Renamed, Sum, Template, Whole, named

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cxkit.recipes.lazy_vector import Lines
    from cxkit.recipes.model import Value

_HERE = Column("")
"""What stands for a value that is text already."""


def text(value: Value, lines: Lines) -> Vector:  # noqa: PLR0911 - one for each form
    """Return a value as text, as `evaluate.text_of` does.

    Raises:
        NotCompilable: it is left to rows.
    """
    match value:
        case Column(name=name):
            return Vector(lines.columns[name].cells, lines.at(name))
        case Constant(text=same):
            return constant(same, lines)
    if (only := _column(value)) is not None:
        column = lines.columns[only]
        if isinstance(value, Whole) and isinstance(value.of, Column):
            whole = typed_wholes(column, typed_of(only, lines))
            if whole is not None:
                return whole
        return _once("text", value, only, lines, lambda: texts_in(value, column.cells, lines.scope))
    match value:
        case Product() | Sum():
            return written(number(value, lines))
        case Template(parts=parts):
            return _template(parts, lines)
        case FirstOf(of=several):
            return _first([text(each, lines) for each in several])
        case Renamed(of=inner) | Whole(of=inner):
            given = recoded(text(inner, lines))
            found = texts_in(attrs.evolve(value, of=_HERE), given.entries, lines.scope)
            return given.as_placed(found)
    raise NotCompilable(type(value).__name__)


def digits(value: Value, lines: Lines) -> Vector:
    """Return a number as text with a decimal point, as `evaluate.digits_of` does."""
    return text(value, lines) if lines.scope.standard else written(number(value, lines))


def number(value: Value, lines: Lines) -> Vector:  # noqa: PLR0911 - one for each form
    """Return a value as whole numbers of a scale, which are what `evaluate.number_of` gives.

    Raises:
        NotCompilable: the numbers may be more than 64 bits hold.
    """
    if isinstance(value, Constant):
        same = constant(value.text, lines)
        read = number_of(value, lines.scope)
        return same.as_placed(exactly(same.entries, lambda _: read(())))
    if isinstance(value, Column):
        return numbers_of(value.name, lines)
    if (name := _column(value)) is not None:
        return _once("number", value, name, lines, lambda: numbers_in(value, lines.columns[name].cells, lines.scope))
    match value:
        case Product(of=parts):
            return _product([number(part, lines) for part in parts])
        case Sum(of=parts):
            return _sum([number(part, lines) for part in parts])
        case FirstOf(of=several):
            return _first(_alike([number(each, lines) for each in several]))
        case Renamed(of=inner):
            value = attrs.evolve(value, of=_HERE)
        case _:
            inner, value = value, _HERE
    given = recoded(text(inner, lines))
    found = numbers_in(value, given.entries, lines.scope)
    return given.as_placed(found)


def numbers_of(name: str, lines: Lines) -> Vector:
    """Return a column as numbers."""
    typed = typed_of(name, lines)
    return attrs.evolve(entered(name, lines), at=lines.at(name)) if typed is None else typed


def entered(name: str, lines: Lines) -> Vector:
    """Return the entries of a column as numbers."""
    key = ("number", name)
    if key not in lines.kept:
        lines.kept[key] = numbers_in(Column(name), lines.columns[name].cells, lines.scope)
    return lines.kept[key]


def typed_of(name: str, lines: Lines) -> Vector | None:
    """Return the numbers that a column holds in each line; None where it holds text, or not plain ones."""
    if name not in lines.typed:
        known = None if lines.within is None else lines.within.typed.get(name)
        if known is None or lines.passes is None:
            lines.typed[name] = typed_numbers(lines.held(name))
        else:
            lines.typed[name] = known.where(lines.passes)
    return lines.typed[name]


def moment(value: Value, lines: Lines) -> Vector:
    """Return a value as microseconds since 1970, as `evaluate.time_of` does."""
    scope = lines.scope
    match value:
        case Column(name=name, formats=formats, tz=tz):
            column = lines.columns[name]
            wanted, zone = formats or scope.reading.formats, tz or scope.tz
            return _once("time", value, name, lines, lambda: times_of_typed(column, wanted, zone))
        case FirstOf(of=several):
            return _first([moment(each, lines) for each in several])
        case Later(of=start, by=seconds):
            begun, passed = moment(start, lines), span(number(seconds, lines))
            late = begun.lines() + passed.lines()
            # Which instants an event takes is a question far from any that are plain.
            far = late.is_null() | late.is_between(-(2**52), 2**52)
            return Vector(late, None, either([begun.bad_lines(), passed.bad_lines(), ~far]))
    given = recoded(text(value, lines))
    found = times_of(given.entries, scope.reading.formats, scope.tz)
    return given.as_placed(found)


def span(seconds: Vector) -> Vector:
    """Return seconds as microseconds; with no more than six decimals they need no rounding."""
    if seconds.scale > DECIMALS:
        raise NotCompilable("duration")
    return attrs.evolve(seconds.scaled(DECIMALS), scale=0)


def _column(value: Value) -> str | None:
    found = set(named(value))
    return found.pop() if len(found) == 1 else None


def _once(sort: str, value: Value, name: str, lines: Lines, find: Callable[[], Vector]) -> Vector:
    """Return what the entries of a column come to, found out once for all lines."""
    key = (sort, repr(value))
    if key not in lines.kept:
        lines.kept[key] = find()
    return attrs.evolve(lines.kept[key], at=lines.at(name))


def _template(parts: Sequence[str | Column], lines: Lines) -> Vector:
    import polars as pl

    columns = {part.name: lines.columns[part.name] for part in parts if isinstance(part, Column)}
    pieces = [pl.lit(part) if isinstance(part, str) else pl.col(part.name) for part in parts]
    frame = pl.DataFrame([column.cells.gather(lines.at(name)).alias(name) for name, column in columns.items()])
    found = frame.select(cx_text=pl.concat_str(pieces)).to_series()
    if (found.str.len_bytes() != found.str.len_chars()).any():
        # Letters and marks that were apart may meet here.
        composed = [None if each is None else check_text("text", each) for each in found.to_list()]
        found = pl.Series(composed, dtype=pl.String)
    return Vector(found)


def _first(several: Sequence[Vector]) -> Vector:
    found = several[0].lines()
    for each in several[1:]:
        found = found.zip_with(found.is_not_null(), each.lines())
    return Vector(found, None, either(each.bad_lines() for each in several), several[0].scale)


def _alike(several: Sequence[Vector]) -> list[Vector]:
    scale = max(each.scale for each in several)
    return [each.scaled(scale) for each in several]


def _sum(several: Sequence[Vector]) -> Vector:
    alike = _alike(several)
    bound = check_fits(alike)
    total = alike[0].lines()
    for each in alike[1:]:
        more = each.lines()
        both = total.fill_null(0) + more.fill_null(0)
        total = both.set(total.is_null() & more.is_null(), None)
    return Vector(total, None, either(each.bad_lines() for each in alike), alike[0].scale, bound=bound)


def _product(several: Sequence[Vector]) -> Vector:
    import polars as pl

    bad = [each.bad_lines() for each in several]
    # A constant comes last, as it need not be written for each line.
    several = sorted(several, key=lambda each: len(each.entries) == 1)
    found, most = several[0].lines(), several[0].greatest()
    for each in several[1:]:
        factor = each.entries if len(each.entries) == 1 else each.lines()
        most *= each.greatest()
        if most >= MOST:
            # A float is near enough to say which lines can't go beyond.
            near = (found.cast(pl.Float64) * factor.cast(pl.Float64)).abs()
            far = (near >= 2.0**61).fill_null(value=False)
            bad.append(far)
            found, most = found.set(far, 0), 2**61
        found = found * factor
    return Vector(found, None, either(bad), sum(each.scale for each in several), bound=most)
