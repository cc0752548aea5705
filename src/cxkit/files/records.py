"""The records of a CSV file: rows of cells and the line that each starts on, whatever is wrong with some of them."""

from __future__ import annotations

import csv
import re
from functools import cache
from typing import TYPE_CHECKING

from cxkit.files.source import LONGEST

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    Batch = tuple[Sequence[int], list[list[str]]]
    """Records, and the line that each starts on."""

    Columns = tuple[range, list[list[str]]]
    """The cells of records by column, and the line that each record is."""

    Broken = Callable[[int, str, str], object]
    """Takes the line, its text, and the reason why it is no record."""

_TOGETHER = 256
"""So many rows are made into events, and forgotten, before the garbage collector takes notice."""

_QUOTED = re.compile(r'"((?:[^"]++|"")*+)"')

_UNCLOSED = "opens a quote that is never closed: close it, or double a quote that is part of the text"
_AFTER_QUOTE = "has text after a closing quote: double a quote that is part of the text"


class Records:
    r"""The records of a file, by Python's own csv module; a line that is no record is handed to `broken`.

    A quote that is never closed would swallow the rows after it, all there are. So where a record has no end, or where
    text follows a closing quote, its first line alone is broken, and reading goes on with the next.

    >>> records = Records([['a,"b\n', 'c",d\n', 'e,"f\n', 'g,h\n']], broken=lambda line, text, reason: print(line))
    >>> for cells in records: print(records.line, cells)
    1 ['a', 'b\nc', 'd']
    3
    4 ['g', 'h']

    Attributes:
        line: the line that the record given last starts on.
    """

    def __init__(self, blocks: Iterable[list[str]], broken: Broken, delimiter: str = ",") -> None:
        """Take the lines in blocks, as a source gives them, and the sign between cells."""
        self.line = 0
        self._delimiter = delimiter
        self._blocks = blocks
        self._broken = broken
        self._before = 1  # the number of the first line at hand
        # Lines that wait for more, the characters they have, and how many there must be before they are looked at.
        self._held: list[str] = []
        self._size = self._need = 0

    def __iter__(self) -> Iterator[list[str]]:
        """Give the cells of each record; a blank line is none."""
        for lines, rows in self.batches():
            for self.line, cells in zip(lines, rows, strict=True):
                yield cells

    def batches(self) -> Iterator[Batch]:
        """Give many records at once, with their lines; a line that is no record is handed on in its turn."""
        for block in self._blocks:
            yield from self.more(block)
        yield from self.end()

    def more(self, block: list[str]) -> Iterator[Batch]:
        """Give the records that end in these lines, which come next."""
        self._held = self._held + block if self._held else block
        self._size += sum(map(len, block))
        if self._size >= self._need:
            self._held = yield from self._of(self._held, last=False)
            self._size = sum(map(len, self._held))
            # An open record is looked at again when there is twice as much of it: the work grows with the file alone.
            self._need = 2 * self._size

    def end(self) -> Iterator[Batch]:
        """Give the records that are left when there are no more lines."""
        if self._held:
            self._held = yield from self._of(self._held, last=True)

    def columns(self, text: str, width: int) -> Columns | None:
        """Return the cells of lines that come next by column; None where they have to be looked at line by line."""
        found = None if self._held else columns_of(text, width, self._delimiter)
        if found is None:
            return None
        lines = range(self._before, self._before + len(found[0]))
        self._before = lines.stop
        return lines, found

    def _of(self, lines: list[str], *, last: bool) -> Generator[Batch, None, list[str]]:
        """Give the records of these lines, and return the lines at their end that wait for more."""
        before = self._before
        at = 0
        while at < len(lines) and (plain := _line_by_line(lines[at : at + _TOGETHER], self._delimiter)):
            yield range(before + at, before + at + len(plain)), plain
            at += len(plain)
        while at < len(lines):
            # From the second time on by index: a slice a broken line would be a copy a broken line.
            rest = map(lines.__getitem__, range(at, len(lines))) if at else lines
            reader = csv.reader(rest, delimiter=self._delimiter, strict=True)
            start = 0
            numbers: list[int] = []
            rows: list[list[str]] = []
            failed = False
            try:
                for cells in reader:
                    if cells:
                        numbers.append(before + at + start)
                        rows.append(cells)
                    start = reader.line_num
            except csv.Error:
                failed = True
                at += start
            if rows:
                yield numbers, rows
            if not failed:
                break
            # Either it is broken, or it goes on in the next block, or a cell is larger than what csv takes in this
            # process: that limit is the application's, so it isn't changed here.
            found = split(lines, at, self._delimiter)
            self.line = before + at
            if isinstance(found, tuple):
                cells, used = found
                yield [self.line], [cells]
                at += used
            elif found is None and not last and sum(map(len, lines[at:])) <= LONGEST:
                self._before = before + at
                return lines[at:]
            else:
                self._broken(self.line, lines[at], found or _UNCLOSED)
                at += 1
        self._before = before + len(lines)
        return []


