"""Whatever is wrong with a file is one clear sentence, and the rest is read."""

from __future__ import annotations

import csv
import gzip
import io
import os
from typing import TYPE_CHECKING, Any

import pytest

from cxkit.errors import BadRowError, InvalidValueError
from cxkit.files import read_events

if TYPE_CHECKING:
    from pathlib import Path

    from cxkit.model.event import Event

HEAD = "time,kind,customer,instrument,score,amount,currency\n"
GOOD = "2026-01-01T00:00:00Z,visit.started,c{},,,,\n"
ZONE = ", or name the zone (--input-tz)"
DOUBLE = ": double a quote that is part of the text"
HERE = ", which isn't utf-8 here: mend it, or name the file's own encoding (--encoding cp1252, for example)"


def rejects_of(text: str | bytes, **options: Any) -> tuple[list[Event], list[str]]:
    """Return the events of a file, and what is said about the rest."""
    data = text.encode() if isinstance(text, str) else text
    errors: list[BadRowError] = []
    rows: list[str] = []

    def keep(error: BadRowError, row: str) -> None:
        errors.append(error)
        rows.append(row)

    reading = read_events(io.BytesIO(data), on_reject=keep, **options)
    events = list(reading)
    assert reading.rejected == len(errors) == sum(reading.reasons.values())
    assert all(rows)
    return events, [str(error).removeprefix("<BytesIO>:") for error in errors]


