"""The lines of a flat file, whatever its format: cells of text, the empty one null, and the line each stands on."""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING

import attrs

from cxkit.errors import BadRowError, InvalidValueError, nearest
from cxkit.files.from_csv import REJECTS
from cxkit.files.from_excel import sheet_rows
from cxkit.files.from_ndjson import check_bytes
from cxkit.files.from_parquet import batches, opened
from cxkit.files.objects import decoded
from cxkit.files.records import Records
from cxkit.recipes.typed import cell_of, cells_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cxkit.files.source import Source
    from cxkit.recipes.model import Input

    Reject = Callable[[int, InvalidValueError, str], object]
    """Takes the line of a row that can't be taken, what is wrong with it, and the whole of it as JSON."""

_WHITESPACE = "whitespace"


@attrs.frozen
class Flat:
    """The lines of a file.

    Attributes:
        names: its columns; those that were wanted, where the file has no order of columns.
        lines: the number and the cells of each line, as many as there are names.
        mended: whether it is a file of rejects, whose lines were part of others.
    """

    names: tuple[str, ...]
    lines: Iterator[tuple[int, list[str]]]
    mended: bool = False


def flat(source: Source, fmt: str, reading: Input, wanted: Sequence[str], reject: Reject) -> Flat:
    """Return the lines of a file.

    Args:
        source: the file.
        fmt: ``csv``, ``ndjson``, ``parquet`` or ``excel``.
        reading: how the recipe says that it is read.
        wanted: the columns that are looked at, or none for all there are.
        reject: takes lines that are none.

    Raises:
        BadRowError: the header can't be used.
        InvalidValueError: it isn't a file of this format.
    """
    if fmt == "ndjson":
        return _of_ndjson(source, reading, wanted, reject)
    if fmt == "parquet":
        return _of_parquet(source, reading, wanted)
    if fmt == "excel":
        return _of_excel(source, reading)
    if reading.delimiter == _WHITESPACE:
        return _of_blanks(source, reading, reject)
    return _of_csv(source, reading, wanted, reject)


def row_json(names: Sequence[str], cells: Sequence[str]) -> str:
    """Return a whole row as JSON: an object, or an array where the number of cells is wrong."""
    return json.dumps(dict(zip(names, cells, strict=True)) if len(names) == len(cells) else list(cells))


def _after(lines: Iterator[list[str]], skip: int) -> Iterator[list[str]]:
    """Blank the first lines of a text, so that those after them keep their numbers."""
    for block in lines:
        if skip:
            taken = min(skip, len(block))
            skip -= taken
            yield ["\n"] * taken + block[taken:]
        else:
            yield block


def _named(source: Source, rows: Iterator[tuple[int, list[str]]], reading: Input) -> tuple[str, ...]:
    """Return the names of the columns that the next line gives, and pass over what stands between it and the rows.

    They are none where the file broke off before.

    Raises:
        BadRowError: the line can't be a header.
    """
    line, header = next(rows, (1, []))
    if not header and source.damage:
        return ()
    try:
        if not header:
            reason = "has no lines, not even a header: its first line must name the columns (or input.columns)"
            raise InvalidValueError("file", source.name, reason)  # noqa: TRY301 - named with its place as all are
        for name in header:
            check_bytes(name, source.encoding.removesuffix("-sig"))
    except InvalidValueError as error:
        raise BadRowError(source.name, line, *error.args) from None
    for _ in range(reading.after_header):
        next(rows, None)
    return tuple(name.strip() or f"column_{place}" for place, name in enumerate(header, 1))


def check_columns(names: Sequence[str], wanted: Sequence[str], reading: Input) -> None:
    """Refuse a file without a column that the recipe looks at, or with two of its name.

    Raises:
        InvalidValueError: as said; the nearest name is suggested.
    """
    for name in wanted:
        found = names.count(name)
        if found > 1:
            raise InvalidValueError("columns", name, "names two columns of the file: rename one of them")
        if found or name in reading.optional:
            continue
        near = nearest(name, names)
        if near:
            hint = f"; is {near!r} meant?"
        elif len(names) == 1 and reading.delimiter not in names[0] and any(sign in names[0] for sign in ";,\t|"):
            hint = f": the recipe separates columns by {reading.delimiter!r}, and here is none (input.delimiter)"
        else:
            hint = f". There is: {', '.join(names)}"
        raise InvalidValueError("columns", name, f"isn't a column of the file, and the recipe looks at it{hint}")


