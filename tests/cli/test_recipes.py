"""The command line reads exports by recipes."""

from __future__ import annotations

import json

import pytest

from cxkit import recipes

RECIPE = """
name = "till"
[input]
delimiter = ";"
decimal = ","
time_format = "%d.%m.%Y"
tz = "Europe/Berlin"
[[joins]]
name = "people"
on = { Card = "id" }
columns = ["segment"]
[[events]]
kind = "order.placed"
group = ["No"]
time = "At"
customer = "Card"
reference = "No"
amount = "Total"
currency = { constant = "EUR" }
where = { Total = { above = 0 } }
[events.properties]
segment = "segment"
"""


@pytest.fixture
def shop(tmp_path):
    """Return a folder with a till's two files, its customers and the recipe."""
    (tmp_path / "till.toml").write_text(RECIPE)
    (tmp_path / "january.csv").write_text("No;At;Card;Total\n1;31.01.2026;c1;12,90\n2;31.01.2026;c2;5,00\n")
    (tmp_path / "february.csv").write_text("No;At;Card;Total\n2;01.02.2026;c2;1,00\n3;01.02.2026;c9;-1,00\nx\n")
    (tmp_path / "people.csv").write_text("id;segment\nc1;gold\nc2;tin\n")
    return tmp_path


def asked(shop, *files):
    """Return the arguments that read these files by the recipe."""
    return [*(shop / file for file in files), "--recipe", shop / "till.toml", "--with", f"people={shop / 'people.csv'}"]


def test_score_reads_files_as_one(run, shop):
    """An order whose lines stand in two files is one; what gave no event, no match or no row is told."""
    result = run(
        "score",
        *asked(shop, "january.csv", "february.csv"),
        "-m",
        "orders,revenue",
        "-b",
        "segment",
        "--format",
        "json",
    )

    rows = {(row["segment"], row["metric"]): row["value"] for row in json.loads(result.stdout)["rows"]}
    assert (rows[None, "orders"], rows["gold", "revenue"], rows["tin", "revenue"]) == (2, 12.9, 6.0)
    assert result.exit_code == 1
    assert f"{shop / 'february.csv'}:4: row: ['x'] has 1 cells where there are 4 columns" in result.stderr
    assert "note: 1 of 5 lines gave no event: no filter of the recipe takes them" in result.stderr
    assert "note: 1 of 5 lines have a key that 'people' lacks" in result.stderr


def test_import_by_a_recipe_twice_changes_nothing(run, shop):
    """What a recipe reads goes into a store, each event once however often."""
    arguments = [*asked(shop, "january.csv"), "--into", shop / "shop.db"]

    first, again = run("import", *arguments), run("import", *arguments)

    assert first.stdout == f"{shop / 'january.csv'}: 2 new, 0 duplicates, 0 corrected, 0 refused\n"
    assert "0 new, 2 duplicates" in again.stdout
    assert run("score", shop / "shop.db", "-m", "orders").exit_code == 0


def test_wrong_usage_is_told(run, shop):
    """An unknown recipe, a wrong one, a file that nobody joins, and a store as a flat file end as wrong usage."""
    file = shop / "january.csv"
    (shop / "wrong.toml").write_text("name = 'x'\n[[events]]\nkind = 'order.placed'\n")
    run("import", *asked(shop, "january.csv"), "--into", shop / "shop.db")

    told = {
        "did you mean 'cdnow'": run("score", file, "--recipe", "cdnwo"),
        "events #1.time: None is missing": run("score", file, "--recipe", shop / "wrong.toml"),
        "needs its file: say where it is (--with people=FILE": run("score", file, "--recipe", shop / "till.toml"),
        "'x' isn't NAME=FILE": run("score", file, "--recipe", "cdnow", "--with", "x"),
        "name the recipe too": run("score", file, "--with", "people=x.csv"),
        "isn't a file that the recipe joins": run("score", file, "--recipe", "cdnow", "--with", "people=x.csv"),
        "so it can't be written to": run("score", *asked(shop, "january.csv"), "--rejects", shop / "people.csv"),
        "holds events already": run("score", *asked(shop, "shop.db")),
    }

    for sentence, result in told.items():
        assert sentence in result.stderr
        assert result.exit_code == 2, sentence


def test_recipes_are_listed_and_printed(run):
    """The list has each with what it gives; one is printed as it is, to begin one's own with."""
    listed = run("recipes")

    assert all(name in listed.stdout for name in recipes.names())
    assert "order.refunded" in listed.stdout
    assert run("recipes", "cdnow").stdout == recipes.shipped("cdnow")
    assert run("recipes", "no").exit_code == 2
