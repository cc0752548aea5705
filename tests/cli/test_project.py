"""cxkit score with cards, targets, small groups, rates and a project file."""

from __future__ import annotations

import json

import pytest

PROJECT = """
metrics = ["nps", "orders"]
by = ["channel"]
every = "month"
tz = "Asia/Ho_Chi_Minh"
input_tz = "Asia/Ho_Chi_Minh"

[cards]
board = ["revenue"]

[targets]
orders = 2
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Return the folder that the command runs in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()  # so that no project of the machine's is found
    return tmp_path


def card_of(result):
    """Return the scorecard printed as JSON."""
    return json.loads(result.stdout)


def test_a_ready_made_card(run, here, good):
    """All that the card says, and beneath what is missing."""
    result = run("score", good, "--card", "service", "-m", "orders")

    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines[2:4]] == ["first_response_time", "resolution_time"]
    assert any(line.startswith("Nothing was observed for first_response_time (no contact.answered") for line in lines)
    assert any(line.startswith("orders") for line in lines)
    assert run("score", good, "--card", "servce").exit_code == 2


def test_targets_and_their_exit_code(run, here, good):
    """Verdicts change nothing but what is shown, unless a missed target is to fail."""
    asked = ("-m", "orders,nps", "--target", "orders=20", "--target", "nps<=200", "--format", "json")
    result = run("score", good, *asked)
    failing = run("score", good, *asked, "--fail-on-missed")
    passing = run("score", good, "-m", "orders", "--target", "orders=1", "--fail-on-missed")

    assert [(row["target"], row["verdict"]) for row in card_of(result)["rows"]] == [
        (">= 20", "missed"), ("<= 200", "met"),
    ]  # fmt: skip
    assert (result.exit_code, failing.exit_code, passing.exit_code) == (0, 1, 0)
    assert failing.stdout == result.stdout


@pytest.mark.parametrize(
    ("given", "target"),
    [("nps=40", ">= 40"), ("nps>=40", ">= 40"), ("nps <= 40", "<= 40"), ("nps=<= 40", "<= 40"), ("nps=−5", ">= -5")],
)
def test_spellings_of_targets(run, here, good, given, target):
    """The sign may stand for the equals sign."""
    assert (
        card_of(run("score", good, "-m", "nps", "--target", given, "--format", "json"))["rows"][0]["target"] == target
    )


def test_targets_of_variants(run, here, good):
    """The equals signs of a metric's options aren't the target's."""
    asked = ("-m", "nps[answers=latest,interval=wald]", "--target", "nps[answers=latest,interval=wald]>=40")
    assert card_of(run("score", good, *asked, "--format", "json"))["rows"][0]["target"] == ">= 40"


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (("--target", "nps"), "--target 'nps' isn't written like nps=40"),
        (("--target", "csat=80"), "targets.csat: 80' would be 8000 %"),
        (("-m", "nps", "--target", "csat=.8"), "targets: 'csat' isn't on this card"),
        (("--rate", "EUR"), "--rate 'EUR' isn't written like EUR=1.08"),
        (("--rate", "EUR=1.08"), "rates: {'EUR': '1.08'} need to know into what"),
        (("--currency", "USX"), "currency: 'USX' isn't a currency of ISO 4217"),
        (("--config", "cx.toml", "--no-config"), "--config and --no-config contradict each other"),
    ],
)
def test_wrong_usage(run, here, good, asked, sentence):
    """One sentence, before anything is read."""
    (here / "cx.toml").write_text("")
    result = run("score", good, *asked)
    assert (result.exit_code, result.stdout) == (2, "")
    assert sentence.replace("'", "") in result.stderr.replace("'", "")


def test_rates(run, here, tmp_path):
    """Amounts are converted, and the card says by what."""
    events = tmp_path / "events.csv"
    events.write_text(
        "time,kind,amount,currency\n2026-01-05T09:30:00Z,order.placed,1,USD\n2026-01-05T09:30:00Z,order.placed,2,EUR\n"
    )

    found = card_of(
        run("score", events, "-m", "revenue", "--currency", "USD", "--rate", "EUR=1.08", "--format", "json")
    )

    assert [(row["currency"], row["value"]) for row in found["rows"]] == [("USD", 3.16)]
    assert found["notes"] == ["Converted, each amount rounded half up: 1 EUR = 1.08 USD."]


