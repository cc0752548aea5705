from __future__ import annotations

import json

import pytest

from cxkit.engines import capabilities
from cxkit.plugins import registry


def test_every_metric_is_listed_with_the_events_it_reads(run):
    """Name, title, unit, events, options with defaults, and source of each."""
    listed = {each["name"]: each for each in json.loads(run("metrics", "--format", "json").stdout)}

    assert set(listed) == set(registry().catalogue.factories)
    assert listed["nps"]["reads"] == ["survey.answered"]
    assert listed["nps"]["options"] == {"answers": "all", "per": "customer", "interval": "adjusted-wald"}
    assert listed["first_response_time"]["unit"] == "seconds"
    assert all(each["title"] and each["source"] and each["description"] for each in listed.values())


def test_table_names_every_metric(run):
    """The table holds what the JSON holds, and nothing of it is cut."""
    table = run("metrics").stdout

    for each in json.loads(run("metrics", "--format", "json").stdout):
        for text in (each["name"], each["title"], *each["reads"], each["source"]):
            assert text in table
    assert "interval=adjusted-wald" in table
    assert "…" not in table


@pytest.mark.parametrize("spelling", ["nps", "nps[answers=latest]"])
def test_one_metric_in_full(run, spelling):
    """Its docstring says what each option means."""
    shown = run("metrics", spelling).stdout

    assert shown.startswith("nps: Net Promoter Score (points, higher is better)")
    assert "goodman" in shown
    assert "Reads: survey.answered" in shown


def test_one_metric_as_json(run):
    """One metric is one object."""
    assert json.loads(run("metrics", "csat", "--format", "json").stdout)["name"] == "csat"


def test_unknown_metric(run):
    """The nearest is suggested."""
    result = run("metrics", "npss")

    assert result.exit_code == 2
    assert "did you mean 'nps'?" in result.stderr


def test_what_is_listed_can_be_asked_for(run, good):
    """Every listed option with its listed default is taken."""
    for each in json.loads(run("metrics", "--format", "json").stdout):
        spelled = ",".join(f"{name}={'none' if value is None else value}" for name, value in each["options"].items())
        result = run("score", good, "-m", f"{each['name']}[{spelled}]")
        assert result.exit_code == 0, result.stderr


def test_engines_are_shown_with_what_they_compute(run):
    """One column an engine, one line a statistic."""
    head, _, *lines = run("engines").stdout.splitlines()

    able = capabilities()
    assert head.split() == ["statistic", *able]
    assert {line.split()[0] for line in lines if line} >= set(able["rows"])
