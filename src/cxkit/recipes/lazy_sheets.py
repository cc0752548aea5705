"""The file that a recipe describes, opened for the frame engines: its columns, and those of second files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

from cxkit.files.from_csv import REJECTS
from cxkit.recipes.flat import check_columns
from cxkit.recipes.layout import layout, wanted
from cxkit.recipes.lazy_columns import Coded, NotCompilable, Sheet, sheet_of_lines, sheet_of_parquet, sheet_of_table
from cxkit.recipes.lazy_lines import cells_of, header_of
from cxkit.recipes.lazy_vector import Vector, either, recoded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from cxkit.errors import InvalidValueError
    from cxkit.files.row import Rules
    from cxkit.files.source import Source
    from cxkit.recipes.joining import Joined
    from cxkit.recipes.layout import Layout
    from cxkit.recipes.model import Input, Recipe
    from cxkit.recipes.reading import RecipeReading

_PACKED: Final = b"\x1f\x8b"


@attrs.frozen(eq=False)
class Opened:
    """A file whose lines are columns.

    Attributes:
        recipe: how it is read.
        rules: how events are made.
        sheet: its own lines.
        laid: how rows are made whole.
        columns: all columns that the recipe looks at, also joined ones and those that the file lacks.
        bad: which lines have a cell that is no text; None for none.
        unmatched: how many lines have a key that a joined file lacks.
        second: lines of second files that are none: file, number, reason, and the whole of it as JSON.
    """

    recipe: Recipe
    rules: Rules
    sheet: Sheet
    laid: Layout
    columns: Mapping[str, Coded]
    bad: pl.Series | None
    unmatched: Mapping[str, int]
    second: Sequence[tuple[str, int, InvalidValueError, str]]

    @property
    def n(self) -> int:
        """How many lines there are."""
        return len(self.sheet.numbers)


def opened(reading: RecipeReading) -> Opened:
    """Return the columns of the file that a reading has opened.

    Raises:
        NotCompilable: several files, or one that is left to rows.
        InvalidValueError: the file lacks a column, or can't be read at all.
    """
    paths = [*(source.name for source in reading.sources), *reading.asked.second.values()]
    if len(reading.sources) != 1 or not all(isinstance(each, str | os.PathLike) for each in paths):
        raise NotCompilable(reading.name)
    recipe, (source,), (fmt,) = reading.recipe, reading.sources, reading.formats
    if not Path(source.name).is_file():
        raise NotCompilable(source.name)
    second: list[tuple[str, int, InvalidValueError, str]] = []
    seconds = [reading.joined(join, lambda *each: second.append(each)) for join in recipe.joins]
    sheet = _sheet(reading, source, fmt, seconds)
    if not len(sheet.numbers):
        raise NotCompilable(source.name)  # nothing to be gained
    tz, encoding = reading.asked.tz or recipe.input.tz, source.encoding.removesuffix("-sig")
    laid = layout(recipe, sheet.names, seconds, tz, encoding)
    own = {name: sheet.columns[place] for name, place in laid.scope.places.items() if place < len(sheet.names)}
    bad = either(None if each.bad is None else each.bad.gather(each.at) for each in own.values())
    columns, unmatched = dict(own), {}
    for each in seconds:
        added, missing = _beside(each, columns, len(sheet.numbers))
        columns |= added
        unmatched[each.join.name] = int((missing if bad is None else missing & ~bad).sum())
    columns |= {name: Coded(name, _zeros(len(sheet.numbers)), [""]) for name in laid.lacking}
    return Opened(recipe, reading.rules, sheet, laid, columns, bad, unmatched, second)


def _sheet(reading: RecipeReading, source: Source, fmt: str, seconds: Sequence[Joined]) -> Sheet:
    recipe = reading.recipe
    names = wanted(recipe, seconds)
    if fmt == "parquet":
        return sheet_of_parquet(source.name, names, recipe.input)
    if fmt == "csv":
        found = _of_csv(source, recipe.input, names)
        if found is not None:
            return found
    rejects: list[tuple[int, InvalidValueError, str]] = []
    lines = reading.lines_of(source, fmt, seconds, lambda *each: rejects.append(each))
    if lines.mended:
        raise NotCompilable(source.name)
    sheet = sheet_of_lines(lines, recipe.input, source.encoding.removesuffix("-sig"), rejects)
    if source.damage is not None:
        raise NotCompilable(source.damage)
    return sheet


def _of_csv(source: Source, reading: Input, names: Sequence[str]) -> Sheet | None:
    """Return a CSV file that Polars cuts as Python would; None where it may not."""
    plainly = len(reading.delimiter) == 1 and not (reading.skip or reading.after_header or reading.columns)
    if not plainly or source.encoding.removesuffix("-sig") != "utf-8":
        return None
    with Path(source.name).open("rb") as file:
        if file.read(len(_PACKED)) == _PACKED:
            return None
    header = header_of(source.name, reading.delimiter)
    if header is None or tuple(header) == REJECTS:
        return None
    header = [name.strip() or f"column_{place}" for place, name in enumerate(header, 1)]
    check_columns(header, names, reading)
    cells = cells_of(source.name, len(header), reading.delimiter)
    if cells is None or cells["c0"].null_count():
        return None
    return sheet_of_table(cells, header, names, reading)


def _beside(second: Joined, columns: Mapping[str, Coded], n: int) -> tuple[dict[str, Coded], pl.Series]:
    """Return the columns that a second file brings, and which lines have a key that it lacks."""
    import polars as pl

    keys = [columns.get(name) for name in second.join.on]
    series = [pl.select(pl.repeat("", n)).to_series() if key is None else key.cells.gather(key.at) for key in keys]
    joined = pl.select(pl.concat_str([each.fill_null("") for each in series], separator="\0")).to_series()
    coded = recoded(Vector(joined)) if len(keys) != 1 or keys[0] is None else Vector(keys[0].cells, keys[0].at)
    assert coded.at is not None  # noqa: S101 - either has them
    entries = [tuple((entry or "").split("\0")) if len(keys) > 1 else (entry or "",) for entry in coded.entries]
    empty = ("",) * len(second.names)
    found = [second.rows.get(entry, empty) for entry in entries]
    missing = pl.Series([entry not in second.rows and "" not in entry for entry in entries], dtype=pl.Boolean)
    brought = {name: Coded(name, coded.at, [row[place] for row in found]) for place, name in enumerate(second.names)}
    return brought, missing.gather(coded.at)


def _zeros(n: int) -> pl.Series:
    import polars as pl

    return pl.Series([0], dtype=pl.UInt32).new_from_index(0, n)
