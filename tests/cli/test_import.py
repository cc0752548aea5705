from __future__ import annotations

import json

import pytest

import cxkit

from .conftest import GOOD


def test_import_tells_what_became_of_the_rows(run, good, tmp_path):
    """New, the same again, and corrected rows are counted; the good file has no fault."""
    store = tmp_path / "shop.db"
    corrected = tmp_path / "corrected.csv"
    corrected.write_text(GOOD.replace("129.90", "100.00"))

    first, again, third = (run("import", file, "--into", store) for file in (good, good, corrected))

    assert first.stdout == f"{good}: 5 new, 0 duplicates, 0 corrected, 0 refused\n"
    assert again.stdout == f"{good}: 0 new, 5 duplicates, 0 corrected, 0 refused\n"
    assert third.stdout == f"{corrected}: 0 new, 4 duplicates, 1 corrected, 0 refused\n"
    assert [result.exit_code for result in (first, again, third)] == [0, 0, 0]


def test_rows_without_id_are_imported_once_however_often(run, tmp_path):
    """True duplicates stay as many as they are when a file is imported again."""
    file, store = tmp_path / "till.csv", tmp_path / "shop.db"
    file.write_text("time,kind\n" + "2026-01-05,order.placed\n" * 3)

    reports = [run("import", file, "--into", store, "--input-tz", "UTC").stdout for _ in range(2)]

    assert "3 new, 0 duplicates" in reports[0]
    assert "0 new, 3 duplicates" in reports[1]


def test_dataset_names_the_source(run, tmp_path):
    """Two shops' order 1 are two orders."""
    file, store = tmp_path / "till.csv", tmp_path / "shop.db"
    file.write_text("id,time,kind\n1,2026-01-05T00:00:00Z,order.placed\n")

    for dataset in ("hanoi", "hue"):
        run("import", file, "--into", store, "--dataset", dataset)

    with cxkit.connect(store) as cx:
        assert sorted(event.source for event in cx.events()) == ["hanoi", "hue"]


def test_bad_rows_are_counted_and_the_rest_imported(run, tmp_path):
    """The exit code is 1, and all good rows are in the store."""
    file, store = tmp_path / "some.csv", tmp_path / "shop.db"
    file.write_text(GOOD.replace("129.90", "a lot"))

    result = run("import", file, "--into", store)

    assert result.exit_code == 1
    assert "4 new" in result.stdout
    first, last = result.stderr.splitlines()
    assert first.startswith(f"{file}:2: amount: 'a lot' isn't an amount")
    assert last == "couldn't be taken: 1 of 5 rows; --rejects FILE keeps them"


def test_a_store_is_imported_into_another(run, good, tmp_path):
    """Two stores become one, each event once."""
    one, two = tmp_path / "one.db", tmp_path / "two.db"
    run("import", good, "--into", one)

    results = [run("import", one, good, "--into", two) for _ in range(2)]

    assert [result.exit_code for result in results] == [0, 0]
    assert results[0].stdout.splitlines() == [
        f"{one}: 5 new, 0 duplicates, 0 corrected, 0 refused",
        f"{good}: 0 new, 5 duplicates, 0 corrected, 0 refused",
    ]


def test_files_before_an_unreadable_one_stay(run, good, tmp_path):
    """What was imported is told before the file that can't be read is."""
    bad = tmp_path / "bad.csv"
    bad.write_text("")

    result = run("import", good, bad, "--into", tmp_path / "shop.db")

    assert result.exit_code == 1
    assert "5 new" in result.stdout
    assert result.stderr.startswith(f"Error: {bad}:1: ")


def test_store_may_not_be_written_over(run, good, tmp_path):
    """A store isn't its own source, nor where rejects or exports go."""
    store = tmp_path / "shop.db"
    run("import", good, "--into", store)
    before = run("score", store).stdout

    results = [
        run("import", store, "--into", store),
        run("import", good, "--into", store, "--rejects", store),
        run("export", store, "--to", store),
    ]

    assert [result.exit_code for result in results] == [2, 2, 2]
    assert run("score", store).stdout == before


def test_into_a_file_that_is_no_store(run, good):
    """A text file isn't written to as if it were a store."""
    before = good.read_bytes()
    other = good.with_name("other.csv")
    other.write_bytes(before)

    result = run("import", good, "--into", other)

    assert result.exit_code == 1
    assert "not a cxkit store" in result.stderr
    assert other.read_bytes() == before


