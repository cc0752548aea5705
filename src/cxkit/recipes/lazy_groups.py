"""Lines of a group put together into one event, for all groups of a rule at once: what `Groups` does line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from cxkit.recipes.assemble import DIGITS
from cxkit.recipes.lazy_columns import NotCompilable
from cxkit.recipes.lazy_events import PROPERTY
from cxkit.recipes.lazy_filters import passing
from cxkit.recipes.lazy_runs import Runs
from cxkit.recipes.lazy_values import digits, moment, number, text
from cxkit.recipes.lazy_vector import Vector, check_fits, either, recoded, repeated, written
from cxkit.recipes.model import Every, Reduced, named, tested

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from cxkit.recipes.lazy_vector import Lines
    from cxkit.recipes.model import Condition, How, Rule, Value

NUMBERS: Final = frozenset(("amount", "amount_minor", "duration", "duration_us"))
_RUN: Final = "cx_run"
_FIRST: Final = "cx_first"


@attrs.frozen(eq=False)
class Grouped:
    """Lines, and what each gives to its group.

    Attributes:
        lines: those that pass, as far as it doesn't depend on what runs have in common.
        runs: those of them that are alike in all but what is added up.
        keys: by what runs are put together: the entries of the key's columns, null where one is empty.
        values: the value of each run, by the name of its column.
        totals: the value of each line, where it is to be added up.
        hows: what is made of them.
        passes: which runs pass.
        odd: which lines only Python can take; None for none.
    """

    lines: Lines
    runs: Runs
    keys: pl.DataFrame
    values: Mapping[str, Vector]
    totals: Mapping[str, Vector]
    hows: Mapping[str, How]
    passes: pl.Series
    odd: pl.Series | None

    def taken(self) -> pl.Series:
        """Return which lines of the file pass."""
        return self.lines.marked(self.runs.spread(self.passes))

    def lines_of(self, keys: pl.DataFrame) -> set[int]:
        """Return the places of the lines of some groups."""
        return set(self.lines.rows.filter(self.runs.spread(among(self.keys, keys) & self.passes)).to_list())


def grouped(rule: Rule, lines: Lines) -> Grouped:
    """Return what lines give to the groups of a rule.

    Raises:
        NotCompilable: the rule is left to rows.
    """
    given = {"kind": rule.kind, **rule.columns, **{PROPERTY + name: value for name, value in rule.properties.items()}}
    of: dict[str, Value] = {}
    hows: dict[str, How] = {}
    for name, value in given.items():
        if not isinstance(value, Reduced):
            raise NotCompilable(name)
        hows[name] = value.how
        if value.of is not None:
            of[name] = value.of
    if hows.get("currency", "first") not in {"first", "last"}:
        raise NotCompilable("currency")
    alike = {*rule.group, *(column for name in of if hows[name] != "total" for column in named(of[name]))}
    once, each = _asked(rule.where, alike)
    unsure = None
    if each:
        found = passing(Every(each), lines)
        passes = found.sure_or_not()
        lines, unsure = lines.where(passes), None if found.bad is None else found.bad.filter(passes)
    held = {name: lines.held(name) for name in alike}
    runs = Runs([lines.at(name) if of_lines is None else of_lines for name, of_lines in held.items()], lines.n)
    some = lines.where(runs.begins)
    values = {name: _value(name, value, some) for name, value in of.items() if hows[name] != "total"}
    totals = {name: number(value, lines) for name, value in of.items() if hows[name] == "total"}
    of_runs, keys = passing(Every(once), some), keys_of(rule, some)
    passes = of_runs.sure_or_not()
    bad = either([of_runs.bad, *(key.is_null() for key in keys if key.null_count()), *_bad(values)])
    odd = _odd(runs, passes, bad, either([unsure, *_bad(totals)]))
    return Grouped(lines, runs, keys, values, totals, hows, passes, odd)


def _value(name: str, value: Value, lines: Lines) -> Vector:
    if name == "time":
        return moment(value, lines)
    if name in NUMBERS:
        return number(value, lines)
    return (digits if name in DIGITS else text)(value, lines)


def _asked(where: Condition, alike: set[str]) -> tuple[tuple[Condition, ...], tuple[Condition, ...]]:
    """Return what is asked of whole runs, and of each line."""
    parts = where.of if isinstance(where, Every) else (where,)
    once = tuple(part for part in parts if alike.issuperset(tested(part)))
    return once, tuple(part for part in parts if part not in once)


def keys_of(rule: Rule, lines: Lines) -> pl.DataFrame:
    """Return what the groups of lines are told apart by, null where a cell is empty."""
    import polars as pl

    keys = []
    for place, name in enumerate(rule.group):
        if ("key", name) not in lines.kept:
            # Two entries may be one cell: what stands for null, and letters with marks beside them.
            cells = lines.columns[name].cells
            apart = not cells.null_count() and cells.n_unique() == len(cells)
            lines.kept["key", name] = Vector(
                pl.int_range(len(cells), dtype=pl.UInt32, eager=True) if apart else _codes(Vector(cells))
            )
        key = lines.kept["key", name].entries[lines.at(name)]
        keys.append(key.alias(f"cx_key_{place}"))
    return pl.DataFrame(keys)


def among(keys: pl.DataFrame, some: pl.DataFrame) -> pl.Series:
    """Say which keys are among some."""
    at = keys.with_row_index("cx_at").join(some, on=keys.columns, how="semi")["cx_at"]
    return repeated(False, len(keys)).scatter(at, True)  # noqa: FBT003


def _bad(vectors: Mapping[str, Vector]) -> list[pl.Series]:
    return [bad for vector in vectors.values() if (bad := vector.bad_lines()) is not None]


def _odd(runs: Runs, passes: pl.Series, bad: pl.Series | None, wrong: pl.Series | None) -> pl.Series | None:
    """Return the lines that only Python can take: it may be that they pass, and something of theirs isn't plain."""
    found = None
    if bad is not None and (passes & bad).any():
        found = runs.spread(passes & bad)
    if wrong is not None and wrong.any():
        found = either([found, wrong & runs.spread(passes)])
    return found


