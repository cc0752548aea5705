"""Readers under fire: nothing but the errors that are promised, and whatever is intact is read."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from tests.strategies import event_tables

from cxkit.errors import BadRowError, CxkitError
from cxkit.files import FORMATS, read_events, write_events
from cxkit.model.event import Event
from cxkit.model.instrument import Instruments

# Hypothesis finds them: it tries what stands in the source as constants.
MARKS = (
    codecs.BOM_UTF16_LE,
    codecs.BOM_UTF16_BE,
    b"PK",
    b"BZh",
    b"\xfd7zXZ",
    b"\x28\xb5\x2f\xfd",
    b"\x1f\x8b",
    b"PAR1",
)
HEADERS = ("time,kind\n", "ts_us,kind,customer,amount,currency,properties\n", "time,kind,score,x,id\n")


class Slow(io.BytesIO):
    """A file that gives a few bytes at a time, so that blocks end anywhere."""

    def __init__(self, data: bytes, size: int) -> None:
        """Give so many at a time."""
        super().__init__(data)
        self.size = size

    def read1(self, _: int | None = -1) -> bytes:
        """Give a few."""
        return super().read1(self.size)


def read(file: Any, **options: Any) -> tuple[list[Event], list[BadRowError]]:
    """Return what is read and what is rejected."""
    errors: list[BadRowError] = []

    def keep(error: BadRowError, row: str) -> None:
        assert row.encode() is not None
        assert str(error).count("\n") == 0
        errors.append(error)

    reading = read_events(file, on_reject=keep, instruments=Instruments(), **options)
    events = list(reading)
    assert reading.rows == len(events) + len(errors)
    return events, errors


def survive(data: bytes, **options: Any) -> None:
    """Read, and accept an error that is promised; what is read must be an event indeed."""
    try:
        events, _ = read(io.BytesIO(data), **options)
    except CxkitError as error:
        assert "\n" not in str(error)  # noqa: PT017 - either way is right
        return
    for made in events:
        columns = {name: getattr(made, name) for name in Event.__slots__}
        assert Event(**columns) == made


@given(st.binary(), st.sampled_from((None, *FORMATS)))
def test_any_bytes(data: bytes, fmt: Any) -> None:
    """Bytes without sense are refused or rejected, never a traceback."""
    survive(data, format=fmt)


@given(st.sampled_from(HEADERS), st.text(), st.sampled_from(("utf-8", "utf-16", "latin-1")))
def test_any_text(header: str, text: str, encoding: str) -> None:
    """Any text under a header that is right is rejected row by row."""
    data = (header + text).encode("utf-8", "replace")
    survive(data, encoding=encoding, input_tz="Europe/Berlin")


numbers = ("", "nan", "inf", "1e309", "-0", "1", "9.5", "1_0", "\u0661", "USD", "usd", "0.1", "1e-9", "9" * 400)
times = (
    "2026-01-01", "2026-01-01T00:00Z", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "2026-W01-1",
    "20260101T00", "2026-01-01T24:00Z", "2026-01-01T00:00:60Z",
)  # fmt: skip
texts = ('"', "\u00e9", "e\u0301", "\0", "visit.started", "order.placed", "\ud800")
objects = ("{}", '{"a":1}', '{"a":1e999}', "[" * 2000)
cells = st.sampled_from((*numbers, *times, *texts, *objects)) | st.text(max_size=4)
names = (
    "id", "kind", "time", "customer", "source", "reference", "instrument", "score", "amount", "currency", "duration",
    "weight", "properties", "x",
)  # fmt: skip
headers = st.lists(st.sampled_from(names), min_size=2, unique=True)


@given(
    headers.flatmap(lambda header: st.lists(st.fixed_dictionaries(dict.fromkeys(header, cells)), max_size=4)),
    st.sampled_from((None, "Europe/Berlin", "Australia/Lord_Howe")),
)
def test_unlucky_cells(rows: list[dict[str, str]], input_tz: str | None) -> None:
    """Cells that a column can almost take give an event that holds, or a reject; CSV and NDJSON agree which."""
    if not rows:
        return
    table = io.StringIO(newline="")
    writer = csv.writer(table)
    writer.writerows([list(rows[0]), *(list(row.values()) for row in rows)])
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    survive(table.getvalue().encode("utf-8", "surrogatepass"), input_tz=input_tz)
    survive(lines.encode(), input_tz=input_tz, format="ndjson")
    if {"kind", "time"} <= rows[0].keys() and "\ud800" not in table.getvalue():
        from_lines, _ = read(io.StringIO(lines), format="ndjson", input_tz=input_tz)
        from_table, _ = read(io.StringIO(table.getvalue(), newline=""), input_tz=input_tz)
        assert from_table == from_lines


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=3,
)


keys = st.sampled_from((*Event.__slots__, "time", "amount", "duration", "weight", "specversion", "type", "data"))


@given(st.dictionaries(keys, json_values))
def test_any_json_object(value: dict[str, Any]) -> None:
    """Objects with the right names and any values are events or rejects."""
    line = json.dumps({"kind": "a.b", "ts_us": 1, **value})
    survive(line.encode(), format="ndjson")


# How a row may be spoilt so that the others can still be told apart: cut, bytes changed, bytes put in.
bytes_put = st.binary(min_size=1, max_size=6) | st.sampled_from((b'"', b"\xff", b"\0"))
mutations = (
    st.tuples(st.just("cut"), st.integers(1, 10_000), st.just(b""))
    | st.tuples(st.just("flip"), st.integers(0, 10_000), st.binary(min_size=1, max_size=3))
    | st.tuples(st.just("put"), st.integers(0, 10_000), bytes_put)
)

# Line ends in a cell make it a matter of opinion what is intact; so does a cell that is an end of a quoted one.
plain_cells = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters=',"\x85'), min_size=1)


def spoilt(line: bytes, how: str, at: int, data: bytes) -> bytes:
    """Return a line without its end, changed."""
    at %= len(line)
    data = data.translate(None, b"\r\n")
    if how == "cut":
        return line[:at]
    return line[:at] + data + line[at + len(data) * (how == "flip") :]


@pytest.mark.parametrize("fmt", ["csv", "ndjson"])
@given(
    table=event_tables(
        min_size=1, customer=plain_cells, touchpoint=st.none(), channel=st.none(), reference=st.none(), item=st.none(),
        instrument=st.none(), id=plain_cells, source=plain_cells,
    ),
    which=st.integers(0, 100), mutation=mutations, size=st.integers(1, 200),
)  # fmt: skip
@example([Event("0", 0, "a.b", "c"), Event("1", 0, "a.b", "c")], 0, ("flip", 0, b"\0"), 2)
def test_intact_rows_are_read(
    fmt: Any, table: list[Event], which: int, mutation: tuple[str, int, bytes], size: int
) -> None:
    """Whatever happens to one row, all others are read, wherever blocks end."""
    out = io.BytesIO()
    write_events(table, out, format=fmt)
    first = fmt == "csv"
    lines = out.getvalue().replace(b"\r\n", b"\n").split(b"\n")[:-1]
    assert len(lines) == len(table) + first
    which %= len(table)
    lines[which + first] = spoilt(lines[which + first], *mutation)
    # What begins with the mark of another encoding or of a packed file is refused as a whole, and rightly.
    assume(not lines[0].startswith(MARKS))

    events, errors = read(Slow(b"\n".join(lines), size), format=fmt)

    others = table[:which] + table[which + 1 :]
    # The spoilt row may still be an event, of any content.
    assert [made for made in events if made in others] == [made for made in others if made in events]
    assert len(events) + len(errors) >= len(others)
    assert all(made in events for made in others)


@given(event_tables(min_size=1), st.integers(0, 10_000), st.sampled_from(["csv", "ndjson"]))
def test_truncated_gzip_keeps_what_came_before(table: list[Event], cut: int, fmt: Any) -> None:
    """However short a packed file is cut, what is read is a beginning of the events, and the rest is told."""
    out = io.BytesIO()
    write_events(table, out, format=fmt)
    packed = gzip.compress(out.getvalue())
    cut = 3 + cut % (len(packed) - 3)

    events, errors = read(io.BytesIO(packed[:cut]), format=fmt)

    assert events == table[: len(events)]
    assert errors[-1].field == "file"
