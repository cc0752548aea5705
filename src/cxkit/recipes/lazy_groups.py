"""Lines of a group put together into one event, for all groups of a rule at once: what `Groups` does line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from cxkit.recipes.assemble import DIGITS
from cxkit.recipes.lazy_columns import NotCompilable
from cxkit.recipes.lazy_events import PROPERTY
from cxkit.recipes.lazy_filters import Found, passing
from cxkit.recipes.lazy_runs import Runs
from cxkit.recipes.lazy_values import digits, moment, number, text
from cxkit.recipes.lazy_vector import MOST, Vector, check_fits, either, greatest, recoded, written
from cxkit.recipes.model import Every, Reduced, named, tested

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from cxkit.recipes.lazy_vector import Lines
    from cxkit.recipes.model import Condition, How, Rule, Value

NUMBERS: Final = frozenset(("amount", "amount_minor", "duration", "duration_us"))
GROUP: Final = "cx_group"
"""The column with the first line of a group."""


@attrs.frozen(eq=False)
class Grouped:
    """The lines of a file, and what each gives to its group.

    Attributes:
        runs: lines that are alike in all but what is added up, and what is asked of that.
        keys: by what runs are put together: the entries of the key's columns, null where one is empty.
        values: the value of each run, by the name of its column.
        totals: the value of each line, where it is to be added up.
        hows: what is made of them.
        passes: which runs pass, as far as it depends on them.
        lines: which lines pass otherwise; None for all.
        bad: which lines only Python can take; None for none.
    """

    runs: Runs
    keys: pl.DataFrame
    values: Mapping[str, Vector]
    totals: Mapping[str, Vector]
    hows: Mapping[str, How]
    passes: pl.Series
    lines: pl.Series | None
    bad: pl.Series | None


def grouped(rule: Rule, lines: Lines, kept: dict[frozenset[str], Runs]) -> Grouped:
    """Return what lines give to the groups of a rule.

    Args:
        rule: the rule.
        lines: all lines of the file.
        kept: the runs that were looked for already, by the columns in which their lines are alike.

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
    alike = frozenset({*rule.group, *(column for name in of if hows[name] != "total" for column in named(of[name]))})
    if alike not in kept:
        compared = [
            column.at if column.lines is None else column.lines for column in map(lines.columns.get, alike) if column
        ]
        kept[alike] = Runs(compared, lines.n)
    runs = kept[alike]
    some = lines.of(runs.starts)
    values = {name: _value(name, value, some) for name, value in of.items() if hows[name] != "total"}
    totals = {name: number(value, lines) for name, value in of.items() if hows[name] == "total"}
    once, each = _asked(rule.where, alike)
    of_runs = passing(Every(once), some)
    of_lines = passing(Every(each), lines) if each else None
    keys = _keys(rule, some)
    bad = either([of_runs.bad, *(keys[name].is_null() for name in keys.columns), *_bad(values)])
    passes = of_runs.passes if of_runs.bad is None else of_runs.passes | of_runs.bad
    left = _left(runs, passes, bad, of_lines, either(_bad(totals)))
    candidates = None if of_lines is None else either([of_lines.passes, of_lines.bad])
    return Grouped(runs, keys, values, totals, hows, passes, candidates, left)


def _value(name: str, value: Value, lines: Lines) -> Vector:
    if name == "time":
        return moment(value, lines)
    if name in NUMBERS:
        return number(value, lines)
    return (digits if name in DIGITS else text)(value, lines)


def _asked(where: Condition, alike: frozenset[str]) -> tuple[tuple[Condition, ...], tuple[Condition, ...]]:
    """Return what is asked of whole runs, and of each line."""
    parts = where.of if isinstance(where, Every) else (where,)
    once = tuple(part for part in parts if alike.issuperset(tested(part)))
    return once, tuple(part for part in parts if part not in once)


def _keys(rule: Rule, lines: Lines) -> pl.DataFrame:
    import polars as pl

    keys = []
    for place, name in enumerate(rule.group):
        if ("key", name) not in lines.kept:
            # Two entries may be one cell: what stands for null, and letters with marks beside them.
            lines.kept["key", name] = Vector(_codes(Vector(lines.columns[name].cells)))
        key = lines.kept["key", name].entries.gather(lines.at(name))
        keys.append(key.alias(f"cx_key_{place}"))
    return pl.DataFrame(keys)


