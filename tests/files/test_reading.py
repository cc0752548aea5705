from __future__ import annotations

import gzip
import io
import json
import sys
import tracemalloc
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxkit.errors import BadRowError, InvalidValueError, UnknownNameError
from cxkit.files import format_of, read_events
from cxkit.model.cloudevents import to_cloudevent
from cxkit.model.event import Event, event
from cxkit.model.instrument import INSTRUMENTS, Instrument
from cxkit.model.money import Money

if TYPE_CHECKING:
    from pathlib import Path

TABLE = """time,kind,customer,channel,amount,currency,duration,weight,shop
2026-01-31T09:30:00+07:00,order.placed,c42,web,129.90,USD,,,Huế
2026-01-31T02:30:00.5Z,contact.answered,,phone,,,12.5,0.25,
"""


def read(text: str | bytes, **options: Any) -> list[Event]:
    """Return the events of a text, all of whose rows are right."""
    file = io.StringIO(text, newline="") if isinstance(text, str) else io.BytesIO(text)
    return list(read_events(file, strict=True, **options))


def test_friendly_columns() -> None:
    """Times, money, durations and weights are read as people write them, and further columns become properties."""
    order, contact = read(TABLE)

    assert (order.ts_us, order.amount, order.customer, order.channel) == (
        1_769_826_600_000_000,
        Money("129.90", "USD"),
        "c42",
        "web",
    )
    assert order.data == {"shop": "Huế"}
    assert (contact.ts_us, contact.duration_us, contact.weight_ppm) == (1_769_826_600_500_000, 12_500_000, 250_000)
    assert (contact.customer, contact.amount, contact.properties) == (None, None, None)


def test_own_columns() -> None:
    """The columns of the event table are read as they stand."""
    (made,) = read(
        "id,ts_us,kind,source,score,instrument,amount_minor,currency,duration_us,weight_ppm,properties\n"
        '7,-1,survey.answered,till,9,nps,-5,VND,10,1000000,"{""b"": 1, ""a"": [2.50]}"\n'
    )

    assert made == Event(
        id="7", ts_us=-1, kind="survey.answered", source="till", score=9.0, instrument="nps", amount_minor=-5,
        currency="VND", duration_us=10, properties='{"a":[2.5],"b":1}',
    )  # fmt: skip


def test_whole_numbers_that_pandas_wrote() -> None:
    """A whole number beside gaps is written with a point by pandas, and is whole all the same."""
    (made,) = read("ts_us,kind,amount_minor,currency\n5.0,order.placed,12990.0,USD\n")

    assert (made.ts_us, made.amount_minor) == (5, 12990)


def test_properties_and_columns_come_together() -> None:
    """The column of properties and further columns make one object; a name in both must say the same."""
    head = "time,kind,shop,properties\n2026-01-01T00:00:00Z,visit.started,"
    (made,) = read(head + 'a,"{""page"": 1, ""shop"": ""a""}"\n')

    assert made.data == {"page": 1, "shop": "a"}
    with pytest.raises(BadRowError, match="shop: 'a' stands in the properties too, with another value"):
        read(head + 'a,"{""shop"": ""b""}"\n')


def test_ndjson_flat() -> None:
    """A flat object takes the same names; numbers may be numbers, money is exact, further values keep their types."""
    lines = [
        '{"kind":"order.placed","ts_us":1,"customer":42,"amount":90071992547409.93,"currency":"USD","gift":true}',
        '{"kind":"survey.answered","ts_us":0,"instrument":"nps","score":9,"properties":{"x":{"y":1.10}}}',
    ]
    order, answer = read("\n".join(lines), format="ndjson")

    assert (order.customer, order.amount_minor) == ("42", 9_007_199_254_740_993)
    assert order.data == {"gift": True}
    assert (answer.score, answer.properties) == (9.0, '{"x":{"y":1.1}}')


def test_ndjson_leaves_out_what_says_nothing() -> None:
    """Null and empty text are absent, as an empty cell is; within a value they stay. Blank lines are none."""
    (made,) = read('{"kind":"a.b","ts_us":1,"channel":null,"customer":"","x":null,"y":"","z":[null,""]}\n\n')

    assert (made.channel, made.customer, made.data) == (None, None, {"z": [None, ""]})


def test_ndjson_with_ever_other_columns() -> None:
    """Lines may have any columns in any order, each its own."""
    names = ("customer", "channel", "reference", "touchpoint", "item", "instrument")
    orders = [names[at:] + names[:at] for at in range(6)] * 2 + [names[:at] for at in range(6)]
    lines = [json.dumps({"kind": "a.b", "ts_us": 1} | {name: name for name in order}) for order in orders]

    for made, order in zip(read("\n".join(lines)), orders, strict=True):
        assert {name: getattr(made, name) for name in names} == {n: n if n in order else None for n in names}


