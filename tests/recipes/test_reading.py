"""Lines of exports become events, and what can't is named by file, line and column."""

from __future__ import annotations

import csv
import io
import json
import random
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxkit import recipes
from cxkit.errors import BadRowError, InvalidValueError
from cxkit.files import RejectWriter, read_events
from cxkit.model.event import to_us

HEAD = 'name = "shop"\n[input]\ntz = "UTC"\n{input}\n{more}\n[[events]]\nkind = "order.placed"\ntime = "At"\n'


def recipe(rule: str = "", *, reading: str = "", more: str = "") -> str:
    """Return a recipe of one event, an order."""
    return HEAD.format(input=reading, more=more) + rule


def test_a_line_is_an_event(read):
    """Cells go where the recipe says; the source is the recipe's name, the id that of a file of the same events."""
    lines = "At,Who,No,Total,Cur,Note\n2026-01-31T09:30:00Z,c1,7,129.90,EUR,gift\n2026-02-01,,8,,EUR,\n"
    rule = 'customer = "Who"\namount = "Total"\ncurrency = "Cur"\n[events.properties]\nnote = "Note"'
    (first, second), rejected = read(lines, recipe(rule))

    assert rejected == []
    assert (first.kind, first.customer, first.source, first.amount_minor) == ("order.placed", "c1", "shop", 12990)
    assert (first.properties, second.properties) == ('{"note":"gift"}', None)
    assert (second.customer, second.amount_minor, second.currency) == (None, None, None)
    assert second.time == datetime(2026, 2, 1, tzinfo=UTC)
    same = "time,kind,customer,amount,currency,note\n2026-01-31T09:30:00Z,order.placed,c1,129.90,EUR,gift\n"
    assert first.id == next(read_events(io.StringIO(same))).id


def test_several_events_of_a_line(read):
    """Each rule whose filter takes a line makes its event; a line that none takes is left out, and counted."""
    lines = "No,At,Sent,Stars\n1,2026-01-01,2026-01-02,5\n2,2026-01-03,,\n3,,,\n"
    rules = (
        'reference = "No"\nwhere = { At = { null = false } }\n[[events]]\nkind = "order.shipped"\ntime = "Sent"\n'
        'where = { Sent = { null = false } }\n[[events]]\nkind = "review.posted"\ntime = "Sent"\nscore = "Stars"\n'
        'instrument = { constant = "stars" }\nwhere = { Stars = { above = 0 } }\n'
    )
    reading = recipes.read(io.StringIO(lines), recipes.loads(recipe(rules)))

    assert [event.kind for event in reading] == ["order.placed", "order.shipped", "review.posted", "order.placed"]
    assert (reading.rows, reading.events, reading.left_out, reading.rejected) == (3, 4, 1, 0)
    assert reading.notes() == ["1 of 3 lines gave no event: no filter of the recipe takes them"]


VALUES = [
    ('{ constant = "c1" }', "c1"),
    ('{ text = "{A}-{B}" }', "x-2"),
    ('{ text = "{A}-{E}" }', None),  # a template is null where a column is
    ('{ first_of = ["E", "B", "A"] }', "2"),
    ('{ first_of = ["E", { constant = "z" }] }', "z"),
    ('{ column = "A", values = { x = "y" } }', "y"),
    ('{ column = "B", values = { x = "y" } }', "2"),  # what has no new name keeps its own
    ('{ column = "B", values = { x = "y" }, default = "d" }', "d"),
    ('{ column = "E", default = "d" }', "d"),
    ('{ column = "B", default = "d" }', "2"),
    ('{ column = "A", values = { x = "" } }', None),
    ('{ column = "C", whole = true }', "13085"),
    ('{ product = ["B", "D"] }', "5"),
    ('{ product = ["B", "E"] }', None),  # a product is null where a factor is
    ('{ sum = ["B", "D", "E", 0.5] }', "5"),  # a sum leaves null out
    ('{ sum = ["E"] }', None),
    ('{ sum = ["B", { product = [-1, "D"] }] }', "-0.5"),
]


