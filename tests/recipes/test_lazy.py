from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

import cxkit
from cxkit.engines import Request, collect
from cxkit.errors import BadRowError
from cxkit.files import once, read_events
from cxkit.model.event import COLUMNS
from cxkit.model.properties import dump_properties
from cxkit.recipes import lazy
from cxkit.recipes.lazy import lazy_events
from cxkit.recipes.lazy_lines import cells_of
from cxkit.stats import Tally, Where

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from cxkit.model.event import Event

TIMES = (
    "2026-01-31T09:30:00Z", "2026-01-31T09:30:00.123456+07:00", "2026-01-31 09:30:00.5+00:00", "2026-01-31T09:30Z",
    "2026-01-31T09:30:00", "2026-03-29T02:30:00", "2026-10-25T02:30:00", "2026-01-31", " 2026-01-31T09:30:00Z",
    "20260131T093000Z", "2026-02-30T09:30:00Z", "1700-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "2026-01-31T24:00:00Z",
    "2026-01-31X09:30:00Z", "yesterday", "",
)  # fmt: skip
NUMBERS = (
    "", "0", "9", "9.0", "+9", "-1", "11", "4.5", "NaN", "inf", "1e1", "1e3", " 7", "129.90", "12.345", "100.000", ".5",
    "5.", "1234567890123456789012", "99999999999.99", "-0", "0.0000001", "12,5", "9223372036854775807", "x", "\u0663",
)  # fmt: skip
TEXTS = ("", "", "a", "b", "caf\u00e9", "cafe\u0301", "a b", 'with "quotes"', "with, comma", "#", "\u1ec7", "'")
VALUES: dict[str, tuple[str, ...]] = {
    "id": ("", "", "e1", "e2", "e3", "order.placed:a", "e\u0301"),
    "time": TIMES,
    "ts_us": ("0", "1769851800000000", "1769851800000000.0", "-1", "99999999999999999", "9" * 20, "1.5", "", "x"),
    "kind": ("order.placed", "visit.started", "survey.answered", "table.reserved", "Order", "", "caf\u00e9.x"),
    "source": ("", "till", "web"),
    "instrument": ("", "nps", "csat", "sentiment", "own"),
    "score": NUMBERS,
    "amount": NUMBERS,
    "amount_minor": NUMBERS,
    "currency": ("", "USD", "VND", "KWD", "usd", "XXX"),
    "duration": NUMBERS,
    "duration_us": NUMBERS,
    "weight": NUMBERS,
    "weight_ppm": NUMBERS,
    "properties": ("", "", "{}", '{"b":1,"a":"x"}', "[1]", "{"),
}
PLAIN: dict[str, tuple[str, ...]] = {
    "id": ("", "e1", "e2"), "time": TIMES[:2], "ts_us": ("0", "1769851800000000"), "kind": VALUES["kind"][:3],
    "score": ("", "9"), "amount": ("", "129.90", "5"), "amount_minor": ("", "500"), "currency": ("USD",),
    "duration": ("", "1.5"), "duration_us": ("", "7"), "weight": ("", "0.25"), "weight_ppm": ("", "250000"),
    "instrument": ("", "nps"), "properties": ("", '{"a":1}'),
}  # fmt: skip
PAIRS = (("time", "ts_us"), ("amount", "amount_minor"), ("duration", "duration_us"), ("weight", "weight_ppm"))


@st.composite
def tables(draw: st.DrawFn) -> str:
    """Draw a CSV file: plain rows and odd ones, whole, cut short or too long, quoted or not."""
    names = [draw(st.sampled_from(pair)) for pair in PAIRS[:1]] + ["kind"]
    names += [draw(st.sampled_from(pair)) for pair in PAIRS[1:] if draw(st.booleans())]
    others = (
        "id",
        "source",
        "customer",
        "reference",
        "channel",
        "instrument",
        "score",
        "currency",
        "properties",
        "shop",
    )
    names += [name for name in others if draw(st.booleans())]
    names = draw(st.permutations(names))
    odd = draw(st.booleans())
    cells = [
        st.sampled_from(PLAIN.get(name, ("a", "b")))
        if not odd
        else st.one_of(st.sampled_from(PLAIN.get(name, ("a", "b"))), st.sampled_from(VALUES.get(name, TEXTS)))
        for name in names
    ]
    rows = [list(row) for row in draw(st.lists(st.tuples(*cells), min_size=1, max_size=12))]
    out = io.StringIO()
    ends = draw(st.sampled_from(["\n", "\r\n"]))
    writer = csv.writer(out, lineterminator=ends, quoting=draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])))
    csv.writer(out, lineterminator=ends).writerow(names)
    for row in rows:
        cut = draw(st.integers(0, 20)) if odd else 1
        writer.writerow(row if cut else row[:-1])
    text = out.getvalue()
    if odd and draw(st.integers(0, 5)) == 0:
        text += draw(
            st.sampled_from([ends, ends + ends, "," * (len(names) - 1) + ends, 'a,"b', "a,b,c", "\r", "\0", "x"])
        )
    return text if draw(st.booleans()) else text.rstrip("\r\n")


