from __future__ import annotations

import io
from datetime import date

from cxkit.files import read_events
from cxkit.simulate import simulate_shop


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