@pytest.mark.parametrize(("value", "expected"), VALUES, ids=[value for value, _ in VALUES])
def test_values(read, value, expected):
    """Each form of a value gives what the schema says."""
    lines = "At,A,B,C,D,E\n2026-01-31,x,2,13085.0,2.50,\n"
    ((event,), rejected) = read(lines, recipe(f"customer = {value}"))

    assert (event.customer, rejected) == (expected, [])


CONDITIONS = [
    ('{ A = "x" }', "x"),
    ('{ A = ["x", "y"] }', "xy"),
    ("{ B = 2 }", "x"),  # as numbers: 2 is 2.0
    ("{ B = { less = 3 } }", "xy"),
    ("{ B = { at_most = 3 } }", "xyz"),
    ("{ B = { above = 2 } }", "z"),
    ("{ B = { at_least = 2, less = 3 } }", "x"),
    ("{ A = { null = true } }", "-"),
    ("{ A = { null = false } }", "xyz"),
    ('{ A = "" }', "-"),
    ('{ A = { not = "x" } }', "yz-"),  # of two sides one: what is null isn't x
    ('{ A = { not = { in = ["x", "y"] } } }', "z-"),
    ('{ C = { starts_with = "C" } }', "y"),
    ('{ C = { not = { starts_with = ["A", "C"] } } }', "x-"),
    ('{ C = { ends_with = "1" } }', "xy"),
    ('{ C = { contains = "2" } }', "z-"),
    ('{ any = [{ A = "x" }, { B = 3 }] }', "xz"),
    ('{ not = { A = "x", B = 2 } }', "yz-"),
    ("{ }", "xyz-"),
]


@pytest.mark.parametrize(("condition", "taken"), CONDITIONS, ids=[condition for condition, _ in CONDITIONS])
def test_conditions(read, condition, taken):
    """Each test takes the lines that the schema says."""
    lines = "At,A,B,C,Mark\n2026-01-31,x,2.0,1,x\n2026-01-31,y,1,C1,y\n2026-01-31,z,3,A2,z\n2026-01-31,,,2,-\n"
    events, rejected = read(lines, recipe(f'customer = "Mark"\nwhere = {condition}'))

    assert ("".join(event.customer for event in events), rejected) == (taken, [])


def test_sums_of_money_are_exact(read):
    """Three times ten cents are thirty; more decimals than the currency has are refused, or rounded on purpose."""
    lines = "At,N,P\n2026-01-31,3,0.1\n2026-01-31,1,0.125\n2026-01-31,-1,0.125\n"
    money = 'currency = { constant = "EUR" }\namount = { product = ["N", "P"]'

    events, rejected = read(lines, recipe(money + " }"))
    rounded, none = read(lines, recipe(money + ', rounding = "half-up" }'))
    even, _ = read(lines, recipe(money + ', rounding = "half-even" }'))

    assert [event.amount_minor for event in events] == [30]
    assert rejected[0] == (
        "lines.csv:3: amount: '0.125' has more decimals than EUR has (2): correct it, or round it on purpose "
        "(amount.rounding of the recipe)"
    )
    assert ([event.amount_minor for event in rounded], none) == ([30, 13, -13], [])
    assert [event.amount_minor for event in even] == [30, 12, -12]


def test_decimal_comma_and_grouped_digits(read):
    """Numbers are read as the recipe says that they are written, everywhere, and not otherwise."""
    lines = "At;Total;Stars;Wait\n31.01.2026;1.299,90;4,0;0,5\n31.01.2026;1,299.90;4;1\n"
    reading = 'delimiter = ";"\ndecimal = ","\nthousands = "."\ntime_format = "%d.%m.%Y"'
    rule = (
        'amount = "Total"\ncurrency = { constant = "EUR" }\nscore = "Stars"\ninstrument = { constant = "stars" }\n'
        'duration = "Wait"\nwhere = { Total = { above = 9.5 } }'
    )
    (event,), rejected = read(lines, recipe(rule, reading=reading))

    assert (event.amount_minor, event.score, event.duration_us) == (129990, 4.0, 500_000)
    expected = "isn't a number; the recipe expects ',' before decimals and '.' between thousands"
    assert rejected == [f"lines.csv:3: Total: '1,299.90' {expected}"]


