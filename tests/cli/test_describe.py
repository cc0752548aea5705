"""``cxkit describe``: files, stores and exports; bad rows are named and the rest is described."""

from __future__ import annotations

import json


def test_file(run, good):
    """The counts, and what can be scored."""
    result = run("describe", good)

    assert result.exit_code == 0
    assert "order.placed" in result.stdout
    assert "Can be scored: orders, revenue" in result.stdout


def test_store_and_json(run, good, tmp_path):
    """A store is described too; for programs as JSON."""
    run("import", good, "--into", tmp_path / "shop.db")

    told = json.loads(run("describe", tmp_path / "shop.db", "--format", "json").stdout)

    assert told["events"] == json.loads(run("describe", good, "--format", "json").stdout)["events"]
    assert "nps" in told["scorable"]
    assert told["missing"]["csat"] == ["answers to 'csat'"]


def test_bad_rows(run, tmp_path):
    """They are named, and the exit code is 1."""
    path = tmp_path / "events.csv"
    path.write_text("time,kind\n2026-03-01T00:00:00Z,visit.started\nyesterday,visit.started\n")

    result = run("describe", path)

    assert result.exit_code == 1
    assert "couldn't be taken: 1 of 2 rows" in result.stderr
    assert "visit.started" in result.stdout


def test_recipe(run, tmp_path):
    """An export of another program is described by its recipe."""
    path = tmp_path / "cdnow.txt"
    path.write_text(" 00004 1 19970101 2 29.33\n 00004 1 19970118 2 29.73\n")

    told = json.loads(run("describe", path, "--recipe", "cdnow", "--format", "json").stdout)

    assert (told["events"], told["customers"]) == (2, 1)


def test_wrong_zone(run, good):
    """A wrong zone is wrong usage, told before anything is read."""
    assert run("describe", good, "--tz", "Berlin").exit_code == 2
