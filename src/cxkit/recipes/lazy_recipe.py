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
from cxkit.files.ids import Ids
from cxkit.model.event import COLUMNS, events_of_columns
from cxkit.recipes.assemble import DIGITS
from cxkit.recipes.lazy_columns import NotCompilable
from cxkit.recipes.lazy_events import PROPERTY, WAITING, Events, assembled
from cxkit.recipes.lazy_filters import passing
from cxkit.recipes.lazy_groups import GROUP, NUMBERS, Grouped, grouped, together
from cxkit.recipes.lazy_rest import by_rows
from cxkit.recipes.lazy_sheets import opened
from cxkit.recipes.lazy_values import digits, moment, number, text
from cxkit.recipes.lazy_vector import Lines, either, marks

if TYPE_CHECKING:
    import polars as pl

    from cxkit.recipes.lazy_rest import Rest
    from cxkit.recipes.lazy_runs import Runs
    from cxkit.recipes.lazy_sheets import Opened
    from cxkit.recipes.lazy_vector import Vector
    from cxkit.recipes.model import Rule
    from cxkit.recipes.reading import RecipeReading

_MOST: Final = 0.2
"""The share of lines that may be left to Python: with more of them going row by row is quicker."""
_FEW: Final = 1000
_PLACE: Final = ("cx_place", "cx_beside")
"""Where an event stands among all: lines in their order, each with its rules in theirs; groups after all lines."""


def lazy_table(reading: RecipeReading, engine: str) -> Any | None:  # noqa: ANN401 - a native table
    """Return the events of the file that a recipe describes as a table, each (source, id) once.

    Args:
        reading: the file, opened and not begun; it keeps account of the lines, and rejects those that can't be taken.
        engine: ``polars`` or ``duckdb``.

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
    table = pl.concat([*tables, _table(rest)])
    reading.rows = found.n + len(found.sheet.rejects)
    reading.events, reading.left_out = len(table), left_out + rest.left_out
    reading.unmatched.update(found.unmatched)
    for second in found.second:
        reading.refuse(*second)
    lines = sorted([*found.sheet.rejects, *rest.rejects], key=itemgetter(0))
    for line, refused, row in [*lines, *rest.refused]:
        reading.refuse(reading.name, line, refused, row)
    reading.tell_lacking(found.laid.lacking)
    table = _each_once(_with_ids(table)).select(COLUMNS)
    if engine == "polars":
        return table
    import duckdb

    return duckdb.connect().from_arrow(table.to_arrow())


@attrs.frozen(eq=False)
class _Single:
    """The events of lines each of which is its own, not all of which count."""

    rows: pl.Series
    passes: pl.Series
    events: Events


def _compiled(found: Opened, reading: RecipeReading) -> tuple[list[pl.DataFrame], Rest, int]:
    """Return the events of plain lines, what became of the others, and how many plain ones no filter took."""
    import polars as pl

    lines, n = Lines(dict(found.columns), found.laid.scope, found.n), found.n
    kept: dict[frozenset[str], Runs] = {}
    halves: list[Grouped | _Single] = []
    odd: pl.Series | None = found.bad
    for rule in found.recipe.events:
        if rule.group:
            of = grouped(rule, lines, kept)
            halves.append(of)
            odd = either([odd, of.bad])
        else:
            single, bad = _single(rule, lines, found)
            halves.append(single)
            odd = either([odd, bad])
    odd = None if odd is None or not odd.any() else odd
    tables: list[pl.DataFrame] = []
    shared: dict[int, set[int]] = {}
    taken = _Taken(n)
    for place, (rule, half) in enumerate(zip(found.recipe.events, halves, strict=True)):
        if isinstance(half, _Single):
            counts = half.passes if odd is None else half.passes & ~odd.gather(half.rows)
            table = half.events.table.with_columns(cx_place=half.rows.cast(pl.Int64), cx_beside=pl.lit(place, pl.Int64))
            tables.append(table.filter(counts))
            taken.lines(half.rows.filter(counts))
        else:
            keep = _counting(half.lines, odd)
            table, shared[place] = _groups(rule, half, keep, odd, found)
            beside = pl.col(GROUP).cast(pl.Int64)
            tables.append(table.with_columns(cx_place=pl.lit(n + place, pl.Int64), cx_beside=beside).drop(GROUP))
            taken.runs(half, keep)
    few = set() if odd is None else set(odd.arg_true().to_list())
    if len(few.union(*shared.values())) > max(_FEW, _MOST * n):
        message = "mostly odd lines"
        raise NotCompilable(message)
    rest = by_rows(found.sheet, found.laid, found.recipe, reading.rules, odd=few, shared=shared)
    return [table.select(*COLUMNS, *_PLACE) for table in tables], rest, n - len(few) - taken.count()


def _counting(passes: pl.Series | None, odd: pl.Series | None) -> pl.Series | None:
    """Return the lines that pass and aren't odd; None for all."""
    if odd is None:
        return passes
    return ~odd if passes is None else passes & ~odd