def test_times(read):
    """Formats are tried in turn, then ISO 8601; a column may have its own zone, and seconds may be added."""
    lines = (
        "At,Local,Wait\n31/01/2026 09:30,2026-07-01 12:00,90\n2026-01-31T09:30Z,1 Jul 2026 1:00 pm,0.5\n"
        "1767225600,,1\n31.01.2026,,\n"
    )
    reading = 'time_format = ["%d/%m/%Y %H:%M", "unix"]'
    local = (
        '[[events]]\nkind = "visit.started"\nwhere = { Local = { null = false } }\n'
        'time = { column = "Local", format = ["iso", "%d %b %Y %I:%M %p"], tz = "America/New_York", plus = "Wait" }'
    )
    events, rejected = read(lines, recipe(local, reading=reading))

    assert [(event.kind, event.time.isoformat()) for event in events] == [
        ("order.placed", "2026-01-31T09:30:00+00:00"),
        ("visit.started", "2026-07-01T16:01:30+00:00"),
        ("order.placed", "2026-01-31T09:30:00+00:00"),
        ("visit.started", "2026-07-01T17:00:00.500000+00:00"),
        ("order.placed", "2026-01-01T00:00:00+00:00"),
    ]
    assert rejected == ["lines.csv:5: At: '31.01.2026' isn't a time as '%d/%m/%Y %H:%M' or 'unix'"]


def test_the_clock_is_put_back_and_forward(read):
    """A local time that came twice is the first; one that the clock jumped over is refused, by every format."""
    lines = "At\n25.10.2026 02:30\n29.03.2026 02:30\n"
    reading = 'time_format = "%d.%m.%Y %H:%M"'
    (event,), rejected = read(lines, recipe(reading=reading), input_tz="Europe/Berlin")

    assert event.time.isoformat() == "2026-10-25T00:30:00+00:00"
    assert rejected[0].startswith("lines.csv:3: At: '29.03.2026 02:30' doesn't exist in Europe/Berlin")


def test_a_bad_cell_takes_no_other_with_it(read):
    """The other events of a line and the other lines go on; the line is rejected once, by its first fault."""
    lines = "At,Sent,Total\nsoon,2026-01-02,x\n2026-01-01,later,5\n2026-01-01,2026-01-02,6\n2026-01-01,2026-01-02\n"
    rules = 'amount = "Total"\ncurrency = { constant = "EUR" }\n[[events]]\nkind = "order.shipped"\ntime = "Sent"\n'
    events, rejected = read(lines, recipe(rules))

    assert [event.kind for event in events] == ["order.shipped", "order.placed", "order.placed", "order.shipped"]
    assert [line.split("'")[0] for line in rejected] == [
        "lines.csv:2: At: ",
        "lines.csv:3: Sent: ",
        "lines.csv:5: row: [",
    ]


def test_groups(read):
    """Lines of one key become one event: sums, the earliest time, the first that isn't null, unless said otherwise."""
    lines = (
        "At,No,Who,N,P,Note\n2026-01-02,1,,2,1.005,a\n2026-01-03,2,c2,1,1,\n2026-01-01,1,c1,1,0.99,b\n"
        "2026-01-04,2,c3,1,,c\n"
    )
    rule = (
        'group = ["No"]\nreference = "No"\ncustomer = "Who"\namount = { product = ["N", "P"] }\n'
        'currency = { constant = "EUR" }\nduration = { count = true }\n'
        '[events.properties]\nitems = { total = "N" }\nlines = { count = true }\nlast = { last = "Note" }\n'
        'first = "Note"'
    )
    (one, two), rejected = read(lines, recipe(rule))

    assert rejected == []
    assert (one.id, one.time.day, one.customer, one.amount_minor) == ("order.placed:1", 1, "c1", 300)
    assert one.data == {"items": "3", "lines": "2", "last": "b", "first": "a"}
    assert (two.customer, two.amount_minor, two.duration_us) == ("c2", 100, 2_000_000)
    assert two.data == {"items": "2", "lines": "2", "last": "c", "first": "c"}


