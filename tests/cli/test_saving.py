"""Saving and adding: yesterday isn't read again, shards make the whole, and what would lie is refused by name."""

from __future__ import annotations

import json
import re

import pytest

import cxkit
from cxkit import States
from cxkit.files import read_events, write_events
from cxkit.simulate import simulate_shop

HEAD = "id,time,kind,customer,reference,instrument,score\n"
MONDAY = (
    HEAD + "1,2026-03-02T09:00Z,survey.answered,c1,o-1,nps,10\n2,2026-03-02T10:00Z,survey.answered,c2,o-2,nps,3\n"
    "3,2026-03-02T11:00Z,order.placed,c2,o-2,,\n"
)
TUESDAY = (
    HEAD + "4,2026-03-03T09:00Z,survey.answered,c1,o-3,nps,9\n5,2026-03-03T10:00Z,survey.answered,c3,o-4,nps,9\n"
    "6,2026-03-03T11:00Z,order.placed,c1,o-3,,\n"
)


@pytest.fixture
def days(tmp_path):
    """Return the files of two days, and of the states that are saved."""
    monday, tuesday = tmp_path / "monday.csv", tmp_path / "tuesday.csv"
    monday.write_text(MONDAY)
    tuesday.write_text(TUESDAY)
    return monday, tuesday, tmp_path / "states.json"


def test_yesterday_is_not_read_again(run, days):
    """One file is saved to and added to, day by day; the card is that of all days."""
    monday, tuesday, states = days
    asked = ("--metric", "nps,orders", "--every", "month", "--format", "json")
    first = run("score", monday, "--save", states, *asked)
    assert first.stdout == run("score", monday, *asked).stdout
    monday.unlink()

    second = run("score", tuesday, "--add", states, "--save", states, *asked)

    assert second.exit_code == 0
    monday.write_text(MONDAY)
    whole = json.loads(run("score", monday, tuesday, *asked).stdout)
    assert json.loads(second.stdout)["rows"] == whole["rows"]
    assert States.load(states).events == 6
    again = run("score", tuesday, "--add", states, "--save", states, *asked)
    assert again.exit_code == 1
    assert again.stderr == (
        f"Error: tuesday.csv and {states} hold the same events, which would count twice: leave one out\n"
    )
    assert States.load(states).events == 6


def test_without_metrics_what_survives_is_kept(run, days):
    """The command of the first sentence in the docs needs no metric: what counts customers is left out, and named."""
    monday, tuesday, states = days
    assert run("score", monday, "--save", states).exit_code == 0

    result = run("score", tuesday, "--add", states)

    assert result.exit_code == 0
    assert re.search(r"nps \(points\) +\+50\.0", result.stdout)
    assert "Left out, for the parts may share what is counted once: active_customers" in result.stdout


def test_shards_are_put_together(run, tmp_path):
    """Four shards are scored and saved apart, and merged without any file of events: the identical card."""
    whole = tmp_path / "shop.csv"
    with whole.open("wb") as file:
        write_events(simulate_shop(customers=60, days=120), file, format="csv")
    asked = ("--every", "month", "--by", "channel", "--as-of", "2025-05-01")
    added = []
    for number, part in enumerate(cxkit.shards(read_events(whole), 4)):
        shard, states = tmp_path / f"shard-{number}.csv", tmp_path / f"shard-{number}.json.gz"
        write_events(part, shard)
        assert run("score", shard, "--save", states, *asked).exit_code == 0
        added += ["--add", states]

    merged = run("score", *added, "--over", "customer,reference", "--format", "csv")

    assert merged.exit_code == 0
    assert merged.stdout == run("score", whole, "--format", "csv", *asked).stdout
    assert run("score", *added, "--over", "customer").stdout == run("score", *added, "--over", "customer").stdout
    last = run(
        "score", tmp_path / "shard-3.csv", *added[:-2], "--over", "customer,reference", "--format", "csv", *asked
    )
    assert last.stdout == merged.stdout


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_engines_save_what_rows_save(run, days, tmp_path, engine):
    """Whoever computed them, the states are the same bytes; a Parquet file is read by the engine itself."""
    monday, _, states = days
    parquet, other = tmp_path / "monday.parquet", tmp_path / "other.json"
    write_events(read_events(monday), parquet)
    asked = ("--metric", "nps[answers=latest],active_customers")

    assert run("score", monday, "--save", states, *asked).exit_code == 0
    assert run("score", parquet, "--save", other, "--engine", engine, *asked).exit_code == 0

    assert States.load(other) == States.load(states)


def test_a_mismatch_is_told_before_anything_is_read(run, days):
    """A wrong option costs nobody the reading of a long file, and is wrong usage."""
    monday, tuesday, states = days
    run("score", monday, "--save", states, "--metric", "nps", "--tz", "Asia/Ho_Chi_Minh")
    tuesday.write_text("not,events\n1,2\n")

    result = run("score", tuesday, "--add", states, "--metric", "nps")

    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: tz is 'UTC' in tuesday.csv and 'Asia/Ho_Chi_Minh' in {states}: score them alike\n"
    )


