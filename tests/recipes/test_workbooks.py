"""Workbooks are read as flat files are, by recipes and as events."""

from __future__ import annotations

import datetime as dt

import pytest

from cxkit import recipes
from cxkit.errors import InvalidValueError, MissingExtraError, UnknownNameError
from cxkit.files import read_events

from .workbooks import write_workbook

pytest.importorskip("python_calamine")

RECIPE = """
name = "till"
[input]
tz = "Europe/Berlin"
time_format = "%d.%m.%Y"
{input}
[[events]]
kind = "order.placed"
time = "At"
customer = "Card"
amount = "Total"
currency = {{ constant = "EUR" }}
[events.properties]
gift = "Gift"
"""
ROWS = [
    ["At", "Card", "Total", "Gift"],
    [dt.datetime(2026, 1, 31, 9, 30), 4711, 129.9, True],  # noqa: DTZ001 - a workbook knows no zones
    [],
    ["01.02.2026", "0042", 20, False],
    ["soon", None, 1, None],
]


def test_a_recipe_reads_a_workbook(tmp_path):
    """Times, numbers and texts of a sheet are taken as what they are; lines have the numbers of their rows."""
    file = write_workbook(tmp_path / "till.xlsx", {"Notes": [["x"]], "Orders": [[], ["Made by the till"], *ROWS]})
    told: list[str] = []
    recipe = recipes.loads(RECIPE.format(input='sheet = "Orders"\nskip = 2'))
    first, second = recipes.read(file, recipe, on_reject=lambda error, _: told.append(str(error)))

    assert (first.time.isoformat(), first.customer, first.amount_minor) == ("2026-01-31T08:30:00+00:00", "4711", 12990)
    assert (second.time.isoformat(), second.customer, second.amount_minor) == (
        "2026-01-31T23:00:00+00:00",
        "0042",
        2000,
    )
    assert (first.data, second.data) == ({"gift": "true"}, {"gift": "false"})
    assert [line.rpartition("/")[2].partition(" isn't")[0] for line in told] == ["till.xlsx:7: At: 'soon'"]


def test_a_workbook_of_events_is_read(tmp_path):
    """The first sheet is a table of events, each row with its number."""
    rows = [
        ["time", "kind", "customer", "score", "instrument"],
        ["2026-01-31T09:30:00Z", "survey.answered", 7, 9, "nps"],
    ]
    file = write_workbook(tmp_path / "events.xlsx", {"Events": [*rows, ["x", "survey.answered", None, None, None]]})
    reading = read_events(file)

    (answer,) = reading
    assert (answer.customer, answer.score) == ("7", 9.0)
    assert (reading.format, reading.rejected) == ("excel", 1)


def test_what_is_no_workbook_is_told(tmp_path):
    """A wrong sheet is named with those there are; a broken file is one sentence."""
    file = write_workbook(tmp_path / "till.xlsx", {"Orders": ROWS})
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(file.read_bytes()[:300])
    empty = write_workbook(tmp_path / "empty.xlsx", {"Orders": []})

    with pytest.raises(UnknownNameError, match="unknown sheet 'Ordres'; did you mean 'Orders'"):
        list(recipes.read(file, recipes.loads(RECIPE.format(input='sheet = "Ordres"'))))
    with pytest.raises(InvalidValueError, match="isn't a whole workbook"):
        list(recipes.read(broken, recipes.loads(RECIPE.format(input=""))))
    for read in (read_events, lambda file: recipes.read(file, recipes.loads(RECIPE.format(input="")))):
        with pytest.raises(InvalidValueError, match=r"has no (rows|lines), not even a header"):
            list(read(empty))


def test_the_extra_is_named(tmp_path, monkeypatch):
    """Without python-calamine the error says what to install."""
    monkeypatch.setitem(__import__("sys").modules, "python_calamine", None)
    file = write_workbook(tmp_path / "till.xlsx", {"Orders": ROWS})

    with pytest.raises(MissingExtraError, match=r"pip install 'cxkit\[excel\]'"):
        list(read_events(file))