def by_rows(path: Path, **how: Any) -> tuple[list[Event], list[tuple[str, str]], int, list[str]]:
    """Return what the row engine reads: events, rejects, how many rows, warnings."""
    rejects: list[tuple[str, str]] = []
    reading = read_events(path, on_reject=lambda error, row: rejects.append((str(error), row)), **how)
    events = list(once(reading))
    return events, rejects, reading.rows, reading.warnings


def by_polars(path: Path, **how: Any) -> tuple[pl.DataFrame | None, list[tuple[str, str]], int, list[str]]:
    """Return what Polars reads."""
    rejects: list[tuple[str, str]] = []
    reading = read_events(path, on_reject=lambda error, row: rejects.append((str(error), row)), **how)
    with reading:
        table = lazy_events(reading, "polars")
    return table, rejects, reading.rows, reading.warnings


def rows_of(table: pl.DataFrame, shown: list[str]) -> list[dict[str, Any]]:
    """Return a table's rows in an order of their own."""
    return sorted(table.select(shown).rows(named=True), key=repr)


def wanted_row(made: Event, shown: list[str]) -> dict[str, Any]:
    """Return an event as such a row; the further column of the file is its property."""
    columns = attrs.asdict(made)
    own = {name: value for name, value in made.data.items() if name not in shown}
    if len(own) < len(made.data):
        columns["properties"] = dump_properties(own) if own else None
    return {name: columns[name] if name in COLUMNS else made.data.get(name) for name in shown}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(text=tables(), zone=st.sampled_from([None, "Europe/Berlin", "Asia/Ho_Chi_Minh"]))
def test_same_events_and_rejects_as_rows(tmp_path: Path, text: str, zone: str | None) -> None:
    """Whatever the file, Polars reads what the row engine reads, and rejects the same rows in the same words."""
    path = tmp_path / "events.csv"
    path.write_bytes(text.encode())
    table, rejects, rows, warnings = by_polars(path, input_tz=zone)
    if table is None:
        event("left to the row engine")
        assert (rejects, rows, warnings) == ([], 0, [])
        return
    event("read by Polars")
    events, wanted, wanted_rows, wanted_warnings = by_rows(path, input_tz=zone)

    assert (rejects, rows, warnings) == (wanted, wanted_rows, wanted_warnings)
    # An id that nothing depends on isn't made.
    shown = [name for name in table.columns if name != "id" or not table["id"].null_count()]
    assert rows_of(table, shown) == sorted((wanted_row(made, shown) for made in events), key=repr)


def answers(rows: list[str], header: str = "time,kind,customer,instrument,score,amount,currency,reference") -> str:
    """Return a file of events."""
    return "\n".join([header, *rows, ""])


PLAIN_ROWS = [
    f"2026-01-{day:02d}T{hour:02d}:30:00Z,{kind},c{(day + hour) % 7},{instrument},{score},{amount},USD,r{day}-{hour}"
    for day in range(1, 29)
    for hour in range(0, 24, 3)
    for kind, instrument, score, amount in (
        ("order.placed", "", "", f"{day}.{hour:02d}"),
        ("survey.answered", "nps", str(hour % 11), ""),
        ("contact.opened", "", "", ""),
        ("contact.answered", "", "", ""),
    )
]
"""Four events at each instant, which only their ids tell apart."""


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
@pytest.mark.parametrize("more", [[], ["2026-01-31T09:30Z,visit.started,c1,,,,,", PLAIN_ROWS[0]]])
def test_same_scorecard(tmp_path: Path, engine: str, more: list[str]) -> None:
    """A file without ids gives the row engine's card: ties are broken alike, and what is there twice counts once."""
    path = tmp_path / "events.csv"
    path.write_text(answers(PLAIN_ROWS + more))
    asked = ["orders", "revenue", "nps[answers=latest]", "first_response_time", "repeat_purchase_rate"]

    assert cxkit.score(path, asked, engine=engine).to_json() == cxkit.score(path, asked).to_json()


