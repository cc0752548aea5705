"""Files that a recipe describes, as a table for the frame engines: whole columns at once, and the rest line by line.

The same recipe gives the same events and the same rejected lines as `RecipeReading` does: a line that isn't plain in
all that its events read goes through the row engine's own code, and so do the other lines of its group.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.engines.frame import table_of_events
from cxkit.engines.frame.backend import backend_named
from cxkit.errors import InvalidValueError, MissingExtraError
from cxkit.files import once
from cxkit.model.event import COLUMNS, events_of_columns
from cxkit.recipes.assemble import DIGITS
from cxkit.recipes.lazy_columns import NotCompilable
from cxkit.recipes.lazy_events import PROPERTY, Events, assembled, with_ids
from cxkit.recipes.lazy_filters import passing
from cxkit.recipes.lazy_groups import NUMBERS, Grouped, among, grouped, keys_of, together
from cxkit.recipes.lazy_rest import by_rows
from cxkit.recipes.lazy_sheets import opened
from cxkit.recipes.lazy_values import digits, moment, number, text
from cxkit.recipes.lazy_vector import Lines, either, repeated

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from cxkit.recipes.lazy_groups import Together
    from cxkit.recipes.lazy_rest import Rest
    from cxkit.recipes.lazy_sheets import Opened
    from cxkit.recipes.lazy_vector import Vector
    from cxkit.recipes.model import Rule
    from cxkit.recipes.reading import RecipeReading

_MOST: Final = 0.2
"""The share of lines that may be left to Python: with more of them going row by row is quicker."""
_FEW: Final = 1000
_ODD: Final = "mostly odd lines"
_PLACE: Final = ("cx_place", "cx_beside")
"""Where an event stands among all: lines in their order, each with its rules in theirs; groups after all lines."""


def lazy_table(reading: RecipeReading, engine: str) -> Any | None:  # noqa: ANN401 - a native table
    """Return the events of the file that a recipe describes as a table, each (source, id) once.

    Args:
        reading: the file, opened and not begun; it keeps account of the lines, and rejects those that can't be taken.
        engine: the library whose table it is: ``polars``, ``duckdb`` or another that the frame engine works on.

    Returns:
        The table; or None, with nothing told, where rows must be read: several files, a stream, a damaged file, mostly
        odd lines, or a recipe whose numbers may be more than 64 bits hold.

    Raises:
        BadRowError: a line can't be taken, and the reading is strict.
        MissingExtraError: a library isn't installed.
        UnsupportedError: no such engine.
    """
    for library in (engine, "polars"):
        backend_named(library)
    try:
        import pyarrow as pa  # noqa: F401
    except ModuleNotFoundError:
        raise MissingExtraError("frame", "pyarrow") from None
    import polars as pl

    try:
        found = opened(reading)
        tables, rest, left_out = _compiled(found, reading)
    except (NotCompilable, InvalidValueError):
        return None  # what is wrong with a file as a whole is told by the row engine
    table = pl.concat([*tables, _table(rest)] if rest.events else tables)
    reading.rows = found.n + len(found.sheet.rejects)
    reading.events, reading.left_out = len(table), left_out + rest.left_out
    reading.unmatched.update(found.unmatched)
    for second in found.second:
        reading.refuse(*second)
    lines = sorted([*found.sheet.rejects, *rest.rejects], key=itemgetter(0))
    for line, refused, row in [*lines, *rest.refused]:
        reading.refuse(reading.name, line, refused, row)
    reading.tell_lacking(found.laid.lacking)
    table = _each_once(with_ids(table, _PLACE)).select(COLUMNS)
    if engine == "polars":
        return table
    return backend_named(engine).of_arrow(table.to_arrow(compat_level=pl.CompatLevel.oldest()))


@attrs.frozen(eq=False)
class _Single:
    """The events of lines each of which is its own.

    Attributes:
        lines: the lines that pass.
        events: their events.
        odd: which of them only Python can take; None for none.
    """

    lines: Lines
    events: Events
    odd: pl.Series | None


def _compiled(found: Opened, reading: RecipeReading) -> tuple[list[pl.DataFrame], Rest, int]:
    """Return the events of plain lines, what became of the others, and how many plain ones no filter took."""
    rules, n, most = found.recipe.events, found.n, max(_FEW, _MOST * found.n)
    lines = Lines(dict(found.columns), found.laid.scope, n)
    halves, odd = _plain(rules, lines, found, most)
    tables: list[pl.DataFrame] = []
    shared: dict[int, set[int]] = {}
    taken = None
    for place, (rule, half) in enumerate(zip(rules, halves, strict=True)):
        if isinstance(half, _Single):
            tables.append(_placed(half.events.table, half.lines.rows, place))
            taken = either([taken, half.lines.marked(repeated(True, half.lines.n))])  # noqa: FBT003
        else:
            groups = together(half)
            events = assembled(rule, groups.values, found.rules, len(groups.first))
            table, bad = _placed(events.table, n + place, groups.first), either([events.bad, groups.mixed])
            if odd is not None or (bad is not None and bad.any()):
                left = _left(rule, groups, bad, None if odd is None else lines.where(odd))
                table, shared[place] = table.filter(~among(groups.keys, left)), half.lines_of(left)
            tables.append(table)
            taken = either([taken, half.taken()])
    few = set() if odd is None else set(odd.arg_true().to_list())
    if len(few.union(*shared.values())) > most:
        raise NotCompilable(_ODD)
    rest = by_rows(found.sheet, found.laid, found.recipe, reading.rules, odd=few, shared=shared)
    left_out = n - len(few) - (0 if taken is None else int(taken.sum()))
    return tables, rest, left_out


def _placed(table: pl.DataFrame, place: pl.Series | int, beside: pl.Series | int) -> pl.DataFrame:
    """Say where events stand among all."""
    import polars as pl

    places = [repeated(at, len(table)) if isinstance(at, int) else at for at in (place, beside)]
    return table.hstack([at.cast(pl.Int64).alias(name) for name, at in zip(_PLACE, places, strict=True)])


def _plain(
    rules: Sequence[Rule], lines: Lines, found: Opened, most: float
) -> tuple[list[Grouped | _Single], pl.Series | None]:
    """Return what the lines come to that are plain for every rule, and which aren't; None where all are."""
    odd = found.bad if found.bad is not None and found.bad.any() else None
    while True:  # once if all lines are plain, and mostly twice if not
        some = lines if odd is None else lines.where(~odd)
        halves = [grouped(rule, some) if rule.group else _single(rule, some, found) for rule in rules]
        more = [half.lines.marked(half.odd) for half in halves if half.odd is not None and half.odd.any()]
        if not more:
            return halves, odd
        odd = either([odd, *more])
        if odd is not None and odd.sum() > most:
            raise NotCompilable(_ODD)