def test_a_currency_beside_an_empty_amount_is_no_amount() -> None:
    """Exports name their currency in every row, also in those without money."""
    events, rejects = rejects_of(HEAD + "2026-01-01T00:00Z,visit.started,c,,,,USD\n")

    assert rejects == []
    assert [(made.kind, made.currency) for made in events] == [("visit.started", None)]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("2026-01-01T00:00:00Z,visit started,c,,,,",
         "3: kind: 'visit started' doesn't read as noun.verb in lower case, such as 'order.placed'"),
        ("2026-01-01T00:00:00Z,,c,,,,", "3: kind: '' doesn't read as noun.verb in lower case, such as 'order.placed'"),
        ("2026-01-01T00:00,a.b,c,,,,",
         "3: time: '2026-01-01T00:00' has no offset: write one, such as 2026-01-31T09:30:00+07:00" + ZONE),
        (",a.b,c,,,,", "3: time: '' is empty: each row needs one"),
        ("31.01.2026,a.b,c,,,,", "3: time: '31.01.2026' isn't a time of ISO 8601, such as 2026-01-31T09:30:00+07:00"),
        ("1767225600000,a.b,c,,,,",
         "3: time: '1767225600000' isn't a time of ISO 8601, such as 2026-01-31T09:30:00+07:00"),
        ("2026-02-30T00:00:00Z,a.b,c,,,,",
         "3: time: '2026-02-30T00:00:00Z' isn't a time: day is out of range for month"),
        ("2026-01-01T00:00Z,survey.answered,c,nps,11,,", "3: score: 11.0 is outside the scale of 'nps', 0…10"),
        ("2026-01-01T00:00Z,survey.answered,c,nps,9.5,,",
         "3: score: 9.5 isn't a whole number, as answers to 'nps' are"),
        ("2026-01-01T00:00Z,survey.answered,c,nps,nine,,", "3: score: 'nine' isn't a number"),
        ("2026-01-01T00:00Z,survey.answered,c,nps,1_0,,", "3: score: '1_0' isn't a number"),
        ("2026-01-01T00:00Z,survey.answered,c,x,-inf,,", "3: score: '-inf' isn't finite"),
        ("2026-01-01T00:00Z,survey.answered,c,x,1e309,,", "3: score: '1e309' is larger than a score can be"),
        ("2026-01-01T00:00Z,order.placed,c,,,12.90,", "3: amount: '12.90' has no currency: money needs one"),
        ("2026-01-01T00:00Z,order.placed,c,,,12.90,EURO",
         "3: currency: 'EURO' isn't a currency of ISO 4217 that has amounts; did you mean 'EUR'?"),
        ("2026-01-01T00:00Z,order.placed,c,,,12.905,USD",
         ("3: amount: '12.905' has more decimals than USD has (2): correct it, or round it on purpose "
         "(Money's rounding=)")),
        ("2026-01-01T00:00Z,order.placed,c,,,1e309,USD",
         "3: amount: '1e309' is more than 64 bits of minor units hold"),
        ("2026-01-01T00:00Z,order.placed,c,,,1e999999999,USD",
         "3: amount: '1e999999999' is more than 64 bits of minor units hold"),
        ("2026-01-01T00:00Z,a.b,c\0d,,,,",
         "3: customer: 'c\\x00d' contains a NUL character, which databases can't hold"),
        ("2026-01-01T00:00Z,a.b,c", "3: row: ['2026-01-01T00:00Z', 'a.b', 'c'] has 3 cells where there are 7 columns"),
        ("2026-01-01T00:00Z,a.b,c,,,,,x",
         "3: row: ['2026-01-01T00:00Z', 'a.b', 'c', '', '', '', '', 'x'] has 8 cells where there are 7 columns"),
        ('2026-01-01T00:00Z,a.b,"c"d,,,,',
         "3: row: '2026-01-01T00:00Z,a.b,\"c\"d,,,,\\n' has text after a closing quote" + DOUBLE),
        ('2026-01-01T00:00Z,a.b,"c,,,,',
         "3: row: '2026-01-01T00:00Z,a.b,\"c,,,,\\n' opens a quote that is never closed: close it, or" + DOUBLE[1:]),
    ],
)  # fmt: skip
def test_bad_row(row: str, said: str) -> None:
    """A bad row is named with line, column, value and reason, and the rows around it are read."""
    events, rejects = rejects_of(HEAD + GOOD.format(1) + row + "\n" + GOOD.format(2))

    assert rejects == [said]
    assert [made.customer for made in events] == ["c1", "c2"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('{"kind":"a.b","ts_us":1', "isn't JSON"),
        ("[1]", "isn't a JSON object: one event a line is read"),
        ('{"kind":"a.b"}', "columns: 'kind' lack 'time' or 'ts_us', one of which is required"),
        ('{"ts_us":1}', "columns: 'ts_us' lack 'kind', which is required"),
        ('{"kind":"a.b","ts_us":1,"time":"2026-01-01T00:00Z"}', "columns: 'time' says the same as 'ts_us'"),
        ('{"kind":"a.b","ts_us":1.5}', "ts_us: '1.5' isn't a whole number"),
        ('{"kind":"a.b","ts_us":true}', "ts_us: True isn't a number"),
        ('{"kind":"a.b","ts_us":1' + "0" * 5000 + "}", "isn't JSON: Exceeds the limit"),
        ('{"kind":"a.b","ts_us":1,"customer":42.0}', "customer: 42.0 isn't text"),
        ('{"kind":"a.b","ts_us":1,"customer":["c"]}', "customer: ['c'] isn't text"),
        ('{"kind":"a.b","ts_us":1,"customer":"\\ud800"}', "contains half a character"),
        ('{"kind":"a.b","ts_us":1,"score":1e309}', "score: '1e309' is larger than a score can be"),
        ('{"kind":"a.b","ts_us":1,"score":Infinity}', "score: 'inf' isn't finite"),
        ('{"kind":"a.b","ts_us":1,"x":NaN}', "can't be written as JSON"),
        ('{"kind":"a.b","ts_us":1,"properties":7}', "properties: '7' isn't a JSON object"),
        ('{"kind":"a.b","ts_us":1,"properties":"[]"}', "properties: '[]' isn't a JSON object"),
        ('{"kind":"a.b","ts_us":1,"x":' + "[" * 100_000 + "}", "isn't JSON"),
        ('{"kind":"a.b","ts_us":1,"duration":"1e99"}', "duration: '1e99' is longer than 64 bits"),
        ('{"kind":"a.b","ts_us":1,"duration":"soon"}', "duration: 'soon' isn't a number of seconds"),
        ('{"kind":"a.b","ts_us":1,"weight":-1}', "weight: '-1' can't be a weight"),
        ('{"kind":"a.b","ts_us":1,"weight":"NaN"}', "weight: 'NaN' isn't a number"),
        ('{"kind":"a.b","ts_us":1,"weight_ppm":-1}', "weight_ppm: '-1' is out of range"),
        ('{"kind":"a.b","ts_us":1,"amount_minor":9223372036854775808,"currency":"USD"}', "out of range"),
        ('{"kind":"a.b","ts_us":9223372036854775807}', "ts_us: 9223372036854775807 is out of range"),
        ('{"kind":"a.b","time":"0001-01-01T00:00:00Z"}', "is out of range"),
        ('{"specversion":"1.0","id":"1"}', "time: None is missing"),
    ],
)  # fmt: skip
def test_bad_line(row: str, said: str) -> None:
    """A bad line of NDJSON is named, and the lines around it are read."""
    good = '{"kind":"a.b","ts_us":1}\n'
    events, (sentence,) = rejects_of(f"{good}{row}\n{good}", format="ndjson")

    assert sentence.startswith("2: ")
    assert said in sentence
    assert "\n" not in sentence
    assert len(events) == 2


