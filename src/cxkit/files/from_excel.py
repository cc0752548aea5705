"""Rows of Excel and other workbooks, by python-calamine, which the extra for them brings; and the events in them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cxkit.errors import BadRowError, InvalidValueError, MissingExtraError, UnknownNameError
from cxkit.files.columns import plan_of
from cxkit.files.objects import object_reader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cxkit.files.reading import Reading
    from cxkit.files.row import Rules
    from cxkit.files.source import Source
    from cxkit.model.event import Event

_WHOLE = 2**53


def sheet_rows(source: Source, sheet: str | None = None) -> Iterator[tuple[int, list[Any]]]:
    """Give the rows of a sheet, the first unless one is named, each with its number; blank ones are left out.

    A workbook knows one kind of number. Those without decimals are given as whole.

    Raises:
        MissingExtraError: python-calamine isn't installed.
        InvalidValueError: it isn't a workbook, or one that can't be read from its end.
        UnknownNameError: there is no such sheet.
    """
    try:
        import python_calamine as calamine
    except ImportError:
        raise MissingExtraError("excel", "python-calamine") from None
    file = source.rewound()
    if file is None:
        reason = "can't be read as a workbook from a stream: save it as a file"
        raise InvalidValueError("file", source.name, reason)
    try:
        book = calamine.CalamineWorkbook.from_filelike(file)
        if sheet is not None and sheet not in book.sheet_names:
            raise UnknownNameError("sheet", sheet, book.sheet_names)
        found = book.get_sheet_by_index(0) if sheet is None else book.get_sheet_by_name(sheet)
    except calamine.CalamineError as error:
        raise InvalidValueError("file", source.name, f"isn't a whole workbook: {error}") from None
    # From the sheet's own first cell, so that rows have the numbers that they have there.
    for number, row in enumerate(found.to_python(skip_empty_area=False), 1):
        cells = [_typed(cell) for cell in row]
        if any(cell is not None for cell in cells):
            yield number, cells


def _typed(cell: Any) -> Any:  # noqa: ANN401 - whatever a sheet holds
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < _WHOLE:
        return int(cell)
    return None if cell == "" else cell


def read_excel(source: Source, rules: Rules, reading: Reading) -> Iterator[Event]:
    """Give the events of a workbook's first sheet, whose first row names the columns.

    Raises:
        BadRowError: the header can't be used, so that no row can be read.
    """
    rows = sheet_rows(source)
    line, header = next(rows, (1, []))
    names = ["" if name is None else str(name).strip() for name in header]
    try:
        if not names:
            reason = "has no rows, not even a header: its first row must name the columns"
            raise InvalidValueError("file", source.name, reason)  # noqa: TRY301 - named with its place as all are
        plan = plan_of(names)
    except InvalidValueError as error:
        raise BadRowError(source.name, line, *error.args) from None
    reading.warnings.extend(plan.warnings)
    read = object_reader(rules)
    for number, cells in rows:
        given = {name: cell for name, cell in zip(plan.names, cells, strict=True) if cell is not None}
        try:
            made = read(given)
        except InvalidValueError as error:
            reading.reject(number, error, json.dumps(given, default=str))
        else:
            reading.events += 1
            yield made