@attrs.frozen(eq=False)
class Together:
    """The groups of a rule, in the order of their first lines.

    Attributes:
        keys: what they are told apart by.
        first: the place of the first line of each.
        mixed: in which currencies meet; None for none.
        values: the values of their events, by the name of their column.
    """

    keys: pl.DataFrame
    first: pl.Series
    mixed: pl.Series | None
    values: Mapping[str, Vector]


def together(found: Grouped) -> Together:
    """Return the groups that lines come to, none of which are odd.

    Raises:
        NotCompilable: sums may be more than 64 bits hold.
    """
    import polars as pl

    runs, n = found.runs, len(found.passes)
    columns = {_RUN: pl.int_range(n, dtype=pl.UInt32, eager=True)}
    reduced = {_FIRST: pl.col(_RUN).min()}
    placed: dict[str, str] = {}
    for place, (name, vector) in enumerate({**found.totals, **found.values}.items()):
        column, how = f"cx_value_{place}", found.hows[name]
        if how == "total":
            check_fits([vector], max(1, found.lines.n))
            columns[column] = runs.total(vector.lines())
            has_gaps, total = columns[column].null_count() > 0, pl.col(column).sum()
            reduced[column] = pl.when(pl.col(column).count() > 0).then(total) if has_gaps else total
        elif how in {"earliest", "latest"}:
            columns[column] = vector.lines()
            reduced[column] = pl.col(column).min() if how == "earliest" else pl.col(column).max()
        elif how == "first" and vector.gaps() is None:
            column = _FIRST
        else:
            # The least place is quicker found than the first that isn't null.
            gaps = vector.gaps()
            columns[column] = columns[_RUN] if gaps is None else columns[_RUN].set(gaps, None)
            reduced[column] = pl.col(column).min() if how == "first" else pl.col(column).max()
        placed[name] = column
    if "currency" in found.values and found.values["currency"].times is None:
        columns["cx_code"] = _codes(found.values["currency"])
        reduced["cx_mixed"] = (pl.col("cx_code").min() != pl.col("cx_code").max()).fill_null(value=False)
    if "count" in found.hows.values():
        columns["cx_n"] = runs.lengths
        reduced["cx_n"] = pl.col("cx_n").sum()
    frame = pl.DataFrame([*found.keys, *(column.alias(name) for name, column in columns.items())])
    frame = frame if found.passes.all() else frame.filter(found.passes)
    groups = _in_order(frame.group_by(found.keys.columns).agg(**reduced), n)
    values = {name: _reduced(found, name, groups[column]) for name, column in placed.items()}
    for name, how in found.hows.items():
        if how == "count":
            values[name] = Vector(groups["cx_n"])
        if how in {"count", "total"} and name not in NUMBERS:
            values[name] = written(values[name])
    first = found.lines.rows.filter(runs.begins)[groups[_FIRST]]
    mixed = groups["cx_mixed"] if "cx_mixed" in reduced else None
    return Together(groups[found.keys.columns], first, mixed, values)


def _in_order(groups: pl.DataFrame, n: int) -> pl.DataFrame:
    """Sort groups by the first of their n runs: each is written to its place, which is quicker than comparing them."""
    import polars as pl

    at = pl.Series([None], dtype=pl.UInt32).new_from_index(0, n)
    return groups[at.scatter(groups[_FIRST], pl.int_range(len(groups), dtype=pl.UInt32, eager=True)).drop_nulls()]


def _reduced(found: Grouped, name: str, made: pl.Series) -> Vector:
    """Return the value of each group: what was made of those of its runs, or of which run it is."""
    if found.hows[name] in {"first", "last"}:
        return found.values[name].of(made)
    return Vector(made, None, None, found.totals[name].scale if name in found.totals else 0)


def _codes(vector: Vector) -> pl.Series:
    """Return numbers for texts, null for none."""
    found = Vector(vector.lines())
    at, gaps = recoded(found).at, found.gaps()
    assert at is not None  # noqa: S101 - recoded gives each its entry
    return at if gaps is None else at.set(gaps, None)