@pytest.mark.parametrize("text", ["nan", "NaN", "-NAN"])
def test_nan_is_no_answer(text: str) -> None:
    """NaN is null: the event counts, its score doesn't."""
    events, rejects = rejects_of(f"{HEAD}2026-01-01T00:00Z,survey.answered,c,nps,{text},,\n")

    assert rejects == []
    assert [made.score for made in events] == [None]


def test_foreign_encoding() -> None:
    """A byte that isn't UTF-8 costs its row alone; with the right encoding none."""
    data = (HEAD + GOOD.format(1) + GOOD.format("é") + GOOD.format(2)).encode("latin-1")
    events, rejects = rejects_of(data)

    assert [made.customer for made in events] == ["c1", "c2"]
    assert rejects == ["3: customer: 'c\\udce9' has the byte 0xE9" + HERE]
    events, rejects = rejects_of(data, encoding="latin-1")
    assert [made.customer for made in events] == ["c1", "cé", "c2"]
    assert rejects == []


def test_foreign_encoding_in_ndjson() -> None:
    """So it is in NDJSON, wherever in the line the byte stands."""
    data = b'{"kind":"a.b","ts_us":1}\n{"kind":"a.b","ts_us":1,"caf\xe9":1}\n{"kind":"a.b","ts_us":2}\n'
    events, (said,) = rejects_of(data)

    assert len(events) == 2
    assert said.startswith("2: row: ")
    assert "has the byte 0xE9, which isn't utf-8" in said


def test_foreign_encoding_in_the_header() -> None:
    """A header that can't be decoded is no header: nothing is read."""
    with pytest.raises(BadRowError, match=r"1: header: 'caf\\udce9' has the byte 0xE9, which isn't utf-8"):
        rejects_of(b"time,kind,caf\xe9\n")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "utf_8_sig"])
def test_byte_order_mark(encoding: str) -> None:
    """The mark that Windows puts before UTF-8 is no part of the first column's name."""
    events, rejects = rejects_of(("\ufeff" + HEAD + GOOD.format(1)).encode(), encoding=encoding)

    assert [made.customer for made in events] == ["c1"]
    assert rejects == []


@pytest.mark.parametrize(
    ("encoding", "mark", "named"),
    [("utf-16", b"", "utf-16"), ("utf-16-be", b"\xfe\xff", "utf-16"), ("utf-16-le", b"", "utf-16-le"),
     ("utf-16-be", b"", "utf-16-be"), ("utf-32", b"", "utf-32")],
)  # fmt: skip
def test_utf_16_is_named(encoding: str, mark: bytes, named: str) -> None:
    """UTF-16 is recognised, and read when it is named."""
    data = mark + (HEAD + GOOD.format("é")).encode(encoding)

    with pytest.raises(InvalidValueError, match=f"file: '<BytesIO>' is UTF-.*: pass encoding {named}"):
        rejects_of(data)
    events, rejects = rejects_of(data, encoding=named)
    assert [made.customer for made in events] == ["cé"]
    assert rejects == []


