"""Writing events to a file, in each of the formats that are read."""

from __future__ import annotations

import csv
import json
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from cxkit.errors import InvalidValueError, MissingExtraError, nearest
from cxkit.files.reading import format_of
from cxkit.files.sink import Sink
from cxkit.model.cloudevents import dumps
from cxkit.model.event import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cxkit.files.sink import Writable
    from cxkit.model.event import Event

WriteFormat = Literal["csv", "ndjson", "cloudevents", "parquet"]
WRITE_FORMATS: Final[tuple[WriteFormat, ...]] = get_args(WriteFormat)

_row = attrgetter(*COLUMNS)
_ROWS_A_GROUP = 65_536
_INTEGERS = frozenset(("ts_us", "amount_minor", "duration_us", "weight_ppm"))


def write_events(events: Iterable[Event], file: Writable, *, format: WriteFormat | None = None) -> int:  # noqa: A002
    r"""Write events so that reading the file gives equal events, and return how many there were.

    The columns are those of an event. A path gets the new file when all of it is written: until then, and when an
    error comes in between, it stays as it was. The same events give the same bytes.

    Texts are written as they are. A spreadsheet takes a cell that begins with ``=``, ``+``, ``-`` or ``@`` for a
    formula: import such columns as text there, for a changed cell would be another customer here.

    Args:
        events: what to write.
        file: a path, ``-`` for standard output, or an open file; packed with gzip where the name ends in ``.gz``.
        format: ``csv``, ``ndjson``, ``cloudevents`` (one structured JSON object a line) or ``parquet``; told from the
            name unless given, else CSV.

    Raises:
        InvalidValueError: the file can't be written.
        MissingExtraError: Parquet is asked for, and pyarrow isn't installed.

    >>> import io
    >>> from cxkit.model.event import Event
    >>> out = io.StringIO()
    >>> write_events([Event(id="1", ts_us=0, kind="visit.started", source="app")], out, format="ndjson")
    1
    >>> out.getvalue()
    '{"id":"1","ts_us":0,"kind":"visit.started","source":"app","weight_ppm":1000000}\n'
    """
    if format is not None and format not in WRITE_FORMATS:
        near = nearest(str(format), WRITE_FORMATS)
        hint = f"; is {near!r} meant?" if near else ""
        raise InvalidValueError("format", format, f"isn't one of {', '.join(WRITE_FORMATS)}{hint}")
    sink = Sink(file)
    try:
        written = _WRITERS[format or format_of(sink.name) or "csv"](events, sink)
    except BaseException:
        sink.abandon()
        raise
    sink.close()
    return written


def _to_csv(events: Iterable[Event], sink: Sink) -> int:
    # Lines end as RFC 4180 has it; then Python's writer quotes a text with a lone "\r" too.
    writer = csv.writer(sink.text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    written = 0
    for written, event in enumerate(events, 1):  # noqa: B007 - counted
        writer.writerow(_row(event))
    return written


def _to_lines(text_of: Callable[[Event], str]) -> Callable[[Iterable[Event], Sink], int]:
    def write(events: Iterable[Event], sink: Sink) -> int:
        written = 0
        for written, event in enumerate(events, 1):  # noqa: B007 - counted
            sink.text.write(text_of(event) + "\n")
        return written

    return write


def _flat(event: Event) -> str:
    columns = {name: value for name, value in zip(COLUMNS, _row(event), strict=True) if value is not None}
    properties = columns.pop("properties", None)
    text = json.dumps(columns, ensure_ascii=False, separators=(",", ":"))
    # They are canonical JSON already.
    return text if properties is None else f'{text[:-1]},"properties":{properties}}}'


def _to_parquet(events: Iterable[Event], sink: Sink) -> int:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtraError("frame", "pyarrow") from None
    check_binary(sink)

    schema = parquet_schema()
    written = 0
    rows = map(_row, events)
    with pq.ParquetWriter(sink.binary, schema) as writer:
        while group := list(islice(rows, _ROWS_A_GROUP)):
            cells = zip(zip(*group, strict=True), schema.types, strict=True)
            columns = [pa.array(values, kind) for values, kind in cells]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
            written += len(group)
    return written


def check_binary(sink: Sink) -> None:
    """Refuse to write Parquet into what takes text, or packs.

    Raises:
        InvalidValueError: it does.
    """
    if sink.text is sink.binary or sink.name.endswith(".gz"):
        reason = "can't take Parquet: it is binary and packed already"
        raise InvalidValueError("file", sink.name, reason)


def parquet_schema() -> Any:  # noqa: ANN401 - pyarrow has no types
    """Return the columns of an event and their types in Parquet."""
    import pyarrow as pa

    def type_of(name: str) -> Any:  # noqa: ANN401 - pyarrow has no types
        return pa.int64() if name in _INTEGERS else pa.float64() if name == "score" else pa.string()

    return pa.schema([(name, type_of(name)) for name in COLUMNS])


_WRITERS: Final[dict[str, Callable[[Iterable[Event], Sink], int]]] = {
    "csv": _to_csv,
    "ndjson": _to_lines(_flat),
    "cloudevents": _to_lines(dumps),
    "parquet": _to_parquet,
}
