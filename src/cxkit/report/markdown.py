"""A scorecard as Markdown tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cxkit.report.grid import footnotes, grids

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cxkit.report.grid import Grid
    from cxkit.report.scorecard import Scorecard


def markdown(card: Scorecard) -> str:
    """Return the tables and footnotes in Markdown.

    >>> from cxkit.report import Scorecard
    >>> markdown(Scorecard(()))
    'Nothing to show: no events matched.'
    """
    return page(grids(card), footnotes(card))


def page(tables: Iterable[Grid], notes: Iterable[str]) -> str:
    r"""Return tables and the notes beneath them.

    >>> page([], ["a_b"])
    'Nothing to show: no events matched.\n\na\\_b'
    """
    blocks = [_table(grid) for grid in tables] or ["Nothing to show: no events matched."]
    return "\n\n".join([*blocks, *map(_escape, notes)])


def _escape(text: str) -> str:
    for character in "\\|*_`<":
        text = text.replace(character, "\\" + character)
    return text.replace("](", "]\\(").replace("\n", " ")  # neither a link nor an image


def _table(grid: Grid) -> str:
    rows = [(grid.corner, *grid.columns), *((label, *cells) for label, cells in grid.lines)]
    lines = [f"| {' | '.join(map(_escape, row))} |" for row in rows]
    lines.insert(1, "|" + " --- |" * len(rows[0]))
    title = [f"**{_escape(grid.title)}**", ""] if grid.title else []
    return "\n".join([*title, *lines])