def test_broken_utf_16() -> None:
    """Bytes that aren't UTF-16 cost their row there too."""
    rows = (HEAD + GOOD.format(1) + GOOD.format("#") + GOOD.format(2)).encode("utf-16")
    events, rejects = rejects_of(rows.replace("#".encode("utf-16-le"), b"\x00\xdc"), encoding="utf-16")

    assert [made.customer for made in events] == ["c1", "c2"]
    assert len(rejects) == 1
    assert "has the byte 0x00, which isn't utf-16 here" in rejects[0]


def test_utf_16_without_its_mark() -> None:
    """Where the byte order is left to a mark that isn't there, one sentence says so."""
    events, rejects = rejects_of(HEAD.encode("utf-16-le"), encoding="utf-16")

    assert events == []
    (said,) = rejects
    assert said.startswith("1: file: '<BytesIO>' can't be decoded as utf-16: ")


def test_mixed_line_ends() -> None:
    """Lines may end with any of the three, in one file; lines are counted right."""
    rows = "".join(GOOD.format(number).replace("\n", end) for number, end in enumerate(["\r\n", "\n", "\r"] * 3))
    events, rejects = rejects_of(HEAD + rows + "x,y,z\r" + GOOD.format(9))

    assert [made.customer for made in events] == [f"c{number}" for number in range(10)]
    assert [said[:3] for said in rejects] == ["11:"]


def test_lines_are_right_after_quoted_line_ends() -> None:
    """A row is named by the line it starts on, whatever its cells and those before it hold."""
    long = '2026-01-01T00:00Z,a.b,"x\r\n\ny\rz",,,,\n'
    events, rejects = rejects_of(HEAD + long + long.replace("a.b", "A.B") + "\n" + "1,2\n")

    assert [made.customer for made in events] == ["x\r\n\ny\rz"]
    assert [said.split(": ")[0] for said in rejects] == ["6", "11"]


def test_empty() -> None:
    """A file without a header says so; one with a header alone has no events, nor has an empty NDJSON file."""
    for text in ("", "\n\r\n", "\ufeff"):
        with pytest.raises(
            BadRowError, match="1: file: '<BytesIO>' has no rows, not even a header: its first line must"
        ):
            rejects_of(text)
    assert rejects_of(HEAD) == rejects_of(HEAD.strip()) == rejects_of("", format="ndjson") == ([], [])


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("time,customer", "columns: 'time, customer' lack 'kind', which is required"),
        ("time,Kind", "columns: 'time, Kind' lack 'kind', which is required; is 'Kind' meant?"),
        ("kind,tme", "columns: 'kind, tme' lack 'time' or 'ts_us', one of which is required; is 'tme' meant?"),
        ("time;kind;score", "which is required: columns are separated by commas, and here is none"),
        ("time,kind,time", "columns: 'time' names two columns: rename one of them"),
        ("time,kind,amount,amount_minor", "columns: 'amount' says the same as 'amount_minor': leave one of them out"),
        ('time,"kind', "opens a quote that is never closed"),
    ],
)
def test_bad_header(header: str, said: str) -> None:
    """A header that can't be used is one error, with the nearest name."""
    with pytest.raises(BadRowError) as caught:
        rejects_of(header + "\n1,2,3\n")

    assert said in str(caught.value)
    assert caught.value.line == 1


@pytest.mark.parametrize("quoted", [True, False])
def test_field_of_ten_megabytes(quoted: bool) -> None:  # noqa: FBT001 - a case
    """A huge field is read as any other, and the rows after it; the process's limit stays as it is."""
    limit = csv.field_size_limit()
    huge = ('""' + "x" * 98 + "\n") * 100_000 if quoted else "x" * 10_000_000
    row = GOOD.format(f'"{huge}"' if quoted else huge).replace('c"', '"') if quoted else GOOD.format(huge)
    events, rejects = rejects_of(HEAD + row + GOOD.format(2) + "x\n")

    assert [len(made.customer or "") for made in events] == [10_000_000 if quoted else 10_000_001, 2]
    assert [said.split(":")[0] for said in rejects] == [str(100_004 if quoted else 4)]
    assert csv.field_size_limit() == limit