def _single(rule: Rule, lines: Lines, found: Opened) -> tuple[_Single, pl.Series]:
    """Return the events of lines that are each its own, and which lines only Python can take."""
    import polars as pl

    test = passing(rule.where, lines)
    passes = test.passes if test.bad is None else test.passes | test.bad
    if 2 * passes.sum() < lines.n:  # else it costs less to look at all lines than to take some out
        some, passes = lines.of(passes.arg_true()), passes.filter(passes)
    else:
        some = lines
    rows = pl.select(pl.int_range(lines.n, dtype=pl.UInt32)).to_series() if some.rows is None else some.rows
    events = assembled(rule, _values(rule, some), found.rules, some.n)
    wrong = marks(rows.filter(events.bad & passes).to_list(), lines.n)
    bad = either([test.bad, wrong])
    return _Single(rows, passes, events), pl.repeat(False, lines.n, eager=True) if bad is None else bad  # noqa: FBT003


class _Taken:
    """Counts the lines that some rule takes."""

    def __init__(self, n: int) -> None:
        self._n = n
        self._lines: pl.Series | None = None
        self._runs: list[tuple[Runs, pl.Series, pl.Series | None, int]] = []

    def lines(self, rows: pl.Series) -> None:
        """Add lines."""
        self._lines = either([self._lines, marks(rows.to_list(), self._n)])

    def runs(self, of: Grouped, keep: pl.Series | None) -> None:
        """Add the lines of runs."""
        self._runs.append((of.runs, of.passes, keep, int(of.runs.counts(keep).filter(of.passes).sum())))

    def count(self) -> int:
        """Return how many they are."""
        if self._lines is None and self._apart():
            return sum(n for *_, n in self._runs)
        for runs, passes, keep, _ in self._runs:
            spread = runs.spread(passes)
            self._lines = either([self._lines, spread if keep is None else spread & keep])
        return 0 if self._lines is None else int(self._lines.sum())

    def _apart(self) -> bool:
        """Say whether no two rules take the same lines, as far as their runs tell."""
        if len({id(runs) for runs, *_ in self._runs}) != 1:
            return False
        seen = self._runs[0][1]
        for _, passes, *_ in self._runs[1:]:
            if (seen & passes).any():
                return False
            seen |= passes
        return True


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


def _groups(
    rule: Rule, of: Grouped, keep: pl.Series | None, odd: pl.Series | None, found: Opened
) -> tuple[pl.DataFrame, set[int]]:
    """Return the events of groups whose lines are all plain, and the plain lines of the other groups."""
    import polars as pl

    keys = of.keys.columns
    groups, values = together(of, keep)
    events = assembled(rule, values, found.rules, len(groups))
    bad = events.bad | groups["cx_mixed"]
    table = events.table.with_columns(groups[GROUP])
    if odd is None and not bad.any():
        return table, set()
    # A line that isn't plain may be one of a group whatever becomes of it.
    unsure = pl.repeat(False, len(of.passes), eager=True) if odd is None else of.runs.counts(odd) > 0  # noqa: FBT003
    left = pl.concat([of.keys.filter(unsure & of.passes), groups.filter(bad).select(keys)]).unique().drop_nulls()
    mine = groups.select(keys).with_row_index("cx_at").join(left, on=keys, how="semi")["cx_at"]
    runs = of.keys.with_row_index("cx_at").filter(of.passes).join(left, on=keys, how="semi")["cx_at"]
    others = pl.repeat(True, len(groups), eager=True).scatter(mine, False)  # noqa: FBT003
    lines = of.runs.spread(pl.repeat(False, len(of.passes), eager=True).scatter(runs, True))  # noqa: FBT003
    return table.filter(others), set((lines if keep is None else lines & keep).arg_true().to_list())


def _table(rest: Rest) -> pl.DataFrame:
    """Return the events that Python made as a table beside the others."""
    import polars as pl

    table: pl.DataFrame = table_of_events([event for *_, event in rest.events], "polars")
    places = [pl.Series(name, [each[at] for each in rest.events], pl.Int64) for at, name in enumerate(_PLACE)]
    return table.with_columns(places).select(*COLUMNS, *_PLACE)


def _with_ids(table: pl.DataFrame) -> pl.DataFrame:
    """Make the ids that come from content, in the order in which the row engine makes them."""
    import polars as pl

    waiting = table["id"].str.starts_with(WAITING)
    if not waiting.any():
        return table
    # What happened at an instant of its own needs no id to be the first of several, or to be told from another.
    tied = waiting & table["ts_us"].is_duplicated()
    left = table.with_row_index("cx_at").filter(tied).select("cx_at", "id", *_PLACE).sort(_PLACE)
    make = Ids().of
    made = pl.Series([make(content[len(WAITING) :]) for content in left["id"].to_list()], dtype=pl.String)
    return table.with_columns(id=table["id"].set(waiting, None).scatter(left["cx_at"], made))


def _each_once(table: pl.DataFrame) -> pl.DataFrame:
    """Return each (source, id) once, the version that counts."""
    import polars as pl

    id = table["id"]  # noqa: A001
    key = id if table["source"].n_unique() == 1 else table.select(pl.struct("source", "id")).to_series()
    twice = key.hash().is_duplicated() & id.is_not_null()
    if not twice.any():
        return table
    several = table.filter(twice).sort(_PLACE).select(COLUMNS)
    kept: pl.DataFrame = table_of_events(once(events_of_columns(each.to_list() for each in several)), "polars")
    return pl.concat([table.filter(~twice).select(COLUMNS), kept])