def _single(rule: Rule, lines: Lines, found: Opened) -> _Single:
    """Return the events of lines that are each its own."""
    test = passing(rule.where, lines)
    passes = test.sure_or_not()
    if not passes.all():
        lines = lines.where(passes)
    events = assembled(rule, _values(rule, lines), found.rules, lines.n)
    return _Single(lines, events, either([events.bad, None if test.bad is None else test.bad.filter(passes)]))


def _values(rule: Rule, lines: Lines) -> dict[str, Vector]:
    """Return the values of a rule whose lines are events of their own."""
    found = {"kind": text(rule.kind, lines)}
    for name, value in rule.columns.items():
        if name == "time":
            found[name] = moment(value, lines)
        elif name in NUMBERS:
            found[name] = number(value, lines)
        else:
            found[name] = (digits if name in DIGITS else text)(value, lines)
    return found | {PROPERTY + name: text(value, lines) for name, value in rule.properties.items()}


def _left(rule: Rule, groups: Together, bad: pl.Series | None, odd: Lines | None) -> pl.DataFrame:
    """Return the keys of the groups that aren't plain, and of those that odd lines may be of."""
    import polars as pl

    keys = groups.keys.clear() if bad is None else groups.keys.filter(bad)
    if odd is not None:
        # A line that isn't plain may be one of a group whatever becomes of it.
        keys = pl.concat([keys, keys_of(rule, odd.where(passing(rule.where, odd).sure_or_not()))])
    return keys.unique().drop_nulls()


def _table(rest: Rest) -> pl.DataFrame:
    """Return the events that Python made as a table beside the others."""
    import polars as pl

    table: pl.DataFrame = table_of_events([event for *_, event in rest.events], "polars")
    places = [pl.Series(name, [each[at] for each in rest.events], pl.Int64) for at, name in enumerate(_PLACE)]
    return table.with_columns(places).select(*COLUMNS, *_PLACE)


def _each_once(table: pl.DataFrame) -> pl.DataFrame:
    """Return each (source, id) once, the version that counts."""
    import polars as pl

    id = table["id"]  # noqa: A001
    key = (id if table["source"].n_unique() == 1 else table.select(pl.struct("source", "id")).to_series()).hash()
    if key.filter(id.is_not_null()).n_unique() == len(id) - id.null_count():
        return table
    twice = key.is_duplicated() & id.is_not_null()
    several = table.filter(twice).sort(_PLACE).select(COLUMNS)
    kept: pl.DataFrame = table_of_events(once(events_of_columns(each.to_list() for each in several)), "polars")
    return pl.concat([table.filter(~twice).select(COLUMNS), kept])