def test_what_counts_customers_is_refused(run, days):
    """It is named, with what to do."""
    monday, tuesday, states = days
    asked = ("--metric", "nps,active_customers")
    run("score", monday, "--save", states, *asked)

    result = run("score", tuesday, "--add", states, *asked)

    assert result.exit_code == 2
    assert result.stderr == (
        "Error: active_customers counts each customer once, and parts that are only times apart may share one: "
        "cut the events by customer, or score nps alone\n"
    )
    assert run("score", tuesday, "--add", states, "--over", "customer", *asked).exit_code == 0


def test_parts_have_names(run, days):
    """What is read from a pipe, or from several files, is named in errors too."""
    monday, tuesday, states = days
    run("score", monday, "--save", states, "--metric", "nps")

    piped = run("score", "-", "--add", states, "--metric", "orders", stdin=TUESDAY)
    several = run("score", tuesday, monday, "--add", states, "--metric", "orders")

    assert f"orders is in standard input alone: score both of standard input and {states}" in piped.stderr
    assert f"orders is in 2 files alone: score both of 2 files and {states}" in several.stderr


def test_overlapping_times_are_refused(run, days):
    """A day that is there already isn't counted twice, and nothing is saved."""
    monday, tuesday, states = days
    run("score", monday, "--save", states, "--metric", "nps")
    before = states.read_bytes()
    tuesday.write_text(TUESDAY.replace("2026-03-03T09", "2026-03-02T09"))

    result = run("score", tuesday, "--add", states, "--save", states, "--metric", "nps")

    assert result.exit_code == 1
    assert "has events until 2026-03-02T11:00:00+00:00" in result.stderr
    assert result.stdout == ""
    assert states.read_bytes() == before


def test_rows_that_could_not_be_taken_are_remembered(run, days):
    """Later cards say that they lack them; the exit code is that of bad data."""
    monday, tuesday, states = days
    monday.write_text(MONDAY + "7,yesterday,order.placed,c9,o-9,,\n")
    assert run("score", monday, "--save", states, "--metric", "nps").exit_code == 1

    result = run("score", tuesday, "--add", states, "--metric", "nps")

    assert result.exit_code == 0
    assert "Not in it: 1 row that couldn't be taken." in result.stdout


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["FILE", "--over", "customer"], "--over says what FILE shares with no --add"),
        (["FILE", "--save", "STATES", "--by", "kind", "--top", "1"], "--top can't be saved or added to"),
        (["FILE", "--save", "-"], "--save needs a file: standard output is for the card"),
        (["FILE", "--save", "FILE"], "is read here, so it can't be written to"),
        (["FILE", "--add", "STATES", "--rejects", "STATES"], "is read here, so it can't be written to"),
        (["--add", "STATES", "--metric", "nps"], "--metric asks something of FILE, and none is named"),
        (["--add", "STATES", "--input-tz", "UTC"], "--input-tz asks something of FILE, and none is named"),
        (
            ["FILE", "--add", "STATES", "--metric", "nps", "--over", "custmer"],
            "unknown column that events are split by",
        ),
        (["--save", "OTHER"], "Missing argument 'FILE...'"),
        ([], "Missing argument 'FILE...'"),
        (["FILE", "--add", "none.json"], "'none.json' does not exist"),
    ],
)
def test_wrong_usage(run, days, args, sentence):
    """One sentence, exit code 2, and no file is touched."""
    monday, tuesday, states = days
    run("score", monday, "--save", states, "--metric", "nps")
    before = states.read_bytes()
    names = {"FILE": tuesday, "STATES": states, "OTHER": states.with_name("other.json")}

    result = run("score", *[names.get(arg, arg) for arg in args])

    assert result.exit_code == 2
    assert sentence in result.stderr
    assert states.read_bytes() == before
    assert tuesday.read_text() == TUESDAY
    assert not names["OTHER"].exists()


@pytest.mark.parametrize("content", ["", "{}", "{", MONDAY, "\x00"])
def test_what_is_not_saved_states(run, days, content):
    """A file that is none of ours, or not whole any more, is named, before FILE is read."""
    monday, _, states = days
    states.write_text(content)

    result = run("score", monday, "--add", states)

    assert result.exit_code == 1
    assert "isn't a file of saved states, or not a whole one: save it anew with cxkit score --save" in result.stderr
    assert result.stderr.count("\n") == 1


def test_states_that_cannot_be_written(run, days):
    """The card isn't shown as if it had been saved."""
    monday, _, states = days

    result = run("score", monday, "--save", states.parent / "none" / "states.json")

    assert result.exit_code == 1
    assert "can't be written: its folder doesn't exist" in result.stderr
    assert result.stdout == ""


def test_a_project_says_it_once(run, days, monkeypatch):
    """What cx.toml asks is saved and compared like options; its --top stands in the way by name."""
    monday, tuesday, states = days
    monkeypatch.chdir(monday.parent)
    project = monday.with_name("cx.toml")
    project.write_text('metrics = ["nps"]\ntz = "Asia/Ho_Chi_Minh"\n[targets]\nnps = 40\n')
    run("score", monday, "--save", states)

    result = run("score", tuesday, "--add", states)
    assert result.exit_code == 0
    assert "≥ +40.0" in result.stdout
    assert "tz is 'UTC'" in run("score", tuesday, "--add", states, "--no-config", "--metric", "nps").stderr
