from __future__ import annotations

import io
from datetime import date

import pytest

from cxkit.files import read_events
from cxkit.simulate import simulate_shop
from cxkit.simulate.columns import customers_for, simulate_tables


def test_simulated_events_are_those_of_the_library(run):
    """The command writes what `simulate_shop` gives, and nothing else."""
    result = run("simulate", "--seed", 3, "--customers", 20, "--days", 30, "--start", "2026-01-01")

    expected = list(simulate_shop(seed=3, customers=20, days=30, start=date(2026, 1, 1)))
    assert list(read_events(io.BytesIO(result.stdout_bytes))) == expected
    assert {event.source for event in expected} == {"simulated-shop"}
    assert result.stderr == ""


def test_file_is_named_when_it_is_written(run, tmp_path):
    """The file is the same each time, in the format of its name; how many events it has goes to standard error."""
    one, two = tmp_path / "one.ndjson.gz", tmp_path / "two.ndjson.gz"

    results = [run("simulate", "--customers", 20, "--days", 30, "--out", file) for file in (one, two)]

    assert one.read_bytes() == two.read_bytes()
    assert all(result.stdout == "" and " events" in result.stderr for result in results)


def test_wrong_sizes_are_usage(run):
    """What can't be a number of customers, or a day, is refused."""
    for asked in (["--customers", "-1"], ["--days", "many"], ["--start", "1st of May"], ["--start", "9998-12-31"]):
        assert run("simulate", *asked).exit_code == 2


def test_folder_that_is_missing(run, tmp_path):
    """The sentence names the file."""
    result = run("simulate", "--days", 1, "--out", tmp_path / "nowhere" / "shop.csv")

    assert result.exit_code == 2
    assert "its folder doesn't exist" in result.stderr


def test_many_events_are_those_of_the_library(run, tmp_path):
    """The command writes the tables that `simulate_tables` gives, of as many customers as make about the events."""
    pq = pytest.importorskip("pyarrow.parquet", reason="pip install 'cxkit[frame]'")
    pytest.importorskip("polars", reason="pip install 'cxkit[frame]'")
    path = tmp_path / "many.parquet"

    result = run("simulate", "--events", 3000, "--seed", 3, "--days", 30, "--start", "2026-01-01", "--out", path)

    customers = customers_for(3000, seed=3, start=date(2026, 1, 1), days=30)
    tables = simulate_tables(seed=3, customers=customers, start=date(2026, 1, 1), days=30)
    expected = [row for table in tables for row in table.to_pylist()]
    assert pq.read_table(path).to_pylist() == expected
    assert result.stderr == f"{path}: {len(expected):,} events of {customers:,} customers\n"
    assert 2_700 < len(expected) < 3_300


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (["--customers", 5, "--out", "many.parquet"], "leave --customers out"),
        (["--out", "many.csv"], "--events writes Parquet"),
        ([], "--events writes Parquet"),
        (["--out", "many.parquet", "--days", 0], "can't happen in 0 days"),
        (["--out", "nowhere/many.parquet"], "its folder doesn't exist"),
    ],
)
def test_many_events_that_cannot_be_written_are_usage(run, asked, sentence):
    """What --events doesn't go with is named."""
    pytest.importorskip("polars", reason="pip install 'cxkit[frame]'")
    result = run("simulate", "--events", 100, *asked)

    assert result.exit_code == 2
    assert sentence in result.stderr