def test_ndjson_cloudevents() -> None:
    """A CloudEvent among the lines is read as one, and its scores are held to their scales too."""
    sent = event("survey.answered", instrument="nps", score=9, customer="c1", source="/shop")
    line = json.dumps(to_cloudevent(sent))

    assert read(line) == [sent]
    with pytest.raises(BadRowError, match="outside the scale"):
        read(line.replace('"score": 9.0', '"score": 11'))
    with pytest.raises(BadRowError, match="time: None is missing"):
        read(json.dumps({**to_cloudevent(sent), "time": None}))


def test_csv_and_ndjson_say_the_same() -> None:
    """The same facts in two formats are the same events, ids included."""
    rows = [line.split(",") for line in TABLE.splitlines()]
    objects = [{name: cell for name, cell in zip(rows[0], row, strict=True) if cell} for row in rows[1:]]

    assert read("\n".join(map(json.dumps, objects))) == read(TABLE)


@pytest.mark.parametrize(
    ("name", "fmt"),
    [("a.csv", "csv"), ("a.CSV.GZ", "csv"), ("a.jsonl", "ndjson"), ("a.ndjson.gz", "ndjson"), ("a.parquet", "parquet"),
     ("a.txt", None), ("-", None)],
)  # fmt: skip
def test_format_of_name(name: str, fmt: str | None) -> None:
    """The name's ending tells the format."""
    assert format_of(name) == fmt


@pytest.mark.parametrize("packed", [False, True])
def test_path_and_gzip(tmp_path: Path, packed: bool) -> None:  # noqa: FBT001 - a case
    """A path is read, packed or not, and where the name says nothing the content tells."""
    data = TABLE.encode()
    for name in ("a.csv", "b.unknown"):
        path = tmp_path / (name + ".gz" * packed)
        path.write_bytes(gzip.compress(data) if packed else data)
        reading = read_events(path)
        assert reading.bytes_total == path.stat().st_size
        assert list(reading) == read(TABLE)
        assert reading.bytes_read == reading.bytes_total


def test_gzip_in_several_parts() -> None:
    """Packed files that were joined are one file."""
    head, rest = TABLE[:80].encode(), TABLE[80:].encode()

    assert read(gzip.compress(head) + gzip.compress(rest)) == read(TABLE)


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hyphen is standard input, which stays open."""
    stdin = io.TextIOWrapper(io.BytesIO(TABLE.encode()))
    monkeypatch.setattr(sys, "stdin", stdin)
    reading = read_events("-")

    assert list(reading) == read(TABLE)
    assert (reading.name, reading.bytes_total, reading.bytes_read) == ("-", None, len(TABLE.encode()))
    assert not stdin.buffer.closed


def test_given_file_stays_open() -> None:
    """Who opens a file closes it."""
    file = io.BytesIO(gzip.compress(TABLE.encode()))
    list(read_events(file))

    assert not file.closed


def test_closes_what_it_opens(tmp_path: Path) -> None:
    """Leaving the block ends the reading and closes the file, read to the end or not."""
    path = tmp_path / "a.csv"
    path.write_text(TABLE, "utf-8")
    with read_events(path) as reading:
        first = next(reading)

    assert first.kind == "order.placed"
    assert list(reading) == []
    assert reading._source._file.closed


def test_counts() -> None:
    """Rows, events and rejects are counted as they go by; blank lines are none."""
    found: list[str] = []
    text = "time,kind\n\n2026-01-01T00:00Z,a.b\n2026-01-01,a.b\n,\nx,a.b\n\n2026-01-02T00:00Z,a.b\n"
    reading = read_events(io.StringIO(text), on_reject=lambda error, row: found.append(f"{error.line} {row}"))

    assert next(reading).kind == "a.b"
    assert (reading.rows, reading.events, reading.rejected) == (1, 1, 0)
    assert len(list(reading)) == 1
    assert (reading.rows, reading.events, reading.rejected) == (4, 2, 2)
    assert found == ['4 {"time": "2026-01-01", "kind": "a.b"}', '6 {"time": "x", "kind": "a.b"}']
    assert [count for _, count in reading.reasons.most_common()] == [1, 1]
    assert not reading.damaged


def test_misspelt_column_is_kept_with_a_warning() -> None:
    """A column that looks misspelt is a property, and is told; so is one without a name."""
    reading = read_events(io.StringIO("time,kind,channle,\n2026-01-01T00:00Z,visit.started,web,0\n"))
    (made,) = reading

    assert made.data == {"channle": "web", "column_4": "0"}
    assert reading.warnings == [
        "column 'channle' is kept as a property; is 'channel' meant?",
        "column 4 has no name: it is kept as the property 'column_4'",
    ]


def test_zone_of_zoneless_times() -> None:
    """A time without offset is local to the zone that is named; one with an offset is what it says."""
    text = "time,kind\n2026-07-01T12:00,a.b\n2026-07-01,a.b\n2026-07-01T12:00Z,a.b\n"
    times = [made.time.isoformat() for made in read(text, input_tz="Europe/Berlin")]

    assert times == ["2026-07-01T10:00:00+00:00", "2026-06-30T22:00:00+00:00", "2026-07-01T12:00:00+00:00"]


def test_source_of_rows() -> None:
    """A row's own source goes before the data set's name, and a file's name is no source."""
    text = "time,kind,source\n2026-01-01T00:00Z,a.b,\n2026-01-01T00:00Z,a.b,till\n"

    assert [made.source for made in read(text)] == ["file", "till"]
    assert [made.source for made in read(text, dataset="shop")] == ["shop", "till"]


