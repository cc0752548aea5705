"""Tables on standard output: drawn on a terminal, plain text elsewhere; nothing is ever cut."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import Console

    from cxkit.report import Scorecard
    from cxkit.report.grid import Grid
    from cxkit.report.shown import Shown

# A name that came from a customer may hold the codes that command a terminal: they are shown, not obeyed.
_CODES: Final = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}
_CODES_IN_TEXT: Final = {code: shown for code, shown in _CODES.items() if code != ord("\n")}
_GAP: Final = 3


def print_text(text: str) -> None:
    """Print text for people."""
    click.echo(text.translate(_CODES_IN_TEXT))


def print_data(text: str) -> None:
    """Print what programs read: always UTF-8 where it goes into a file or a pipe."""
    click.echo(text if sys.stdout.isatty() else text.encode(), nl=False)


def print_card(card: Scorecard) -> None:
    """Print a scorecard: what ``print(card)`` shows, drawn where there is a terminal."""
    from cxkit.report.grid import footnotes, grids

    tables = grids(card)
    if not tables or not sys.stdout.isatty():
        print_text(str(card))
        return
    print_grids(tables, footnotes(card))


def print_shown(shown: Shown | Scorecard, form: str) -> None:
    """Print a result as ``table``, ``json``, ``csv`` or ``md``."""
    from cxkit.report import Scorecard

    if form == "table":
        if isinstance(shown, Scorecard):
            print_card(shown)
        else:
            print_grids(shown.to_grids(), shown.notes)
    elif form == "json":
        print_data(shown.to_json(indent=2) + "\n")
    elif form == "md":
        print_data(shown.to_markdown() + "\n")
    else:
        print_data(shown.to_csv())
        for note in shown.notes:  # a CSV file has no room for them
            click.echo(f"note: {note}", err=True)


def print_grids(tables: Iterable[Grid], notes: Sequence[str] = ()) -> None:
    """Print tables of text and the notes beneath them."""
    if not sys.stdout.isatty():
        from cxkit.report.text import table

        print_text("\n\n".join([*map(table, tables), *(["\n".join(notes)] if notes else [])]))
        return
    console = _console()
    for grid in tables:
        for part in parts(grid, console.width):
            _draw(console, part)
    _draw_notes(console, notes)


def parts(grid: Grid, width: int) -> Iterator[Grid]:
    """Break a table that is wider than the terminal into several, each with the line labels.

    >>> from cxkit.report.grid import Grid
    >>> [part.columns for part in parts(Grid("", "metric", ("web", "store"), (("nps", ("30.0", "40.0")),)), 18)]
    [('web',), ('store',)]
    """
    import attrs
    from rich.cells import cell_len

    labels = max(map(cell_len, (grid.corner, *(label for label, _ in grid.lines))))
    widths = [
        max(map(cell_len, column)) for column in zip(grid.columns, *(cells for _, cells in grid.lines), strict=True)
    ]
    start = 0
    while start < len(widths):
        end, used = start, labels
        while end < len(widths) and (end == start or used + _GAP + widths[end] <= width):
            used += _GAP + widths[end]
            end += 1
        lines = tuple((label, cells[start:end]) for label, cells in grid.lines)
        yield attrs.evolve(grid, columns=grid.columns[start:end], lines=lines)
        start = end


def _console() -> Console:
    from rich.console import Console

    # Without NO_COLOR it is for rich to see what the terminal can do.
    plain = bool(os.environ.get("NO_COLOR")) or not sys.stdout.isatty()
    return Console(color_system=None if plain else "auto", highlight=False)


def _draw(console: Console, grid: Grid) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    title = Text(grid.title.translate(_CODES), style="bold") if grid.title else None
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, title=title, title_justify="left")
    for heading in (grid.corner, *grid.columns):
        # Wider than the whole terminal: folded, for rich would cut it otherwise.
        table.add_column(Text(heading.translate(_CODES)), overflow="fold")
    for label, cells in grid.lines:
        table.add_row(*(Text(cell.translate(_CODES)) for cell in (label, *cells)))
    console.print(table)
    console.print()


def _draw_notes(console: Console, notes: Sequence[str]) -> None:
    from rich.text import Text

    for note in notes:
        console.print(Text(note.translate(_CODES), style="dim"), soft_wrap=True)
