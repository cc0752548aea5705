"""Each way in which input can be bad: one clear sentence, no traceback, the right exit code, and nothing lost."""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
from pathlib import Path

import pytest

from .conftest import GOOD

HEADER, *ROWS = GOOD.splitlines()


def orders(result):
    """Return how many orders a scorecard printed as JSON counts."""
    return json.loads(result.stdout)["rows"][0]["value"]


def with_row(row, *, encoding="utf-8"):
    """Return the good file with one more row in its middle."""
    return "\n".join([HEADER, *ROWS[:2], row, *ROWS[2:], ""]).encode(encoding)


BAD_ROWS = {
    "wrong encoding": (
        with_row("9,2026-01-07T09:30:00Z,order.placed,José,web,,,,,", encoding="latin-1"),
        r"score.csv:4: customer: .* has the byte 0xE9, which isn't utf-8 here.*--encoding",
    ),
    "infinite": (
        with_row("9,2026-01-07T09:30:00Z,survey.answered,c3,web,,nps,1e309,,"),
        r"score.csv:4: score: '1e309' is larger than a score can be",
    ),
    "naive time": (
        with_row("9,2026-01-07T09:30:00,order.placed,c3,web,,,,,"),
        r"score.csv:4: time: '2026-01-07T09:30:00' has no offset.*--input-tz",
    ),
    "outside the scale": (
        with_row("9,2026-01-07T09:30:00Z,survey.answered,c3,web,,nps,11,,"),
        r"score.csv:4: score: 11.* (0…10|0 to 10)",
    ),
    "unknown currency": (
        with_row("9,2026-01-07T09:30:00Z,order.placed,c3,web,,,,1.00,USX"),
        r"score.csv:4: currency: 'USX' .*",
    ),
    "empty kind": (with_row("9,2026-01-07T09:30:00Z,,c3,web,,,,,"), r"score.csv:4: kind: '' .*noun.verb"),
    "empty time": (with_row("9,,order.placed,c3,web,,,,,"), r"score.csv:4: time: '' is empty"),
    "too few cells": (with_row("9,2026-01-07T09:30:00Z"), r"score.csv:4: row: .* 2 cells"),
    "a quote left open": (with_row('9,2026-01-07T09:30:00Z,order.placed,"c3,web,,,,,'), r"score.csv:4: row: .*quote"),
}