def _of_csv(source: Source, reading: Input, wanted: Sequence[str], reject: Reject) -> Flat:
    names: tuple[str, ...] = reading.columns

    def broken(line: int, text: str, reason: str) -> None:
        error = InvalidValueError("row", text, reason)
        if not names:
            raise BadRowError(source.name, line, *error.args)
        reject(line, error, json.dumps(text.rstrip("\r\n")))

    records = Records(_after(source.blocks(), reading.skip), broken, reading.delimiter)
    rows = (each for lines, several in records.batches() for each in zip(lines, several, strict=True))
    if not names:
        names = _named(source, rows, reading)
        if names == REJECTS and not set(wanted) <= set(REJECTS):
            return Flat(tuple(wanted), _mended(rows, reading, wanted, reject), mended=True)
    return Flat(names, _whole(rows, names, reject))


def _of_blanks(source: Source, reading: Input, reject: Reject) -> Flat:
    def cut() -> Iterator[tuple[int, list[str]]]:
        numbers = count(1)
        for block in _after(source.blocks(), reading.skip):
            for line, number in zip(block, numbers, strict=False):
                cells = line.split()
                if cells:
                    yield number, cells

    rows = cut()
    names = reading.columns or _named(source, rows, reading)
    return Flat(names, _whole(rows, names, reject))


def _whole(
    rows: Iterator[tuple[int, list[str]]], names: Sequence[str], reject: Reject
) -> Iterator[tuple[int, list[str]]]:
    """Give the rows that have a cell for each column; one of empty cells alone is what spreadsheets leave behind."""
    width = len(names)
    for line, cells in rows:
        if len(cells) == width:
            yield line, cells
        elif any(cells):
            reason = f"has {len(cells)} cells where there are {width} columns"
            reject(line, InvalidValueError("row", cells, reason), row_json(names, cells))


def _mended(
    rows: Iterator[tuple[int, list[str]]], reading: Input, wanted: Sequence[str], reject: Reject
) -> Iterator[tuple[int, list[str]]]:
    """Give the lines that stand in the last column of a file of rejects."""
    for line, cells in rows:
        try:
            if len(cells) != len(REJECTS):
                reason = f"has {len(cells)} cells where there are {len(REJECTS)} columns"
                raise InvalidValueError("row", cells, reason)  # noqa: TRY301 - one way for all that is refused
            given = decoded(cells[-1])
            missing = [name for name in wanted if name not in given and name not in reading.optional]
            if missing:
                raise InvalidValueError("row", cells[-1], f"lacks {missing[0]!r}")  # noqa: TRY301 - as above
        except InvalidValueError as error:
            reject(line, error, cells[-1])
        else:
            yield line, [cell_of(given.get(name), reading.decimal) for name in wanted]


def _of_ndjson(source: Source, reading: Input, wanted: Sequence[str], reject: Reject) -> Flat:
    encoding = source.encoding.removesuffix("-sig")

    def objects() -> Iterator[tuple[int, list[str]]]:
        numbers = count(1)
        for block in source.blocks():
            for line, number in zip(block, numbers, strict=False):
                if line.isspace():
                    continue
                try:
                    check_bytes(line, encoding)
                    given = decoded(line)
                except InvalidValueError as error:
                    reject(number, error, json.dumps(line.strip()))
                else:
                    yield number, [cell_of(given.get(name), reading.decimal) for name in wanted]

    return Flat(tuple(wanted), objects())


def _of_parquet(source: Source, reading: Input, wanted: Sequence[str]) -> Flat:
    table = opened(source)
    present = table.schema_arrow.names
    check_columns(present, wanted, reading)
    # A column that nobody looks at is left where it is, which in this format costs nothing.
    names = [name for name in present if name in wanted] if wanted else present

    def rows() -> Iterator[tuple[int, list[str]]]:
        number = 0
        for batch in batches(source, table, names):
            columns = [cells_of(column, reading.decimal) for column in batch.columns]
            for cells in zip(*columns, strict=True):
                number += 1
                yield number, list(cells)

    return Flat(tuple(names), rows())


def _of_excel(source: Source, reading: Input) -> Flat:
    rows = (
        (number, [cell_of(value, reading.decimal) for value in row])
        for number, row in sheet_rows(source, reading.sheet)
        if number > reading.skip
    )
    names = reading.columns or _named(source, rows, reading)
    return Flat(names, _fitted(rows, len(names)))


def _fitted(rows: Iterator[tuple[int, list[str]]], width: int) -> Iterator[tuple[int, list[str]]]:
    """Give the rows of a sheet with a cell for each column: a sheet's own width may be more than its header's."""
    for number, cells in rows:
        yield number, cells[:width] + [""] * (width - len(cells))