def test_quote_that_is_never_closed_costs_its_line() -> None:
    """The rows that an open quote would swallow are read, over any number of blocks."""
    rows = [GOOD.format(number) for number in range(30_000)]
    rows[10] = rows[10].replace("c10", '"c10')
    events, rejects = rejects_of(HEAD + "".join(rows))

    assert len(events) == 29_999
    assert [said.split(":")[0] for said in rejects] == ["12"]


def test_endless_line() -> None:
    """A line that doesn't end isn't kept in memory to the end: what came before it is read."""

    class Endless(io.RawIOBase):
        """A header, a row, and then one line for ever."""

        head = (HEAD + GOOD.format(1)).encode()

        def readable(self) -> bool:
            """Tell so."""
            return True

        def readinto(self, buffer: Any) -> int:
            """Give the head, then x without end."""
            data = (self.head or b"x" * len(buffer))[: len(buffer)]
            self.head = self.head[len(data) :]
            buffer[: len(data)] = data
            return len(data)

    reading = read_events(io.BufferedReader(Endless()))

    assert [made.customer for made in reading] == ["c1"]
    assert reading.damaged
    assert [reason for reason in reading.reasons if "line of more than 33,554,432 characters" in reason]


def test_truncated_gzip() -> None:
    """What a file that breaks off still holds is read, then one sentence says that the rest is missing."""
    rows = "".join(GOOD.format(os.urandom(8).hex()) for _ in range(20_000))
    packed = gzip.compress((HEAD + rows).encode())
    events, rejects = rejects_of(packed[: len(packed) // 2])

    assert 5_000 < len(events) < 15_000
    (said,) = rejects
    assert said.startswith(f"{len(events) + 2}: ")
    assert "file: '<BytesIO>' ends in the middle: its gzip data is cut off" in said
    whole, none = rejects_of(packed)
    assert whole[: len(events)] == events
    assert none == []


@pytest.mark.parametrize("cut", [0, 1, 5, 12])
def test_gzip_cut_in_its_head(cut: int) -> None:
    """A file cut down to nothing is one sentence as well."""
    packed = gzip.compress((HEAD + GOOD).encode())[: 10 + cut]
    events, rejects = rejects_of(packed)

    assert events == []
    assert len(rejects) == 1
    assert "cut off" in rejects[0]


def test_damaged_gzip() -> None:
    """A wrong check sum or rubbish behind the data is told, and the rows are kept."""
    packed = gzip.compress((HEAD + GOOD.format(1)).encode())
    for broken in (packed[:-8] + bytes(8), packed + b"rubbish"):
        events, rejects = rejects_of(broken)
        assert len(events) == 1
        assert len(rejects) == 1
        assert "has damaged gzip data" in rejects[0]


def test_strict_raises_the_first() -> None:
    """A strict reading stops at the first bad row, and at a file that breaks off."""
    text = (HEAD + GOOD.format(1) + "x\n" + GOOD.format(2)).encode()
    reading = read_events(io.BytesIO(text), strict=True)

    assert next(reading).customer == "c1"
    with pytest.raises(BadRowError, match="3: row"):
        next(reading)
    with pytest.raises(BadRowError, match="cut off"):
        list(read_events(io.BytesIO(gzip.compress(text[:60])[:-4]), strict=True))


@pytest.mark.parametrize(
    ("head", "said"),
    [(b"PK\x03\x04", "is a ZIP archive, perhaps an Excel workbook: its name must end in .xlsx"),
     (b"BZh91AY", "packed with bzip2"),
     (b"\xfd7zXZ\0", "packed with xz"), (b"\x28\xb5\x2f\xfd", "packed with Zstandard")],
)  # fmt: skip
def test_other_files_are_named(head: bytes, said: str) -> None:
    """A file that is something else is called by its name."""
    with pytest.raises(InvalidValueError, match=said):
        rejects_of(head + bytes(range(256)))


def test_files_that_cannot_be_opened(tmp_path: Path) -> None:
    """What isn't there, is a folder, isn't gzip or isn't readable is one sentence."""
    false = tmp_path / "false.csv.gz"
    false.write_text(HEAD)
    for file, said in {
        tmp_path / "none.csv": "doesn't exist",
        tmp_path: "is a folder: name a file in it",
        tmp_path / "none" / "a.csv": "doesn't exist",
        false / "a.csv": "can't be opened: Not a directory",
        "a\0b": "can't be opened: embedded null byte",
        false: "isn't packed with gzip, although its name ends in .gz: rename it",
        7: "isn't a path or an open file",
    }.items():
        with pytest.raises(InvalidValueError) as caught:
            read_events(file)  # type: ignore[arg-type]
        assert said in str(caught.value)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read anything")
def test_unreadable_file(tmp_path: Path) -> None:
    """A file that one may not read says so."""
    path = tmp_path / "a.csv"
    path.touch(0o000)

    with pytest.raises(InvalidValueError, match="may not be read: you lack the permission"):
        read_events(path)


def test_disk_that_fails() -> None:
    """A disk or a pipe that fails half-way is one sentence after the rows read."""

    class Failing(io.RawIOBase):
        """One block, then an error."""

        left = (HEAD + GOOD.format(1)).encode()

        def read(self, size: int = -1) -> bytes:
            """Give what is left, or fail."""
            if not self.left:
                raise OSError(5, "Input/output error")
            data, self.left = self.left[:size], self.left[size:]
            return data

    reading = read_events(Failing())  # type: ignore[arg-type]

    assert [made.customer for made in reading] == ["c1"]
    assert reading.damaged
    assert reading.reasons == {"file: can't be read further: Input/output error": 1}


def test_text_file_of_another_encoding(tmp_path: Path) -> None:
    """A text file that was opened with the wrong encoding says so."""
    path = tmp_path / "a.csv"
    path.write_bytes((HEAD + GOOD.format("é")).encode("latin-1"))
    with path.open(encoding="utf-8") as file:
        reading = read_events(file)
        assert list(reading) == []

    assert [reason for reason in reading.reasons if "was opened as text that it isn't" in reason]


@pytest.mark.parametrize(
    ("time", "zone", "utc"),
    [
        ("2026-03-29T02:30:00", "Europe/Berlin", None),
        ("2026-03-29T01:59:59", "Europe/Berlin", "2026-03-29T00:59:59"),
        ("2026-03-29T03:00:00", "Europe/Berlin", "2026-03-29T01:00:00"),
        ("2026-10-25T02:30:00", "Europe/Berlin", "2026-10-25T00:30:00"),
        ("2026-10-04T02:15:00", "Australia/Lord_Howe", None),
        ("2026-10-04T02:30:00", "Australia/Lord_Howe", "2026-10-03T15:30:00"),
        ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00"),
        ("2018-11-04T00:30:00", "America/Sao_Paulo", None),
    ],
)
def test_local_times_that_are_none_or_two(time: str, zone: str, utc: str | None) -> None:
    """A time the clock jumped over is refused, of one it showed twice the first is taken; a day has a first instant."""
    events, rejects = rejects_of(f"{HEAD}{time},a.b,,,,,\n", input_tz=zone)

    if utc is None:
        assert rejects == [f"2: time: '{time}' doesn't exist in {zone}: the clock was put forward over it"]
    else:
        assert [made.time.isoformat() for made in events] == [utc + "+00:00"]


def test_reasons_are_bounded() -> None:
    """A hostile file can't fill the memory with reasons."""
    lines = "".join(f'{{"kind":"a.b","ts_us":1,"x{number}":NaN}}\n' for number in range(3))
    reading = read_events(io.StringIO(lines + '{"a"\n' * 2 + "".join(f'{{"{"x" * n}\n' for n in range(1200))))

    assert list(reading) == []
    assert len(reading.reasons) <= 1001
    assert sum(reading.reasons.values()) == reading.rejected == 1205
