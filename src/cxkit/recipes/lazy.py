"""Event files in CSV for the frame engines: read by Polars, and the few lines that aren't plain one by one.

A line in which any cell isn't plain goes the way that all lines go on the row engine, which makes an event of it or
says what is wrong; so do lines that share an id. So the events and the rejected rows are those of the row engine.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.engines.frame import table_of_events
from cxkit.engines.frame.backend import backend_named
from cxkit.errors import InvalidValueError, MissingExtraError
from cxkit.files import once
from cxkit.files.columns import plan_of
from cxkit.files.from_csv import REJECTS, one_by_one
from cxkit.files.ids import Ids
from cxkit.files.records import split
from cxkit.files.row import Rules, event_maker
from cxkit.model.properties import dump_properties
from cxkit.recipes.lazy_cells import BAD, typed
from cxkit.recipes.lazy_lines import ROW, cells_of, header_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import polars as pl

    from cxkit.files import Reading
    from cxkit.files.columns import Plan
    from cxkit.model.event import Event

_MOST: Final = 0.2
"""The share of lines that may be left to Python: with more of them going row by row is quicker."""
_FEW: Final = 1000
_PACKED: Final = b"\x1f\x8b"
_KEY: Final = ("source", "id")


def lazy_events(reading: Reading, engine: str) -> Any:  # noqa: ANN401 - a native table
    """Return the events of a file as a table of a library, each (source, id) once; None where rows must be read.

    Args:
        reading: the file, opened; it keeps account of the rows, and rejects those that can't be taken.
        engine: the library whose table it is: ``polars``, ``duckdb`` or another that the frame engine works on.

    Returns:
        The table; or None, with nothing read, where the file isn't CSV in UTF-8, unpacked, with mostly plain lines.

    Raises:
        BadRowError: a row can't be taken, and the reading is strict.
        MissingExtraError: Polars isn't installed.
    """
    try:
        import polars as pl
    except ModuleNotFoundError:
        raise MissingExtraError("frame", "polars") from None
    plan = _plan(reading)
    cells = None if plan is None else cells_of(reading.name, len(plan.names))
    if plan is None or cells is None:
        return None
    found = typed(cells, plan, reading.rules)
    del cells
    left = found[BAD] | _shared(found)
    if found["id"].null_count():
        left |= _tied(found, left, _Lines(reading.name, plan, reading.rules))
    if left.sum() > max(_FEW, _MOST * len(found)):
        return None
    reading.warnings.extend(plan.warnings)
    good = found.filter(~left) if left.any() else found
    reading.events += len(good)
    columns = [name for name in found.columns if name not in {ROW, BAD}]
    table = good.select(columns)
    if left.any():
        rows = _Lines(reading.name, plan, reading.rules).at(found.filter(left)[ROW].to_list())
        events = one_by_one(rows, event_maker(plan, reading.rules), plan.names, reading)
        table = pl.concat([table, _beside(list(once(events)), columns, plan)])
    if engine == "polars":
        return table
    return backend_named(engine).of_arrow(table.to_arrow(compat_level=pl.CompatLevel.oldest()))


def _plan(reading: Reading) -> Plan | None:
    """Return what the file's columns mean; None where rows must be read, if only to say what is wrong."""
    path = Path(reading.name)
    if reading.format != "csv" or reading.rules.encoding != "utf-8" or not path.is_file():
        return None
    with path.open("rb") as file:
        if file.read(len(_PACKED)) == _PACKED:
            return None
    header = header_of(reading.name)
    if header is None or tuple(header) == REJECTS:
        return None
    try:
        plan = plan_of(header)
    except InvalidValueError:
        return None
    # DuckDB doesn't see whether letters are small.
    return plan if len({name.lower() for name in plan.names}) == len(plan.names) else None


class _Lines:
    """Lines of a file by their numbers, as the row engine would read them."""

    def __init__(self, path: str, plan: Plan, rules: Rules) -> None:
        self._path = path
        self._plan = plan
        self._rules = rules

    def at(self, rows: Iterable[int]) -> Iterator[tuple[int, list[str]]]:
        """Give the number and the cells of lines, whose rows are in order; the first after the header is line 2."""
        with Path(self._path).open(encoding="utf-8-sig", newline="\n") as file:
            lines = islice(file, 1, None)
            done = -1
            for row in rows:
                text = next(islice(lines, row - done - 1, None))
                done = row
                cells = split([text])
                if isinstance(cells, tuple):
                    yield row + 2, cells[0]

    def times(self, rows: Iterable[int]) -> list[int]:
        """Return the instants of the events that lines come to."""
        make = event_maker(self._plan, attrs.evolve(self._rules, ids=Ids()))
        found = []
        for _, cells in self.at(rows):
            with suppress(InvalidValueError):
                found.append(make(cells, None).ts_us)
        return found


def _shared(found: pl.DataFrame) -> pl.Series:
    """Say which lines have an id that others of their source have too."""
    import polars as pl

    id = pl.col("id")  # noqa: A001
    key = pl.when(~id.is_null()).then(pl.struct(*_KEY).hash() if found["source"].n_unique() > 1 else id.hash())
    return found.lazy().select((key.is_duplicated() & ~id.is_null()).alias(BAD)).collect().to_series()


def _tied(found: pl.DataFrame, left: pl.Series, lines: _Lines) -> pl.Series:
    """Say which lines without an id happened when others did: their ids decide which of them was first."""
    import polars as pl

    others = lines.times(found.filter(left)[ROW].to_list()) if left.any() else []
    ts, times = pl.col("ts_us"), pl.Series("ts_us", others, pl.Int64)
    tied = pl.col("id").is_null() & (ts.is_duplicated() | ts.is_in(times.implode()))
    return found.lazy().select(tied.alias(BAD)).collect().to_series()


def _beside(events: list[Event], columns: list[str], plan: Plan) -> pl.DataFrame:
    """Return events as a table of these columns; a further column of the file is a property of theirs."""
    import polars as pl

    further = {name for name, _ in plan.extras}
    data = [made.data for made in events]
    more = [pl.Series(name, [found.get(name) for found in data], pl.String) for name in columns if name in further]
    rest = [_without(made, found, further) for made, found in zip(events, data, strict=True)]
    table: pl.DataFrame = table_of_events(events, "polars")
    return table.with_columns(*more, pl.Series("properties", rest, pl.String)).select(columns)


def _without(made: Event, data: dict[str, Any], further: set[str]) -> str | None:
    """Return an event's properties without those that are columns of the table."""
    own = {name: value for name, value in data.items() if name not in further}
    if len(own) == len(data):
        return made.properties
    return dump_properties(own) if own else None