def test_groups_refuse_what_would_lie(read):
    """A line without a key, in another currency or that can't be read stays out; so does a sum that can't be held."""
    lines = (
        "At,No,Total,Cur\n2026-01-01,1,1,EUR\n2026-01-01,,1,EUR\n2026-01-01,1,1,USD\n2026-01-01,1,x,EUR\n"
        "2026-01-01,2,0.001,EUR\n2026-01-01,2,0.001,EUR\n,3,1,EUR\n"
    )
    events, rejected = read(lines, recipe('group = ["No"]\namount = "Total"\ncurrency = "Cur"\ncustomer = "No"'))

    assert [(event.customer, event.amount_minor) for event in events] == [("1", 100)]
    assert [line.partition(" (")[0].partition("; the")[0] for line in rejected] == [
        "lines.csv:3: No: '' is empty: lines are put together by it",
        "lines.csv:4: currency: 'USD' isn't the currency of the other lines, 'EUR': sums are of one currency",
        "lines.csv:5: Total: 'x' isn't a number",
        "lines.csv:6: Total: '0.002' has more decimals than EUR has",
        "lines.csv:8: At: '' is empty: each event needs one",
    ]


def test_groups_span_files():
    """Several files are one input: an invoice may go on in the next, whose columns may stand in another order."""
    files = [io.StringIO("At,No,Total\n2026-01-01,1,1\n"), io.StringIO("Total,No,At\n2,1,2025-12-31\n")]
    rule = 'group = ["No"]\nreference = "No"\namount = "Total"\ncurrency = { constant = "EUR" }'
    (event,) = recipes.read(files, recipes.loads(recipe(rule)))

    assert (event.amount_minor, event.time.year) == (300, 2025)


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(-(10**6), 10**6)), max_size=20), st.randoms())
def test_groups_add_up_in_any_order(lines, chance):
    """Sums of groups are the sums of their lines, whatever the order."""
    chance.shuffle(lines)
    text = "At,No,Total\n" + "".join(f"2026-01-01,{key},{Decimal(cents).scaleb(-2)}\n" for key, cents in lines)
    rule = 'group = ["No"]\namount = "Total"\ncurrency = { constant = "EUR" }\ncustomer = "No"'

    events = recipes.read(io.StringIO(text), recipes.loads(recipe(rule)))

    totals = {event.customer: event.amount_minor for event in events}
    assert totals == {str(key): sum(cents for each, cents in lines if each == key) for key, _ in lines}


PEOPLE = "id;segment;Total\n1;gold;9\n2;;9\n"
JOIN = '[[joins]]\nname = "people"\non = { Who = "id" }\ncolumns = ["segment"]\ninput = { delimiter = ";" }\n'


def test_joins(tmp_path):
    """A line gets the columns of its key; a key that isn't there is null, and counted; an empty one is none."""
    (tmp_path / "people.csv").write_text(PEOPLE)
    lines = "At,Who,Total\n2026-01-01,1,5\n2026-01-01,2,5\n2026-01-01,3,5\n2026-01-01,,5\n"
    text = recipe('customer = "Who"\n[events.properties]\nsegment = "segment"', more=JOIN)
    from_folder = text.replace('name = "people"\n', 'name = "people"\nfile = "people.csv"\n')

    given = recipes.read(io.StringIO(lines), recipes.loads(text), joins={"people": tmp_path / "people.csv"})
    found = recipes.read(io.StringIO(lines), recipes.loads(from_folder, folder=str(tmp_path)))

    assert [event.data.get("segment") for event in given] == ["gold", None, None, None]
    assert given.unmatched == {"people": 1}
    assert given.notes() == ["1 of 4 lines have a key that 'people' lacks: its columns are empty there"]
    assert len(list(found)) == 4


def test_joins_that_would_lie_are_refused(tmp_path):
    """A key that stands twice, a column that stands in both, a file that is missing: each is named."""
    lines = "At,Who,Total\n2026-01-01,1,5\n"
    people = tmp_path / "people.csv"
    text = recipe('customer = "Who"\namount = "Total"\ncurrency = { constant = "EUR" }', more=JOIN)

    def fails(join_lines: str, toml: str = text, **joins) -> str:
        people.write_text(join_lines)
        with pytest.raises(InvalidValueError) as caught:
            list(recipes.read(io.StringIO(lines), recipes.loads(toml), joins=joins or {"people": people}))
        return str(caught.value).replace(str(tmp_path), "")

    twice = fails(PEOPLE + "1;silver;1\n")
    assert (
        twice == "/people.csv:4: id: '1' is the key of line 2 too: a line of the other file can only be joined to one"
    )
    assert "isn't a column of the file, and the recipe looks at it; is 'segmnet' meant?" in fails("id;segmnet\n1;x\n")
    both = text.replace('columns = ["segment"]', 'columns = ["Total"]')
    assert fails(PEOPLE, both) == "joins: 'Total' stands in the file and in 'people': give the join a prefix"
    assert "isn't a file that the recipe joins; is 'people' meant?" in fails(PEOPLE, peopel=people)
    with pytest.raises(InvalidValueError, match="needs its file: say where it is"):
        list(recipes.read(io.StringIO(lines), recipes.loads(text)))