def test_order_of_ties(tmp_path: Path) -> None:
    """Of two answers at one instant the one with the greater id is the later, also where the file has no ids."""
    rows = [f"2026-01-31T09:30:00Z,survey.answered,c{n % 50},nps,{n % 11},,," for n in range(500)]
    path = tmp_path / "events.csv"
    path.write_text(answers(rows))
    latest = Tally(Where(kind="survey.answered"), of="score", keep="latest")
    request = Request((latest,))
    table, *_ = by_polars(path)

    assert table is not None
    assert collect("polars", table, request).states == collect("rows", read_events(path), request).states


def test_few_lines_go_to_python(tmp_path: Path) -> None:
    """A file of mostly odd lines is left to the row engine, and nothing of it is read."""
    path = tmp_path / "events.csv"
    path.write_text(answers(["20260131T093000Z,visit.started,c1,,,,,"] * 2000))
    table, rejects, rows, _ = by_polars(path)

    assert (table, rejects, rows) == (None, [], 0)


@pytest.mark.parametrize("zone", [None, "Asia/Ho_Chi_Minh"])
def test_plain_lines_need_no_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zone: str | None) -> None:
    """What exports hold, all columns filled or empty, is read by Polars alone: else nothing would be gained."""
    monkeypatch.setattr(lazy, "_FEW", 0)
    monkeypatch.setattr(lazy, "_MOST", 0)
    offset = "" if zone else "+07:00"
    fractions = ["", ".123456"]
    rows = [
        f"e{n},2026-01-{n % 28 + 1:02d}T09:30:00{fractions[n % 2]}{offset},survey.answered,Nguy\u1ec5n,nps,{n % 11},,,"
        for n in range(50)
    ]
    rows += [f"o{n},2026-01-31T09:30:{n:02d}{offset},order.placed,c1,,,{n}.90,USD,0.25" for n in range(50)]
    path = tmp_path / "events.csv"
    path.write_text(answers(rows, "id,time,kind,customer,instrument,score,amount,currency,weight"), encoding="utf-8")

    table, *_ = by_polars(path, input_tz=zone)

    assert table is not None
    assert len(table) == 100


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_strict(tmp_path: Path, engine: str) -> None:
    """From Python the first row that can't be taken is raised, with its line."""
    path = tmp_path / "events.csv"
    path.write_text(answers([*PLAIN_ROWS[:3], "2026-01-31T09:30:00Z,order.placed,c1,,,12.345,USD,r", *PLAIN_ROWS[3:]]))

    with pytest.raises(BadRowError, match=r"events\.csv:5: amount: '12\.345' has more decimals than USD has"):
        cxkit.score(path, "orders", engine=engine)


def test_segments_by_a_further_column(tmp_path: Path) -> None:
    """A column that is none of an event's is one to segment by, on lines left to Python too."""
    header = "time,kind,shop"
    rows = [f"2026-01-{day:02d}T09:30:00Z,order.placed,{'Hue' if day % 3 else ''}" for day in range(1, 29)]
    path = tmp_path / "events.csv"
    path.write_text(answers([*rows, "20260131T093000Z,order.placed,Hue"], header))

    card = cxkit.score(path, "orders", by="shop", engine="polars")

    assert card.to_json() == cxkit.score(path, "orders", by="shop").to_json()
    assert card.get("orders", shop="Hue").value == 20


@pytest.mark.parametrize(
    "lines",
    [
        ["a,b,c", "d,e", "f,g,h,i"],  # one lacks what another has too much
        ["a,b,c", "d,e", ""],  # one lacks a sign, and an empty line has one that no row counts
        ["a,,", "b", "", "", "c,d,e"],
        ["a,b,c", "d,e,"],
        [",,", ",,"],
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [[""], []])
def test_cells_are_those_of_csv(tmp_path: Path, lines: list[str], end: str, last: list[str]) -> None:
    """Whatever lines make up for each other's lengths: a line has the cells that Python's csv cuts, or none."""
    path = tmp_path / "cells.csv"
    text = end.join(["x,y,z", *lines, *last])
    path.write_bytes(text.encode())
    want = [row if len(row) == 3 else [None] * 3 for row in csv.reader(text.splitlines()[1:])]

    found = cells_of(str(path), 3)

    assert found is None or found.select("c0", "c1", "c2").rows() == [tuple(row) for row in want]
    assert found is not None or "" in lines
