from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from cxkit.files.records import Records, split

# What matters to CSV, in unlucky orders.
csv_texts = st.text(st.sampled_from('a,"\n\r '), max_size=40)
blocks_of = st.lists(csv_texts, max_size=4)


def lines_of(text: str) -> list[str]:
    """Return the lines of a text, as a source cuts them."""
    return io.StringIO(text, newline="").readlines()


def read(*blocks: list[str]) -> tuple[list[tuple[int, list[str]]], list[tuple[int, str]]]:
    """Return the records with their lines, and the broken lines."""
    broken: list[tuple[int, str]] = []
    records = Records(iter(blocks), lambda line, text, _: broken.append((line, text)))
    return [(records.line, cells) for cells in records], broken


def test_unclosed_quote_costs_one_line() -> None:
    """The rows after an open quote are read: were it closed by a quote of theirs, text would follow it."""
    lines = ['a,"b,c\n', "d,e,f\n", 'g,"h ""i""",j\n', "k,l,m\n", 'n,"o']

    rows, broken = read(lines)

    assert rows == [(2, ["d", "e", "f"]), (3, ["g", 'h "i"', "j"]), (4, ["k", "l", "m"])]
    assert broken == [(1, 'a,"b,c\n'), (5, 'n,"o')]


def test_record_over_blocks() -> None:
    """A record may go over the ends of any number of blocks, and lines stay right."""
    rows, broken = read(["a\n", 'b,"c\n'], ["d\n"], ["\n"], ['e"\n', "\n", "f\n"])

    assert rows == [(1, ["a"]), (2, ["b", "c\nd\n\ne"]), (7, ["f"])]
    assert broken == []


@given(csv_texts)
def test_split_agrees_with_csv(text: str) -> None:
    """Where our own splitter finds a record it is the one that Python's csv module finds; so are the faults."""
    lines = lines_of(text)
    if not lines:
        return
    found = split(lines)
    reader = csv.reader(lines, strict=True)
    try:
        cells = next(reader)
    except csv.Error:
        assert not isinstance(found, tuple)
    else:
        assert found == (cells or [""], reader.line_num)


@given(blocks_of)
def test_records_agree_with_csv(texts: list[str]) -> None:
    """Where nothing is broken the records are those of Python's csv module, however the lines come in blocks."""
    blocks = [lines_of(text + "\n") for text in texts]
    lines = [line for block in blocks for line in block]
    rows, broken = read(*blocks)
    try:
        expected = [cells for cells in csv.reader(lines, strict=True) if cells]
    except csv.Error:
        assert broken
    else:
        assert [cells for _, cells in rows] == expected
        assert broken == []


@given(blocks_of)
def test_every_line_is_accounted_for(texts: list[str]) -> None:
    """Each line that isn't blank belongs to one record or is broken: none is lost and none is read twice."""
    blocks = [lines_of(text + "\n") for text in texts]
    lines = [line for block in blocks for line in block]
    rows, broken = read(*blocks)
    covered = [line for line, _ in broken]
    for line, cells in rows:
        found = split(lines, line - 1)
        assert isinstance(found, tuple)
        assert found[0] == cells
        covered += range(line, line + found[1])

    assert len(covered) == len(set(covered))
    assert {number for number, line in enumerate(lines, 1) if line.strip("\r\n")} <= set(covered)


@given(st.lists(st.lists(st.text(st.sampled_from('a,"\n\r\u2028'), max_size=5), min_size=2, max_size=3), max_size=6))
def test_written_tables_are_read(table: list[list[str]]) -> None:
    """What Python's csv module writes is read as it was, line ends in cells too."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows(table)

    rows, broken = read(lines_of(out.getvalue()))

    assert [cells for _, cells in rows] == table
    assert broken == []