def test_a_file_without_a_column_is_told_at_once():
    """A column that the recipe looks at and the file lacks is named with the nearest; optional ones are null."""
    text = recipe('customer = "Email"\nchannel = "Source"', reading='optional = ["Source"]')

    def fails(lines: str) -> str:
        with pytest.raises(InvalidValueError) as caught:
            list(recipes.read(io.StringIO(lines), recipes.loads(text)))
        return str(caught.value)

    assert "'Email' isn't a column of the file, and the recipe looks at it; is 'E-mail' meant?" in fails("At,E-mail\n")
    assert "the recipe separates columns by ',', and here is none (input.delimiter)" in fails("At;Email\n")
    assert "'Email' names two columns of the file" in fails("At,Email,Email\n")
    assert "has no lines, not even a header" in fails("")
    (event,) = recipes.read(io.StringIO("At,Email\n2026-01-01,a@example.org\n"), recipes.loads(text))
    assert (event.customer, event.channel) == ("a@example.org", None)


def test_headless_blank_separated_and_skipped_lines(read):
    """Names may come from the recipe, cells be apart by blanks, and lines stand before and after the header."""
    blanks = recipe('customer = "who"', reading='delimiter = "whitespace"\ncolumns = ["At", "who"]')
    around = recipe('customer = "Who"', reading="skip = 2\nafter_header = 1")

    events, rejected = read(" 2026-01-01   c1\n\n2026-01-02\tc2\n2026-01-03\n", blanks)
    framed, told = read('Report, made by\n"never closed\nAt,Who\n(day),(id)\n2026-01-01,c1\nsoon,c2\n', around)

    assert [event.customer for event in events] == ["c1", "c2"]
    assert rejected == ["lines.csv:4: row: ['2026-01-03'] has 1 cells where there are 2 columns"]
    assert [event.customer for event in framed] == ["c1"]
    assert told[0].startswith("lines.csv:6: At: 'soon'")


def test_nulls_and_encodings(tmp_path):
    """What the recipe calls null is null; a byte of another encoding is named, with the line alone."""
    file = tmp_path / "lines.csv"
    file.write_bytes("At,Who,Note\n2026-01-01,Zoë,x\n2026-01-01,n/a,é\n".encode("cp1252"))
    text = recipe('customer = "Who"', reading='nulls = ["n/a"]')

    as_utf8 = recipes.read(file, recipes.loads(text))
    latin = recipes.read(file, recipes.loads(text), encoding="cp1252")

    assert [event.customer for event in latin] == ["Zoë", None]
    assert [event.customer for event in as_utf8] == [None]  # the note, which nobody looks at, does no harm
    (reason,) = as_utf8.reasons
    assert reason.startswith("Who: has the byte 0xEB, which isn't utf-8 here: mend it, or name the file's own encoding")


def test_rejects_are_mended_and_read_again(tmp_path):
    """The file of rejects, its rows mended, is read by the same recipe; lines of groups belong to others."""
    text = recipe('customer = "Who"')
    rejects = tmp_path / "rejects.csv"
    with RejectWriter(rejects) as writer:
        lines = io.StringIO("At,Who,More\nsoon,c1,x\n2026-01-01,c2,y\n")
        assert len(list(recipes.read(lines, recipes.loads(text), on_reject=writer))) == 1
    rejects.write_text(rejects.read_text().replace('""soon""', '""2026-01-02""'))

    (mended,) = recipes.read(rejects, recipes.loads(text))

    assert (mended.customer, mended.time.day) == ("c1", 2)
    with pytest.raises(InvalidValueError, match="holds lines that belong to others"):
        list(recipes.read(rejects, recipes.loads(recipe('customer = "Who"\ngroup = ["Who"]'))))