@pytest.mark.parametrize("name", ["shop.csv", "shop.db", "shop.parquet"])
def test_small_groups(run, here, name):
    """Folding and hiding, whatever is read: a file, a store, a table."""
    pytest.importorskip("pyarrow")
    pytest.importorskip("polars")
    for file in ("shop.parquet", "shop.csv"):
        run("simulate", "--customers", "60", "--days", "40", "--out", here / file)
    run("import", here / "shop.csv", "--into", here / "shop.db")
    asked = ("-m", "orders,active_customers", "--by", "channel", "--top", "2", "--min-n", "8", "--format", "json")

    found = card_of(run("score", here / name, *asked))

    assert {row["channel"] for row in found["rows"]} == {None, "web", "app", "other"}
    assert all(row["n"] is None if row["hidden"] else row["n"] >= 8 for row in found["rows"])
    assert found == card_of(run("score", here / "shop.csv", *asked))


def test_a_project_is_found_and_read(run, here, good):
    """From the folder upwards; options go before it, and the library alone never looks."""
    (here / "cx.toml").write_text(PROJECT)
    (here / "deep").mkdir()

    found = card_of(run("score", good, "--format", "json"))
    bare = card_of(run("score", good, "--no-config", "-m", "orders", "--format", "json"))
    options = ("-m", "orders", "--by", "currency", "--every", "year", "--tz", "UTC", "--target", "orders=9")
    other = card_of(run("score", good, *options, "--format", "json"))

    assert (found["by"], found["every"], found["tz"]) == (["channel"], "month", "Asia/Ho_Chi_Minh")
    assert {row["metric"]: row["target"] for row in found["rows"]} == {"nps": None, "orders": ">= 2"}
    assert (bare["by"], bare["every"], bare["tz"]) == ([], None, "UTC")
    assert (other["by"], other["every"], other["tz"]) == (["currency"], "year", "UTC")
    assert {row["target"] for row in other["rows"]} == {">= 9"}


def test_what_a_project_says_can_be_unsaid(run, here, good):
    """None is no column and no period."""
    (here / "cx.toml").write_text(PROJECT)

    found = card_of(run("score", good, "--by", "none", "--every", "none", "--card", "board", "--format", "json"))

    assert (found["by"], found["every"]) == ([], None)
    assert [row["metric"] for row in found["rows"]] == ["revenue"]


def test_a_projects_zone_reads_files(run, here):
    """Times without offset are in the project's zone for input."""
    (here / "cx.toml").write_text(PROJECT)
    (here / "till.csv").write_text("time,kind\n2026-03-01 00:30,order.placed\n")

    found = card_of(run("score", here / "till.csv", "-m", "orders", "--format", "json"))

    assert {row["period"] for row in found["rows"]} == {"2026-03"}


def test_the_project_file_is_named_when_asked(run, here, good):
    """--verbose says which is read; --config names another."""
    (here / "cx.toml").write_text(PROJECT)
    (here / "other.toml").write_text('metrics = ["orders"]')

    assert run("score", good, "-v").stderr == f"note: project file {here / 'cx.toml'}\n"
    assert run("score", good).stderr == ""
    found = run("score", good, "--config", "other.toml", "--verbose", "--format", "json")
    assert found.stderr == "note: project file other.toml\n"
    assert len(card_of(found)["rows"]) == 1
    (here / "cx.toml").unlink()
    assert run("score", good, "-v").stderr == "note: no project file here or above\n"


def test_a_wrong_project_is_wrong_usage(run, here, good):
    """File, key and the nearest name, before anything is read."""
    (here / "cx.toml").write_text('metrics = ["npss"]')

    result = run("score", good)

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(
        f"Error: {here / 'cx.toml'}: metrics[1]: 'npss' isn't known here; did you mean 'nps'?"
    )