def test_instruments_of_ones_own() -> None:
    """Scores are held to the scales of the registry that is given."""
    text = "time,kind,instrument,score\n2026-01-01T00:00Z,survey.answered,smiley,9\n"
    smileys = INSTRUMENTS.add(Instrument(name="smiley", title="Smileys", low=1, high=3))

    assert [made.score for made in read(text)] == [9.0]
    with pytest.raises(BadRowError, match="outside the scale of 'smiley'"):
        read(text, instruments=smileys)


def test_options_are_checked() -> None:
    """A wrong option is told before anything is read."""
    with pytest.raises(UnknownNameError, match="did you mean 'Europe/Berlin'"):
        read(TABLE, input_tz="Europe/Berlni")
    with pytest.raises(InvalidValueError, match="format: 'cvs' isn't one of csv, ndjson, parquet, excel; is 'csv'"):
        read(TABLE, format="cvs")
    with pytest.raises(InvalidValueError, match="encoding: 'uft-8' isn't an encoding that Python knows"):
        read(TABLE, encoding="uft-8")
    with pytest.raises(InvalidValueError, match="dataset: '' is empty"):
        read(TABLE, dataset="")


def test_memory_is_flat() -> None:
    """A file of any size takes the memory of a block, not of its rows."""
    row = "e{0},2026-01-01T00:00:00Z,visit.started,c{0}\n"

    def peak(rows: int) -> int:
        data = ("id,time,kind,customer\n" + "".join(row.format(number) for number in range(rows))).encode()
        tracemalloc.start()
        count = sum(1 for _ in read_events(io.BytesIO(data)))
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == rows
        return used

    assert peak(40_000) < 1.5 * peak(10_000)


# Alike and unlike, of all the columns that an id is made from.
rows_of_text = st.lists(
    st.tuples(
        st.sampled_from(["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"]),
        st.sampled_from(["visit.started", "survey.answered"]),
        st.sampled_from(["", "a", "b", "é", "e\u0301"]),
        st.sampled_from(["", "a", "b"]),
        st.sampled_from(["", "1", "1.0"]),
    ),
    max_size=12,
)


@given(rows_of_text, st.randoms(use_true_random=False))
def test_same_rows_have_the_same_ids(rows: list[tuple[str, ...]], chance: Any) -> None:
    """Shuffled, with columns in another order and in another format, the rows get the same ids; duplicates stay."""
    names = ("time", "kind", "customer", "channel", "score")
    columns = list(range(len(names)))
    chance.shuffle(columns)
    shuffled = chance.sample(rows, len(rows))

    def ids(header: list[str], table: list[list[str]]) -> list[str]:
        return sorted(made.id for made in read("\n".join(map(",".join, [header, *table]))))

    first = ids(list(names), [list(row) for row in rows])
    second = ids([names[at] for at in columns], [[row[at] for at in columns] for row in shuffled])

    assert first == second
    assert len(set(first)) == len(rows)


def test_true_duplicates_count() -> None:
    """Rows that are equal differ by their occurrence alone; a row that differs has another id."""
    text = "time,kind,customer\n" + "2026-01-01T00:00Z,visit.started,a\n" * 2 + "2026-01-01T00:00Z,visit.started,b\n"
    first, second, other = read(text)

    assert attrs.evolve(second, id=first.id) == first
    assert (first.id[:-2], first.id[-2:], second.id[-2:]) == (second.id[:-2], "-1", "-2")
    assert other.id[:-2] != first.id[:-2]


def test_reference_that_names_the_fact_is_the_id() -> None:
    """An order is placed once: its id comes from the order, so that the till and the file agree."""
    text = "time,kind,reference,id\n2026-01-01T00:00Z,order.placed,o-1,\n2026-01-01T00:00Z,order.placed,o-1,7\n"

    assert [made.id for made in read(text)] == ["order.placed:o-1", "7"]
