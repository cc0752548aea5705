"""`score` reads exports by a recipe, on every engine."""

from __future__ import annotations

import io

import pytest

import cxkit
from cxkit import recipes
from cxkit.errors import BadRowError, UnknownNameError

RECIPE = """
name = "shop"
[input]
tz = "UTC"
[[joins]]
name = "people"
on = { Who = "id" }
[[events]]
kind = "order.placed"
group = ["No"]
time = "At"
reference = "No"
customer = "Who"
amount = "Total"
currency = { constant = "EUR" }
[events.properties]
segment = "segment"
"""


@pytest.fixture
def shop(tmp_path):
    """Return a folder with two files of a shop, its customers, and the recipe."""
    (tmp_path / "shop.toml").write_text(RECIPE)
    (tmp_path / "1.csv").write_text("No,At,Who,Total\n1,2026-01-01,a,1.50\n2,2026-01-02,b,2\n")
    (tmp_path / "2.csv").write_text("No,At,Who,Total\n2,2026-01-02,b,0.50\n3,2026-02-02,b,4\n")
    (tmp_path / "people.csv").write_text("id,segment\na,gold\nb,tin\n")
    return tmp_path


@pytest.mark.parametrize("engine", [None, "rows", "polars", "duckdb"])
def test_files_are_scored_as_one(shop, engine):
    """Paths, their recipe and the files it joins are all that `score` needs."""
    if engine in {"polars", "duckdb"}:
        pytest.importorskip(engine)
    card = cxkit.score(
        [shop / "1.csv", shop / "2.csv"], ["orders", "revenue"], by="segment", engine=engine, recipe=shop / "shop.toml",
        joins={"people": shop / "people.csv"},
    )  # fmt: skip

    assert card.get("orders").value == 3
    assert card.get("revenue", segment="tin").value == 6.5


def test_open_files_and_recipes_are_taken(shop):
    """An open file is read once; a recipe may be one that was loaded."""
    recipe = recipes.load(shop / "shop.toml")
    with (shop / "1.csv").open("rb") as file:
        card = cxkit.score(file, "revenue", recipe=recipe, joins={"people": io.StringIO("id,segment\n")})

    assert card.get("revenue").value == 3.5


def test_bad_lines_and_names_raise(shop):
    """As with files of events: a number isn't made of a part of the lines without a word."""
    (shop / "2.csv").write_text("No,At,Who,Total\n2,soon,b,0.50\n")
    people = {"people": shop / "people.csv"}

    with pytest.raises(BadRowError, match=r"2.csv:2: At: 'soon' isn't a time"):
        cxkit.score(shop / "2.csv", "orders", recipe=shop / "shop.toml", joins=people)
    with pytest.raises(UnknownNameError, match="unknown engine"):
        cxkit.score(shop / "1.csv", "orders", recipe=shop / "shop.toml", joins=people, engine="abacus")
