"""cohorts, nonresponse, weigh and sample-size on the command line: what the library does, and how it ends."""

from __future__ import annotations

import json
import math

import pytest

import cxkit
from cxkit.files import read_events

ANSWERS = """\
id,time,kind,channel,reference,instrument,score,age
1,2026-02-01T09:00:00Z,survey.sent,web,a,,,30+
2,2026-02-01T09:00:00Z,survey.sent,web,b,,,<30
3,2026-02-01T09:00:00Z,survey.sent,store,c,,,30+
4,2026-02-02T09:00:00Z,survey.answered,web,a,nps,9,30+
5,2026-02-02T09:00:00Z,survey.answered,web,b,nps,10,<30
6,2026-02-02T09:00:00Z,survey.answered,store,c,nps,3,30+
"""


@pytest.fixture
def survey(tmp_path):
    """Return a file of a small survey."""
    path = tmp_path / "survey.csv"
    path.write_text(ANSWERS, "utf-8")
    return path


def test_cohorts_are_the_librarys(run, good):
    """A table on standard output is what print(table) shows; JSON is what to_json gives."""
    events = list(read_events(good))
    table = run("cohorts", good, "--as-of", "2026-03-31", "--by", "channel")

    assert table.stdout == f"{cxkit.cohorts(events, as_of='2026-03-31', by='channel')}\n"
    assert run("cohorts", good, "--every", "week", "--follow", 2, "--format", "json").stdout == (
        cxkit.cohorts(events, "week", follow=2).to_json(indent=2) + "\n"
    )
    assert run("cohorts", good, "--kind", "survey.answered", "--format", "md").stdout == (
        cxkit.cohorts(events, kind="survey.answered").to_markdown() + "\n"
    )


def test_cohorts_of_a_parquet_file(run, good, tmp_path):
    """An engine reads the file itself, and gives the same."""
    pytest.importorskip("polars")
    run("import", good, "--into", tmp_path / "shop.db")
    run("export", tmp_path / "shop.db", "--to", tmp_path / "shop.parquet")

    of_rows, of_table = (run("cohorts", tmp_path / f"shop.{end}", "--format", "csv") for end in ("db", "parquet"))
    assert of_table.stdout == of_rows.stdout
    assert of_table.stderr.startswith("note: In brackets: 95 % intervals.")


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_a_file_through_an_engine(run, good, engine):
    """Rows or tables: the same is printed."""
    pytest.importorskip(engine)

    assert run("cohorts", good, "--engine", engine).stdout == run("cohorts", good).stdout


def test_a_bad_row_is_named_and_the_rest_counted(run, good, tmp_path):
    """The exit code is 1, and the row is kept where rejects are wanted."""
    good.write_text(good.read_text("utf-8") + "6,yesterday,order.placed,c9,web,o-9,,,1,USD\n", "utf-8")
    result = run("cohorts", good, "--rejects", tmp_path / "bad.csv")

    assert result.exit_code == 1
    assert "yesterday" in result.stderr
    assert "2026-01" in result.stdout
    assert "yesterday" in (tmp_path / "bad.csv").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("cohorts", "FILE", "--every", "moth"), "unknown period 'moth'; did you mean 'month'?"),
        (("cohorts", "FILE", "--by", "chanel"), "unknown column 'chanel'; did you mean 'channel'?"),
        (("cohorts", "FILE", "--level", "95"), "level: 95.0 isn't between 0 and 1"),
        (("nonresponse", "FILE", "--by", "area"), "--by area needs a journey map"),
        (("nonresponse", "FILE", "--by", "channel", "--engine", "abacus"), "unknown engine 'abacus'"),
        (("weigh", "FILE", "--margin", "channel", "--into", "out.csv"), "isn't written like channel:web=.6,store=.4"),
        (("weigh", "FILE", "--margin", "channel:web", "--into", "out.csv"), "isn't a value and its share"),
        (
            ("weigh", "FILE", "--margin", "channel:web=1,web=2", "--into", "out.csv"),
            "gives channel=web a share once more",
        ),
        (("weigh", "FILE", "--margin", "channel:=1", "--into", "out.csv"), "gives a share to no value"),
        (
            ("weigh", "FILE", "--margin", "channel:web=1", "--trim", "x", "--into", "out.csv"),
            "trim: 'x' isn't a number",
        ),
        (("weigh", "FILE", "--margin", "channel:web=1", "--into", "FILE"), "is read here, so it can't be written to"),
        (("sample-size", "nps"), "give a margin or a difference"),
        (("sample-size", "ces", "--margin", ".1"), "sd: None must be a guess above 0"),
        (("sample-size", "npss", "--margin", "10"), "unknown metric 'npss'; did you mean 'nps'?"),
    ],
)
def test_wrong_usage_is_a_sentence(run, survey, arguments, said):
    """What the command is at fault for ends with 2, before anything is written."""
    result = run(*(str(survey) if argument == "FILE" else argument for argument in arguments))

    assert result.exit_code == 2
    assert said in result.stderr
    assert not (survey.parent / "out.csv").exists()