def _bad(vectors: Mapping[str, Vector]) -> list[pl.Series]:
    return [bad for vector in vectors.values() if (bad := vector.bad_lines()) is not None]


def _left(
    runs: Runs, passes: pl.Series, bad: pl.Series | None, asked: Found | None, wrong: pl.Series | None
) -> pl.Series | None:
    """Return the lines that only Python can take: it may be that they pass, and something of theirs isn't plain."""
    found = None
    if bad is not None and (passes & bad).any():
        found = runs.spread(passes & bad)
    unsure = either([wrong, None if asked is None else asked.bad])
    if unsure is not None and unsure.any():
        found = either([found, unsure & runs.spread(passes)])
    if found is None or asked is None:
        return found
    return found & (asked.passes if asked.bad is None else asked.passes | asked.bad)


def together(found: Grouped, keep: pl.Series | None) -> tuple[pl.DataFrame, dict[str, Vector]]:
    """Return the groups, in the order of their first lines, and the values of their events.

    Args:
        found: the lines.
        keep: which of them count; None for all.

    Returns:
        A frame of the keys, of the first line of each (`GROUP`), of their number (``cx_n``), and of whether currencies
        meet (``cx_mixed``); and the values.

    Raises:
        NotCompilable: sums may be more than 64 bits hold.
    """
    import polars as pl

    runs, counts = found.runs, found.runs.counts(keep)
    columns = {GROUP: runs.first(keep), "cx_n": counts, "cx_keep": found.passes & (counts > 0)}
    reduced = {GROUP: pl.col(GROUP).min(), "cx_n": pl.col("cx_n").sum()}
    columns["cx_run"] = pl.select(pl.int_range(len(counts), dtype=pl.UInt32)).to_series()
    mixed = pl.lit(value=False)
    for place, name in enumerate((*found.totals, *found.values)):
        column, how = f"cx_value_{place}", found.hows[name]
        if how == "total":
            vector = found.totals[name]
            check_fits(min(greatest(vector.entries), MOST) * max(1, runs.n))
            columns[column] = runs.total(vector.lines(), keep)
            gaps = bool(columns[column].null_count())
            total = pl.col(column).sum()
            reduced[column] = pl.when(pl.col(column).count() > 0).then(total) if gaps else total
            continue
        vector = found.values[name]
        if how in {"earliest", "latest"}:
            columns[column] = vector.lines()
            reduced[column] = pl.col(column).min() if how == "earliest" else pl.col(column).max()
        else:
            # The least place is quicker found than the first that isn't null.
            gaps_of = vector.gaps()
            columns[column] = columns["cx_run"] if gaps_of is None else columns["cx_run"].set(gaps_of, None)
            reduced[column] = pl.col(column).min() if how == "first" else pl.col(column).max()
        if name == "currency":
            columns["cx_code"] = _codes(vector)
            mixed = (pl.col("cx_code").min() != pl.col("cx_code").max()).fill_null(value=False)
    frame = found.keys.with_columns(**columns).filter(pl.col("cx_keep"))
    groups = frame.group_by(found.keys.columns).agg(**reduced, cx_mixed=mixed).sort(GROUP)
    values: dict[str, Vector] = {}
    for place, name in enumerate((*found.totals, *found.values)):
        made, how = groups[f"cx_value_{place}"], found.hows[name]
        if how in {"first", "last"}:
            values[name] = found.values[name].of(made)
        else:
            values[name] = Vector(made, None, None, found.totals[name].scale if how == "total" else 0)
    for name, how in found.hows.items():
        if how == "count":
            values[name] = Vector(groups["cx_n"])
        if how in {"count", "total"} and name not in NUMBERS:
            values[name] = written(values[name])
    return groups.select(*found.keys.columns, GROUP, "cx_n", "cx_mixed"), values


def _codes(vector: Vector) -> pl.Series:
    """Return numbers for texts, null for none."""
    found = Vector(vector.lines())
    at, gaps = recoded(found).at, found.gaps()
    assert at is not None  # noqa: S101 - recoded gives each its entry
    return at if gaps is None else at.set(gaps, None)
