from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxkit.files import RejectWriter, read_events

if TYPE_CHECKING:
    from pathlib import Path

TABLE = '''time,kind,customer,amount,currency,shop
2026-01-01T00:00Z,order.placed,a,12.90,USD,x
2026-01-02,order.placed,"b
c",12.90,USD,"say ""y"""
2026-01-03T00:00Z,order.placed,d,12.9O,USD,
2026-01-04T00:00Z,order.placed,e
'''


def test_rejects_are_whole(tmp_path: Path) -> None:
    """Each rejected row is written with its place, the reason and the whole row."""
    table, rejects = tmp_path / "a.csv", tmp_path / "rejects.csv"
    table.write_text(TABLE, "utf-8")
    with RejectWriter(rejects) as writer:
        assert len(list(read_events(table, on_reject=writer))) == 1
    assert writer.count == 3
    with rejects.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    assert [(row["file"], row["line"], row["column"]) for row in rows] == [
        (str(table), "3", "time"),
        (str(table), "5", "amount"),
        (str(table), "6", "row"),
    ]
    assert rows[0]["value"] == "'2026-01-02'"
    assert rows[0]["reason"].startswith("has no offset")
    assert rows[0]["row"] == (
        '{"time": "2026-01-02", "kind": "order.placed", "customer": "b\\nc", "amount": "12.90", "currency": "USD",'
        ' "shop": "say \\"y\\""}'
    )
    assert rows[2]["row"] == '["2026-01-04T00:00Z", "order.placed", "e"]'


def test_mended_rejects_are_read(tmp_path: Path) -> None:
    """A file of rejects is read as its rows: mended they are the events, with the ids they'd have had."""
    table, rejects = tmp_path / "a.csv", tmp_path / "rejects.csv"
    table.write_text(TABLE, "utf-8")
    with RejectWriter(rejects) as writer:
        list(read_events(table, on_reject=writer))
    whole = TABLE.replace("2026-01-02,", "2026-01-02T00:00Z,").replace("12.9O", "12.90")
    mended = rejects.read_text("utf-8").replace('2026-01-02""', '2026-01-02T00:00Z""').replace('12.9O""', '12.90""')
    rejects.write_text(mended, "utf-8")
    # What is rejected again may replace the file it is read from.
    with RejectWriter(rejects) as again:
        made = list(read_events(rejects, on_reject=again))

    assert made == list(read_events(io.StringIO(whole)))[1:]
    assert again.count == 1
    with rejects.open(encoding="utf-8", newline="") as file:
        assert [row["row"] for row in csv.DictReader(file)] == ['["2026-01-04T00:00Z", "order.placed", "e"]']


@pytest.mark.parametrize(
    ("line", "row"),
    [
        (b'{"kind":"a.b"}', '{"kind":"a.b"}'),
        (b'{"kind":', '"{\\"kind\\":"'),
        (b'{"kind":"caf\xe9"}', '"{\\"kind\\":\\"caf\\udce9\\"}"'),
    ],
)
def test_rejected_lines(line: bytes, row: str) -> None:
    """A rejected line of NDJSON is kept as it is where it is JSON, and else as its text."""
    rows: list[str] = []
    list(read_events(io.BytesIO(line + b"\n"), format="ndjson", on_reject=lambda _, row: rows.append(row)))

    assert rows == [row]


def test_rejects_file_with_too_few_columns() -> None:
    """A row of a file of rejects that is none is rejected itself."""
    rows: list[str] = []
    text = "file,line,column,value,reason,row\na,1,b\na,1,b,c,d,e\n"
    reading = read_events(io.StringIO(text), on_reject=lambda _, row: rows.append(row))

    assert list(reading) == []
    assert rows == ["b", "e"]
    assert len(reading.reasons) == 2


@given(st.lists(st.text(max_size=5), min_size=2, max_size=4))
def test_any_row_survives(cells: list[str]) -> None:
    """Whatever a row holds, it can be written as a reject and read from there again."""
    table = io.StringIO(newline="")
    csv.writer(table).writerows([["time", "kind", "x", "y"][: len(cells)], [*cells[:-1], cells[-1] + "!"]])
    out = io.StringIO(newline="")
    with RejectWriter(out) as writer:
        list(read_events(io.StringIO(table.getvalue(), newline=""), on_reject=writer))
    again: list[str] = []
    list(read_events(io.StringIO(out.getvalue(), newline=""), on_reject=lambda _, row: again.append(row)))

    assert len(again) == writer.count == 1
    assert [row["row"] for row in csv.DictReader(io.StringIO(out.getvalue(), newline=""))] == again