@pytest.mark.parametrize("name", ["out.csv", "out.ndjson", "out.csv.gz", "out.parquet", "events.jsonl.gz"])
def test_round_trip(run, tmp_path, name):
    """Simulate, import, export, import again: every scorecard is the same."""
    if name.endswith(".parquet"):
        pytest.importorskip("pyarrow")
    shop, first, second, exported = (tmp_path / each for each in ("shop.csv", "one.db", "two.db", name))
    asked = ("--by", "channel", "--every", "month", "--tz", "Europe/Berlin", "--format", "json", "--engine", "rows")
    run("simulate", "--days", 40, "--customers", 60, "--out", shop)
    run("import", shop, "--into", first)

    written = run("export", first, "--to", exported)
    run("import", exported, "--into", second)

    cards = [run("score", file, *asked) for file in (shop, first, exported, second)]
    assert written.exit_code == 0
    assert [card.exit_code for card in cards] == [0, 0, 0, 0]
    assert len({card.stdout for card in cards}) == 1
    assert len(json.loads(cards[0].stdout)["rows"]) > 20


def test_export_to_standard_output(run, good, tmp_path):
    """Without --to a store goes to standard output, from where it can be read."""
    store = tmp_path / "shop.db"
    run("import", good, "--into", store)

    exported = {form: run("export", store, "--format", form) for form in ("csv", "ndjson", "cloudevents")}

    expected = run("score", good).stdout
    for result in exported.values():
        assert (result.exit_code, result.stderr) == (0, "")
        assert run("score", "-", stdin=result.stdout).stdout == expected
    assert json.loads(exported["cloudevents"].stdout.splitlines()[0])["type"] == "cx.order.placed.v1"


def test_forget_erases_for_good(run, good, tmp_path):
    """A forgotten customer is gone, and a later import doesn't bring them back."""
    store = tmp_path / "shop.db"
    run("import", good, "--into", store)

    asked = run("forget", store, "c1", stdin="n\n")
    erased = run("forget", store, "c1", "--yes")
    again = run("import", good, "--into", store)

    assert "Erase c1" in asked.stderr
    assert "nothing was erased" in asked.stderr
    assert erased.stdout == "c1: 3 events and 0 replaced versions erased, under 1 identity\n"
    assert again.stdout.endswith("0 new, 2 duplicates, 0 corrected, 3 refused\n")


def test_forget_needs_an_answer(run, good, tmp_path):
    """Where nobody answers nobody is erased."""
    store = tmp_path / "shop.db"
    run("import", good, "--into", store)

    result = run("forget", store, "c1", stdin="")

    assert result.exit_code == 130
    with cxkit.connect(store) as cx:
        assert len(list(cx.events())) == 5


def test_identities_lists_people_and_conflicts(run, tmp_path):
    """Who is whom, whom an identity shared by many doesn't merge, and which unlink undid nothing."""
    store = tmp_path / "shop.db"
    with cxkit.connect(store) as cx:
        cx.link("c1", "email:an@example.org")
        for customer in ("c2", "c3", "c4"):
            cx.link(customer, "phone:0000000000")
        cx.unlink("c9", "email:nobody@example.org")

    table = run("identities", store, "--max-people", 2)
    found = json.loads(run("identities", store, "--max-people", 2, "--format", "json").stdout)

    assert found["people"] == {"c1": ["email:an@example.org"]}
    assert found["shared"] == {"phone:0000000000": ["c2", "c3", "c4"]}
    assert {conflict["reason"] for conflict in found["conflicts"]} == {"shared", "nothing to undo"}
    for text in ("email:an@example.org", "phone:0000000000", "those of 3 customers", "email:nobody@example.org"):
        assert text in table.stdout
    assert table.exit_code == 0


def test_identities_of_a_store_without_links(run, good, tmp_path):
    """Nobody has another name."""
    run("import", good, "--into", tmp_path / "shop.db")

    assert run("identities", tmp_path / "shop.db").stdout == "Nobody has more than one identity.\n"


@pytest.mark.parametrize("command", ["export", "identities"])
def test_a_store_that_is_missing_is_not_made(run, tmp_path, command):
    """Only import makes a store."""
    assert run(command, tmp_path / "shop.db").exit_code == 2
    assert not (tmp_path / "shop.db").exists()
