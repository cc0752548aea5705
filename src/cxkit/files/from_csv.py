"""Events from CSV."""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from cxkit.errors import BadRowError, InvalidValueError
from cxkit.files.batch import block_maker
from cxkit.files.columns import plan_of
from cxkit.files.objects import decoded, object_reader
from cxkit.files.records import Records
from cxkit.files.row import event_maker
from cxkit.files.source import undecoded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from cxkit.files.columns import Plan
    from cxkit.files.reading import Reading
    from cxkit.files.records import Batch
    from cxkit.files.row import Rules
    from cxkit.files.source import Source
    from cxkit.model.block import Part
    from cxkit.model.event import Event

    Maker = Callable[[Sequence[str], dict[str, Any] | None], Event]

_TOGETHER: Final = 256

REJECTS: Final = ("file", "line", "column", "value", "reason", "row")
"""The header of a file of rejects: such a file, its rows mended, is read as if it were the rows."""


def read_csv(source: Source, rules: Rules, reading: Reading) -> Iterator[Part]:
    """Give the events of a CSV file in parts; rows that are none go to `reading.reject`.

    Raises:
        BadRowError: the header can't be used, so that no row can be read.
    """
    names: tuple[str, ...] = ()

    def broken(line: int, text: str, reason: str) -> None:
        error = InvalidValueError("row", text, reason)
        if not names:
            raise BadRowError(source.name, line, *error.args)
        reading.reject(line, error, json.dumps(text.rstrip("\r\n")))

    texts, records = source.texts(), Records((), broken)
    batches = _begun(source, records, texts)
    lines, rows = next(batches, ((), []))
    header = rows[0] if rows else []
    if not header and source.damage:
        return
    batches = chain([(lines[1:], rows[1:])], batches)
    if tuple(header) == REJECTS:
        names = REJECTS
        batches = chain(batches, _by_line(source, records, texts))
        yield from ([event] for event in _read_rejects(batches, rules, reading))
        return
    try:
        plan = _plan(source.name, header, rules.encoding)
    except InvalidValueError as error:
        raise BadRowError(source.name, lines[0] if lines else 1, *error.args) from None
    names = plan.names
    reading.warnings.extend(plan.warnings)
    several = _Rows(plan, rules, reading)
    for batch in batches:
        yield from several.of(*batch)
    for text in texts:
        yield from several.of_text(text, records, source)
    for batch in records.end():
        yield from several.of(*batch)


def _begun(source: Source, records: Records, texts: Iterator[str]) -> Iterator[Batch]:
    """Return the records of the first text that has any."""
    for text in texts:
        batches = records.more(source.lines(text))
        first = next(batches, None)
        if first is not None:
            return chain([first], batches)
    return records.end()


def _by_line(source: Source, records: Records, texts: Iterable[str]) -> Iterator[Batch]:
    for text in texts:
        yield from records.more(source.lines(text))
    yield from records.end()


class _Rows:
    """Makes rows events, as many at once as can be."""

    def __init__(self, plan: Plan, rules: Rules, reading: Reading) -> None:
        self._names = plan.names
        self._reading = reading
        self._one, self._many = event_maker(plan, rules), block_maker(plan, rules)

    def of_text(self, text: str, records: Records, source: Source) -> Iterator[Part]:
        """Give the events of lines, by column if they are plain."""
        found = records.columns(text, len(self._names))
        if found is None:
            for batch in records.more(source.lines(text)):
                yield from self.of(*batch)
            return
        lines, columns = found
        source.line += len(lines)
        try:
            block = self._many(columns)
        except ValueError:
            yield from self.of(lines, list(zip(*columns, strict=True)))
        else:
            self._reading.events += block.n
            yield block

    def of(self, lines: Sequence[int], rows: Sequence[Sequence[str]]) -> Iterator[Part]:
        """Give the events of rows; where one of some is wrong, they go one by one."""
        for at in range(0, len(rows), _TOGETHER):
            some = rows[at : at + _TOGETHER]
            try:
                block = self._many(list(zip(*some, strict=True)))
            except ValueError:
                numbered = zip(lines[at : at + _TOGETHER], some, strict=True)
                yield from ([event] for event in one_by_one(numbered, self._one, self._names, self._reading))
            else:
                self._reading.events += block.n
                yield block


def one_by_one(
    rows: Iterable[tuple[int, Sequence[str]]], make: Maker, names: tuple[str, ...], reading: Reading
) -> Iterator[Event]:
    """Give the events of rows, each with its line; those that are none go to `reading.reject`."""
    for line, cells in rows:
        try:
            made = make(cells, None)
        except InvalidValueError as error:
            if any(cells):  # a row of commas alone is what spreadsheets leave behind
                reading.reject(line, error, _as_json(names, cells))
        else:
            reading.events += 1
            yield made


def _plan(file: str, header: list[str], encoding: str) -> Plan:
    if not header:
        reason = "has no rows, not even a header: its first line must name the columns"
        raise InvalidValueError("file", file, reason)
    for name in header:
        byte = undecoded(name)
        if byte is not None:
            reason = f"has the byte 0x{byte:02X}, which isn't {encoding}: name the file's own encoding"
            raise InvalidValueError("header", name, f"{reason} (--encoding cp1252, for example)")
    return plan_of(header)


def _as_json(names: tuple[str, ...], cells: Sequence[str]) -> str:
    """Return the whole row as JSON: an object, or where the number of cells is wrong an array of them."""
    return json.dumps(dict(zip(names, cells, strict=True)) if len(names) == len(cells) else cells)


def _read_rejects(batches: Iterable[Batch], rules: Rules, reading: Reading) -> Iterator[Event]:
    read = object_reader(rules)
    for line, cells in chain.from_iterable(zip(lines, rows, strict=True) for lines, rows in batches):
        try:
            if len(cells) != len(REJECTS):
                reason = f"has {len(cells)} cells where there are {len(REJECTS)} columns"
                raise InvalidValueError("row", cells, reason)  # noqa: TRY301 - one way for all that is refused
            made = read(decoded(cells[-1]))
        except InvalidValueError as error:
            reading.reject(line, error, cells[-1])
        else:
            reading.events += 1
            yield made