def _line_by_line(lines: list[str], delimiter: str) -> list[list[str]] | None:
    """Return the cells of lines that are a record each, which nearly all are; None where any isn't."""
    try:
        rows = list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return rows if len(rows) == len(lines) and all(rows) else None


def columns_of(text: str, width: int, delimiter: str = ",") -> list[list[str]] | None:
    r"""Return the cells of whole lines by column; None unless each has so many, and none a quote or a line end.

    All of the text is cut at once, which takes half the time that Python's csv module does.

    >>> columns_of("a,b\nc,d\n", 2), columns_of("a,b\nc\n", 2), columns_of('a,"b"\n', 2)
    ([['a', 'c'], ['b', 'd']], None, None)
    """
    if '"' in text or "\0" in text or width < 2:  # noqa: PLR2004 - of one column a blank line is no record
        return None
    if not text.endswith("\n"):
        text += "\r\n" if "\r" in text else "\n"
    end = "\r\n" if "\r" in text else "\n"
    even = text.replace(end, f"{delimiter}\0{delimiter}")
    if "\n" in even or "\r" in even:
        return None
    n = (len(even) - len(text)) // (3 - len(end))
    # Each line end is a cell now: where all of them stand after the last column, and nowhere else, all lines are even.
    cells = even.split(delimiter)
    step = width + 1
    if len(cells) != n * step + 1 or cells[width::step].count("\0") != n:
        return None
    return [cells[at:-1:step] for at in range(width)]


def split(lines: list[str], at: int = 0, delimiter: str = ",") -> tuple[list[str], int] | str | None:
    r"""Return the cells of the record that starts at a line, and over how many lines it goes.

    Return the reason as text where it is broken, None where the lines end before it does.

    >>> split(['a,"b\n', 'c",d\n', 'e\n'])
    (['a', 'b\nc', 'd'], 2)
    """
    taken = 1
    while True:
        text = "".join(lines[at : at + taken])
        found = _split(text, delimiter)
        if found is not None or at + taken >= len(lines):
            break
        taken *= 2
    if not isinstance(found, tuple):
        return found
    cells, end = found
    ends = text.count("\n", 0, end) + text.count("\r", 0, end) - text.count("\r\n", 0, end)
    return cells, ends if text[:end].endswith(("\n", "\r")) else ends + 1


@cache
def _patterns(delimiter: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return what a cell without quotes is, and what may end a cell."""
    sign = re.escape(delimiter)
    return re.compile(rf"[^{sign}\r\n]*+"), re.compile(rf"{sign}|\r\n|\r|\n|\Z")


def _split(text: str, delimiter: str) -> tuple[list[str], int] | str | None:
    plain_cell, cell_end = _patterns(delimiter)
    cells = []
    at = 0
    while True:
        if text.startswith('"', at):
            quoted = _QUOTED.match(text, at)
            if quoted is None:
                return None
            cells.append(quoted[1].replace('""', '"'))
            at = quoted.end()
        else:
            plain = plain_cell.match(text, at)
            cells.append(plain[0] if plain else "")
            at += len(cells[-1])
        end = cell_end.match(text, at)
        if end is None:
            return _AFTER_QUOTE
        at = end.end()
        if end[0] != delimiter:
            return cells, at