@pytest.mark.parametrize(("content", "sentence"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_a_bad_row_is_named_and_the_rest_goes_on(run, tmp_path, monkeypatch, content, sentence):
    """The row is named with place, column, value and reason; the good rows are scored; the exit code is 1."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "score.csv").write_bytes(content)

    result = run("score", "score.csv", "-m", "orders", "--format", "json", "--rejects", "rejects.csv")

    first, last = result.stderr.splitlines()
    assert re.match(sentence, first)
    assert last == "couldn't be taken: 1 of 6 rows; kept in rejects.csv"
    assert result.exit_code == 1
    assert orders(result) == 3
    (kept,) = csv.DictReader((tmp_path / "rejects.csv").read_text("utf-8").splitlines())
    assert first.startswith(f"{kept['file']}:{kept['line']}: {kept['column']}: ")
    assert kept["reason"] in first


@pytest.mark.parametrize(("content", "sentence"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_strict_stops_at_the_bad_row(run, tmp_path, monkeypatch, content, sentence):
    """With --strict nothing is scored: the sentence is all there is."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "score.csv").write_bytes(content)

    result = run("score", "score.csv", "--strict")

    assert result.exit_code == 1
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert re.match(f"Error: {sentence}", line)


FINE = {
    "BOM": b"\xef\xbb\xbf" + GOOD.encode(),
    "mixed line ends": GOOD.encode().replace(b"\n", b"\r\n", 2).replace(b"USD\n3", b"USD\r3"),
    "NaN": with_row("9,2026-01-07T09:30:00Z,survey.answered,c3,web,,nps,NaN,,"),
    "a 10 MB field": with_row(f"9,2026-01-07T09:30:00Z,survey.answered,{'c' * 10_000_000},web,,nps,9,,"),
    "blank lines": GOOD.encode().replace(b"\n", b"\n\n"),
    "no end of the last line": GOOD.encode().rstrip(),
}


@pytest.mark.parametrize("content", FINE.values(), ids=FINE)
def test_what_looks_odd_but_is_no_fault(run, tmp_path, content):
    """Some oddities are read as what they mean."""
    (tmp_path / "odd.csv").write_bytes(content)

    result = run("score", tmp_path / "odd.csv", "-m", "orders", "--format", "json")

    assert (result.exit_code, result.stderr) == (0, "")
    assert orders(result) == 3


def test_nan_is_no_answer(run, tmp_path):
    """A NaN is counted as left out, and not as a promoter."""
    (tmp_path / "nan.csv").write_bytes(FINE["NaN"])

    (row,) = json.loads(run("score", tmp_path / "nan.csv", "-m", "nps", "--format", "json").stdout)["rows"]

    assert (row["value"], row["n"], row["excluded"]) == (0.0, 2, {"no score": 1})


def test_truncated_gzip(run, tmp_path):
    """What is there is scored, and that something is missing is said."""
    path = tmp_path / "cut.csv.gz"
    rows = "".join(f"{n},2026-01-05T09:30:00Z,order.placed,c{n},web,,,,,\n" for n in range(20_000))
    packed = gzip.compress(f"{HEADER}\n{rows}".encode())
    path.write_bytes(packed[: len(packed) // 2])

    result = run("score", path, "-m", "orders", "--format", "json")

    assert result.exit_code == 1
    assert 1000 < orders(result) < 20_000
    assert "ends in the middle: its gzip data is cut off" in result.stderr.splitlines()[0]


def test_encoding_may_be_named(run, tmp_path):
    """With its own encoding the file has no fault."""
    path = tmp_path / "latin.csv"
    path.write_bytes(BAD_ROWS["wrong encoding"][0])

    assert orders(run("score", path, "--encoding", "latin-1", "-m", "orders", "--format", "json")) == 4


def test_zone_of_zoneless_times_may_be_named(run, tmp_path):
    """With --input-tz a naive time is local to that zone."""
    path = tmp_path / "naive.csv"
    path.write_bytes(BAD_ROWS["naive time"][0])

    result = run("score", path, "--input-tz", "Asia/Ho_Chi_Minh", "-m", "orders", "--format", "json")

    assert (result.exit_code, orders(result)) == (0, 4)


UNREADABLE = {
    "nothing at all": (b"", "has no rows"),
    "no time": (b"kind,customer\norder.placed,c1\n", "'time'"),
    "a misspelt column": (b"tiem,kind\n2026-01-05T09:30:00Z,order.placed\n", "'tiem'"),
    "a workbook": (b"PK\x03\x04rest", "ZIP archive"),
    "UTF-16": ("\ufeff" + GOOD).encode("utf-16-le"),
    "a column twice": (b"time,kind,kind\n", "two columns"),
}
UNREADABLE["UTF-16"] = (UNREADABLE["UTF-16"], "--encoding utf-16")


@pytest.mark.parametrize(("content", "part"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_cannot_be_read_at_all(run, tmp_path, content, part):
    """It is bad data: one sentence that names the file, exit code 1, and no scorecard that lacks a whole file."""
    (tmp_path / "bad.csv").write_bytes(content)

    result = run("score", tmp_path / "bad.csv")

    assert (result.exit_code, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: ")
    assert "bad.csv" in line
    assert part in line


@pytest.mark.parametrize("keep", [4, 300, -1])
def test_parquet_that_is_cut_off(run, good, tmp_path, keep):
    """A Parquet file without its end can't be read at all, and is told from one that can."""
    pytest.importorskip("pyarrow")
    whole, cut = tmp_path / "whole.parquet", tmp_path / "cut.parquet"
    run("import", good, "--into", tmp_path / "shop.db")
    run("export", tmp_path / "shop.db", "--to", whole)
    cut.write_bytes(whole.read_bytes()[:keep])

    result = run("score", cut)

    assert (result.exit_code, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert "cut.parquet" in line
    assert "Parquet file" in line


def test_header_without_rows_is_no_fault(run, tmp_path):
    """Where nothing happened there is nothing to show, whatever was asked."""
    (tmp_path / "empty.csv").write_text(HEADER + "\n")

    result = run("score", tmp_path / "empty.csv", "--by", "shop")

    assert result.exit_code == 0
    assert result.stdout == "Nothing to show: no events matched.\n"


USAGE = {
    "metric": (["-m", "npss"], "unknown metric 'npss'; did you mean 'nps'?"),
    "option": (["-m", "nps[answer=latest]"], "unknown option of nps 'answer'; did you mean 'answers'?"),
    "option's value": (["-m", "nps[interval=wild]"], "interval: 'wild' isn't one of"),
    "spelling": (["-m", "nps["], "isn't spelled like"),
    "column": (["--by", "channle"], "unknown column 'channle'; did you mean 'channel'?"),
    "friendly column": (["--by", "amount"], "unknown column 'amount'; did you mean 'amount_minor'?"),
    "zone": (["--tz", "Europe/Berln"], "unknown time zone 'Europe/Berln'; did you mean 'Europe/Berlin'?"),
    "input zone": (["--input-tz", "Asia/Hanoi2"], "unknown time zone 'Asia/Hanoi2'"),
    "period": (["--every", "mont"], "unknown period 'mont'; did you mean 'month'?"),
    "engine": (["--engine", "polar"], "unknown engine 'polar'; did you mean 'polars'?"),
    "time": (["--since", "yesterday"], "since: 'yesterday' isn't a date or time"),
    "level": (["--level", "95"], "level: 95.0 isn't between 0 and 1"),
    "map": (["--map", "nowhere.toml"], "nowhere.toml"),
    "encoding": (["--encoding", "utf-99"], "encoding: 'utf-99' isn't an encoding"),
}


@pytest.mark.parametrize(("asked", "part"), USAGE.values(), ids=USAGE)
def test_wrong_usage(run, good, asked, part):
    """What is asked wrongly is told in one sentence with the nearest name; exit code 2."""
    result = run("score", good, *asked)

    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: ")
    assert part in line


@pytest.mark.parametrize("asked", [["nowhere.csv"], ["empty"], ["--format", "xml"], [], ["--max-people", "0"]])
def test_wrong_usage_that_click_sees(run, good, asked, tmp_path, monkeypatch):
    """A missing file, an empty folder, an unknown format: exit code 2, and how the command is to be written."""
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir(exist_ok=True)
    result = run("score", *asked, *([good] if asked[:1] in (["--format"], ["--max-people"]) else []))

    assert result.exit_code == 2
    assert "Usage:" in result.stderr


def test_wrong_options_are_told_before_a_file_is_read(run):
    """Nobody waits for a long file to learn that a metric is misspelt: standard input isn't touched."""
    result = run("score", "-", "-m", "npss", stdin=b"\xff not a file at all")

    assert result.stderr.startswith("Error: unknown metric")


def test_column_that_looks_misspelt_is_warned_of(run, good):
    """A header that was meant otherwise is kept as a property, and said so."""
    good.write_text(GOOD.replace("channel", "chanel"))

    result = run("score", good, "-m", "orders")

    assert result.exit_code == 0
    assert result.stderr == f"warning: {good}: column 'chanel' is kept as a property; is 'channel' meant?\n"


def test_mixed_currencies_are_never_added(run, tmp_path):
    """Each currency has its row, and a note says so; that is no fault."""
    (tmp_path / "mixed.csv").write_bytes(with_row("9,2026-01-07T09:30:00Z,order.placed,c3,web,,,,90000,VND"))

    result = run("score", tmp_path / "mixed.csv", "-m", "revenue")

    assert result.exit_code == 0
    assert "revenue (USD)" in result.stdout
    assert "revenue (VND)" in result.stdout
    assert "revenue is in 2 currencies (USD, VND), which are never added: one row each." in result.stdout


def test_only_the_first_rejects_are_shown(run, tmp_path):
    """A thousand bad rows don't fill the screen; how many they are is said, and what keeps them."""
    (tmp_path / "bad.csv").write_text(HEADER + "\n" + "9,,order.placed,c1,,,,,,\n" * 1000 + "\n".join(ROWS))

    result = run("score", tmp_path / "bad.csv", "-m", "orders")

    lines = result.stderr.splitlines()
    assert len(lines) == 7
    assert lines[5:] == [
        "… and 995 more",
        "couldn't be taken: 1,000 of 1,005 rows; --rejects FILE keeps them",
    ]


def test_mended_rejects_are_read_as_the_rows(run, tmp_path):
    """Mend the column row, read the file of rejects: what comes out is what a good file would have given."""
    bad = GOOD.replace("129.90", "129.905").replace(",9,,", ",19,,")
    (tmp_path / "bad.csv").write_text(bad)
    rejects, store, clean = (tmp_path / name for name in ("rejects.csv", "shop.db", "good.csv"))
    clean.write_text(GOOD)

    first = run("import", tmp_path / "bad.csv", "--into", store, "--rejects", rejects)
    mended = rejects.read_text("utf-8").replace('""129.905""', '""129.90""').replace('""19""', '""9""')
    (tmp_path / "mended.csv").write_text(mended, "utf-8")
    second = run("import", tmp_path / "mended.csv", "--into", store)

    assert (first.exit_code, second.exit_code) == (1, 0)
    assert run("score", store).stdout == run("score", clean).stdout


def test_rejects_may_not_overwrite_what_is_read(run, good):
    """The good rows of the file would be lost."""
    before = good.read_bytes()

    result = run("score", good, "--rejects", good)

    assert result.exit_code == 2
    assert "name another file" in result.stderr
    assert good.read_bytes() == before


def test_rejects_need_a_file(run, good):
    """Rejects don't mix with the scorecard."""
    assert run("score", good, "--rejects", "-").exit_code == 2


def test_rejects_need_a_folder_that_is_there(run, good, tmp_path):
    """Before anything is read, so that no row is lost."""
    result = run("score", good, "--rejects", tmp_path / "nowhere" / "rejects.csv")

    assert result.exit_code == 2
    assert "its folder doesn't exist" in result.stderr


def test_file_of_rejects_is_written_also_without_any(run, good, tmp_path):
    """What an earlier run left there doesn't stay and mislead."""
    (tmp_path / "rejects.csv").write_text("old")

    run("score", good, "--rejects", tmp_path / "rejects.csv")

    assert (tmp_path / "rejects.csv").read_text().strip() == "file,line,column,value,reason,row"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file_is_usage(run, good):
    """A file that may not be read is named."""
    good.chmod(0)

    assert run("score", good).exit_code == 2


def test_another_database_is_no_store(run, tmp_path):
    """A file of SQLite that isn't a store is told from one that is."""
    import sqlite3

    with sqlite3.connect(tmp_path / "other.db") as connection:
        connection.execute("CREATE TABLE mine (x)")
    connection.close()

    result = run("score", tmp_path / "other.db")

    assert result.exit_code == 1
    assert "not a cxkit store" in result.stderr
