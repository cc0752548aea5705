"""A scorecard as aligned plain text, for print and logs."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING
from unicodedata import category, east_asian_width

from cxkit.report.grid import footnotes, grids

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cxkit.report.grid import Grid
    from cxkit.report.scorecard import Scorecard

_WIDTH = 120


def _width() -> int:
    """Return the width of the terminal that is printed to; a fixed one elsewhere, so that files look alike."""
    return shutil.get_terminal_size((_WIDTH, 24)).columns if sys.stdout.isatty() else _WIDTH


def text(card: Scorecard, width: int | None = None) -> str:
    """Return aligned tables, broken where they are wider than `width`, and footnotes.

    >>> from cxkit.report import Scorecard
    >>> text(Scorecard(()))
    'Nothing to show: no events matched.'
    """
    blocks = [table(grid, width) for grid in grids(card)]
    if not blocks:
        return "\n".join(["Nothing to show: no events matched.", *card.notes])
    return "\n\n".join([*blocks, "\n".join(footnotes(card))])


def table(grid: Grid, width: int | None = None) -> str:
    """Return one grid as aligned text.

    >>> from cxkit.report.grid import Grid
    >>> print(table(Grid("", "a", ("b",), (("x", ("1",)),))))
    a  b
    ─  ─
    x  1
    """
    return "\n\n".join("\n".join(block) for block in _blocks(grid, width or _width()))


def columns_wide(word: str) -> int:
    """Return how many terminal columns a text takes: wide East Asian characters two, combining marks none.

    >>> columns_wide("abc"), columns_wide("日本"), columns_wide("e\u0301")
    (3, 4, 1)
    """
    if word.isascii():
        return len(word)
    return sum(0 if category(c) in ("Mn", "Me") else 2 if east_asian_width(c) in "WF" else 1 for c in word)


def _pad(word: str, width: int) -> str:
    return word + " " * (width - columns_wide(word))


def _blocks(grid: Grid, width: int) -> Iterator[list[str]]:
    labels = [grid.corner, *(label for label, _ in grid.lines)]
    label_width = max(map(columns_wide, labels))
    widths = [
        max(columns_wide(name), *(columns_wide(cells[at]) for _, cells in grid.lines))
        for at, name in enumerate(grid.columns)
    ]
    start = 0
    while start < len(grid.columns):
        end, used = start, label_width
        while end < len(grid.columns) and (end == start or used + 2 + widths[end] <= width):
            used += 2 + widths[end]
            end += 1
        here = range(start, end)
        head = [_pad(grid.corner, label_width), *(_pad(grid.columns[at], widths[at]) for at in here)]
        rule = ["─" * label_width, *("─" * widths[at] for at in here)]
        rows = [
            [_pad(label, label_width), *(_pad(cells[at], widths[at]) for at in here)] for label, cells in grid.lines
        ]
        lines = ["  ".join(row).rstrip() for row in [head, rule, *rows]]
        yield [grid.title, *lines] if grid.title else lines
        start = end