def test_strict_stops_at_the_first():
    """A strict reading raises what another would hand on."""
    with pytest.raises(BadRowError, match=":2: At: 'soon'"):
        list(recipes.read(io.StringIO("At\nsoon\n"), recipes.loads(recipe()), strict=True))


def test_json_and_parquet_give_the_same_events(tmp_path):
    """Typed values are taken as they would stand in a flat file, whatever the recipe's decimal sign."""
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    rows = [
        {"At": "2026-01-01 09:30", "Who": 13085.0, "Total": 12.5, "N": 2, "Gift": True, "Note": "x"},
        {"At": "2026-01-02 09:30", "Who": None, "Total": None, "N": None, "Gift": False, "Note": None},
    ]
    text = recipe(
        'customer = { column = "Who", whole = true }\namount = { product = ["Total", "N"] }\n'
        'currency = { constant = "EUR" }\n[events.properties]\ngift = "Gift"\nnote = "Note"\nn = "N"',
        reading='decimal = ","\ndelimiter = ";"',
    )
    flat, ndjson, table = (tmp_path / name for name in ("a.csv", "a.ndjson", "a.parquet"))
    flat.write_text("At;Who;Total;N;Gift;Note\n2026-01-01 09:30;13085,0;12,5;2;true;x\n2026-01-02 09:30;;;;false;\n")
    ndjson.write_text("".join(json.dumps(row) + "\n" for row in rows))
    typed = pa.Table.from_pylist([row | {"At": datetime.fromisoformat(row["At"])} for row in rows])
    parquet.write_table(typed, table)

    expected, *others = (list(recipes.read(file, recipes.loads(text))) for file in (flat, ndjson, table))

    assert expected[0].customer == "13085"
    assert expected[0].amount_minor == 2500
    assert all(other == expected for other in others)


def test_memory_stays_flat_where_lines_are_events():
    """Events come while lines are read: the first before the last line is."""

    def lines():
        yield b"At,Who\n"
        for number in range(200_000):
            asked.append(number)
            yield b"2026-01-01,c%d\n" % number

    class Slow(io.RawIOBase):
        def readable(self):
            return True

        def readinto(self, buffer):
            line = next(feed, b"")
            buffer[: len(line)] = line
            return len(line)

    asked: list[int] = []
    feed = lines()
    reading = recipes.read(Slow(), recipes.loads(recipe('customer = "Who"')))

    assert next(reading).customer == "c0"
    assert len(asked) < 1000


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001 - made aware below
def test_formats_agree_with_the_standard_library(moment):
    """What strftime writes is read back, by each format that says all of a second."""
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    formats = ["%Y-%m-%d %H:%M:%S", "%d/%m/%Y %I:%M:%S %p", "%d %b %Y %H:%M:%S %z", "%A, %B %d, %Y %H:%M:%S"]
    for fmt in formats:
        text = recipe(reading=f'delimiter = ";"\ntime_format = "{fmt}"')
        (event,) = recipes.read(io.StringIO(f"At;b\n{moment.strftime(fmt)};1\n"), recipes.loads(text))
        assert event.ts_us == to_us(moment)


def test_cells_of_every_kind_never_break_the_reading():
    """Whatever stands in the cells, each line is an event, left out or rejected with a reason."""
    chance = random.Random(7)
    pieces = ["", "1", "-1", "1e9", "x", "2026-01-01", '"', "\n", "é", "\0", "NaN", "C7", "9" * 50, "=1+1", "\ud800"]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["At", "No", "N", "P"])
    for _ in range(500):
        writer.writerow(["".join(chance.choices(pieces, k=chance.choice((1, 1, 1, 2)))) for _ in range(4)])
    rule = (
        'reference = "No"\namount = { product = ["N", "P"], rounding = "half-up" }\ncurrency = { constant = "EUR" }\n'
        "where = { N = { above = -5 } }"
    )
    for grouped in ("", 'group = ["No"]\n'):
        reading = recipes.read(io.StringIO(out.getvalue()), recipes.loads(recipe(grouped + rule)))
        events = list(reading)
        assert reading.rows >= len(events) + reading.left_out
        assert events
        assert reading.rejected