def test_nonresponse_is_the_librarys(run, survey):
    """Several columns may be named with commas."""
    result = run("nonresponse", survey, "--by", "channel,age", "--window-days", "inf")

    assert result.exit_code == 0
    assert result.stdout == f"{cxkit.nonresponse(read_events(survey), ['channel', 'age'], window_days=math.inf)}\n"
    window = json.loads(run("nonresponse", survey, "--by", "channel", "--format", "json").stdout)
    assert window["excluded"] == {"window not over": 3}


def test_weigh_writes_what_score_counts(run, survey, tmp_path):
    """The file that is written has the weights, and scores as the library's events do."""
    out = tmp_path / "weighed.csv"
    result = run("weigh", survey, "--margin", "channel:web=.5,store=.5", "--into", out)
    weighed = cxkit.weigh(read_events(survey), {"channel": {"web": 0.5, "store": 0.5}})

    assert result.exit_code == 0
    assert result.stdout == f"{weighed}\n"
    assert result.stderr == f"{out}: 6 events\n"
    assert list(read_events(out)) == list(weighed.events)
    (row,) = json.loads(run("score", out, "--metric", "nps", "--format", "json").stdout)["rows"]
    assert row["value"] == pytest.approx(0.0, abs=1e-3)
    assert row["n_effective"] == pytest.approx(weighed.n_effective)


def test_weigh_by_several_margins_within_bounds(run, survey, tmp_path):
    """Margins come again and again, or with commas; weights stay within bounds; the report may be JSON."""
    margins = ("--margin", "channel:web=60", "--margin", "channel:store=40", "--margin", "age:30+=65,<30=35")
    result = run("weigh", survey, *margins, "--trim", ".5,2", "--into", tmp_path / "w.ndjson", "--format", "json")

    told = json.loads(result.stdout)
    assert result.exit_code == 0
    assert [row["reached"] for row in told["rows"]] == pytest.approx([0.6, 0.4, 0.65, 0.35], abs=1e-6)
    assert told["lowest"] >= 0.5


def test_margins_that_do_not_fit_the_answers_are_bad_data(run, survey, tmp_path):
    """Nothing is written."""
    out = tmp_path / "weighed.csv"
    result = run("weigh", survey, "--margin", "channel:web=.5,store=.3,app=.2", "--into", out)

    assert result.exit_code == 1
    assert "gives app a share of 20 %, but nobody there answered" in result.stderr
    assert not out.exists()


def test_sample_size(run):
    """A sentence and what it was solved for; or JSON."""
    result = run("sample-size", "nps", "--margin", "10", "--level", ".9")

    assert result.stdout == (
        "268 answers: a 90 % interval of ±10 points.\nSolved for: adjusted Wald interval, Rocks 2016.\n"
    )
    told = json.loads(run("sample-size", "share", "--share", ".1", "--difference", ".02", "--format", "json").stdout)
    assert (told["n"], told["groups"]) == (3841, 2)
