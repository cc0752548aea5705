"""Grids: a scorecard laid out as tables of text, which every rendering shares.

Without periods there is one table, a line for each metric and a column for each segment. With periods and without
segments there is one table, a line for each period and a column for each metric. With both, each metric has its table.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from cxkit.report.scorecard import Row, Scorecard

    Axis = Callable[[Row], tuple[Hashable, str]]

_UNITS = {
    "share": "%",
    "rate": "%",
    "points": "points",
    "score": "mean score",
    "count": "",
    "ratio": "",
    "seconds": "",
    "money": "",
}


@attrs.frozen
class Grid:
    """One table.

    Attributes:
        title: what it shows, or empty.
        corner: the heading of the line labels.
        columns: the columns' headings.
        lines: label and cells of each line.
    """

    title: str
    corner: str
    columns: tuple[str, ...]
    lines: tuple[tuple[str, tuple[str, ...]], ...]


def grids(card: Scorecard) -> list[Grid]:
    """Return the tables that show a scorecard.

    >>> from cxkit.report import Scorecard
    >>> grids(Scorecard(()))
    []
    """
    if not card.rows:
        return []
    if card.every is None:
        return [_grid(card.rows, "", "metric", _metric, _segment)]
    if not card.by:
        return [_grid(card.rows, "", card.every, _period, _metric)]
    by_metric: dict[tuple[str, str | None], list[Row]] = {}
    for row in card.rows:
        by_metric.setdefault((row.metric, row.currency), []).append(row)
    return [
        _grid(rows, f"{rows[0].title} · {_metric(rows[0])[1]}", card.every, _period, _segment)
        for rows in by_metric.values()
    ]


def _grid(rows: Sequence[Row], title: str, corner: str, line: Axis, column: Axis) -> Grid:
    cells: dict[Hashable, dict[Hashable, str]] = {}
    lines: dict[Hashable, str] = {}
    columns: dict[Hashable, str] = {}
    for row in rows:
        (at_line, label), (at_column, heading) = line(row), column(row)
        lines[at_line], columns[at_column] = label, heading
        cells.setdefault(at_line, {})[at_column] = cell(row)
    table = tuple((label, tuple(cells[at].get(name, "") for name in columns)) for at, label in lines.items())
    return Grid(title, corner, tuple(columns.values()), table)


def cell(row: Row) -> str:
    """Return an estimate as a cell: the value and its interval.

    >>> from cxkit.metrics import Estimate
    >>> from cxkit.report import Row
    >>> cell(Row("nps", "NPS", None, {}, True, None, False, None, Estimate(30.0, 14.0, 44.2, unit="points", n=100)))
    '+30.0 [+14.0, +44.2]'
    """
    estimate = row.estimate
    if row.hidden:
        return "hidden"
    if estimate.value is None:
        return "–"
    bounds = (
        ""
        if estimate.low is None and estimate.high is None
        else f" [{estimate.text(estimate.low)}, {estimate.text(estimate.high)}]"
    )
    return f"{estimate.text(estimate.value)}{bounds}{f' {row.verdict}' if row.verdict else ''}"


# What tells lines or columns apart, and how they are labelled: a channel called overall isn't all channels together.


def _metric(row: Row) -> tuple[Hashable, str]:
    unit = row.currency or _UNITS.get(row.estimate.unit, row.estimate.unit)
    target = f" {row.target.text(row.estimate.unit)}" if row.target else ""
    return (row.metric, row.currency), f"{row.metric} ({unit}){target}" if unit else f"{row.metric}{target}"


def _segment(row: Row) -> tuple[Hashable, str]:
    if row.overall:
        return None, "overall"
    values = tuple(row.segment.values())
    return values, " · ".join("(none)" if value is None else printable(value) for value in values)


def _period(row: Row) -> tuple[Hashable, str]:
    return row.period, f"{row.period}{' *' if row.partial else ''}"


def printable(text: str) -> str:
    r"""Return a text from data on one line, its control characters shown instead of obeyed.

    >>> print(printable("two" + chr(10) + "lines"))
    two\nlines
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def footnotes(card: Scorecard) -> list[str]:
    """Return what a reader should know beneath the tables: levels, partial periods, what was left out, notes."""
    notes = []
    levels = sorted({row.estimate.level for row in card.rows})
    if levels:
        level = ", ".join(f"{100 * level:g} %" for level in levels)
        zone = f" Periods are local to {card.tz}." if card.every else ""
        notes.append(f"In brackets: {level} intervals.{zone}")
    if any(row.target for row in card.rows):
        notes.append(
            "Met or missed: the whole interval lies on that side of the target; undecided: it spans the target."
        )
    if any(row.partial for row in card.rows):
        notes.append("* The data covers this period only in part.")
    for metric, currency in dict.fromkeys((row.metric, row.currency) for row in card.rows):
        left_out: Counter[str] = Counter()
        for row in card.rows:
            if row.overall and (row.metric, row.currency) == (metric, currency):
                left_out.update(row.estimate.excluded)
        if left_out:
            name = f"{metric} ({currency})" if currency else metric
            notes.append(f"Left out of {name}: " + ", ".join(f"{n:,} {reason}" for reason, n in left_out.items()) + ".")
    return notes + list(card.notes)
