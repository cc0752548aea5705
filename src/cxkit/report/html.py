"""A scorecard as HTML, for notebooks."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from cxkit.report.grid import footnotes, grids

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cxkit.report.grid import Grid
    from cxkit.report.scorecard import Scorecard


def html(card: Scorecard) -> str:
    """Return the tables as an HTML fragment; everything that came from data is escaped.

    >>> from cxkit.report import Scorecard
    >>> html(Scorecard(()))
    '<div class="cxkit"><p>Nothing to show: no events matched.</p></div>'
    """
    return fragment(grids(card), footnotes(card))


def fragment(tables: Iterable[Grid], notes: Iterable[str]) -> str:
    """Return tables and the notes beneath them.

    >>> fragment([], ["a < b"])
    '<div class="cxkit"><p>Nothing to show: no events matched.</p><p><small>a &lt; b</small></p></div>'
    """
    body = "".join(map(_table, tables)) or "<p>Nothing to show: no events matched.</p>"
    beneath = "".join(f"<p><small>{escape(note)}</small></p>" for note in notes)
    return f'<div class="cxkit">{body}{beneath}</div>'


def _table(grid: Grid) -> str:
    caption = f"<caption>{escape(grid.title)}</caption>" if grid.title else ""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in (grid.corner, *grid.columns))
    body = "".join(
        f'<tr><th scope="row">{escape(label)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}</tr>'
        for label, cells in grid.lines
    )
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
