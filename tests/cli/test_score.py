from __future__ import annotations

import csv
import gzip
import io
import json

import pytest
from click.testing import CliRunner

import cxkit
from cxkit.cli import main
from cxkit.files import read_events, write_events
from cxkit.simulate import simulate_shop

from .conftest import GOOD

NDJSON = (
    '{"time": "2026-03-01T00:00:00Z", "kind": "order.placed", "customer": "c9", "amount": "5.00", "currency": "USD"}\n'
)


def rows_of(result):
    """Return the rows of a scorecard printed as JSON."""
    return json.loads(result.stdout)["rows"]


def value_of(result, metric, **where):
    """Return the one value of a metric on a scorecard printed as JSON."""
    (row,) = [row for row in rows_of(result) if row["metric"] == metric and where.items() <= row.items()]
    return row["value"]


def test_csv_is_scored_as_the_library_does(run, good):
    """A table on standard output is what print(card) shows, and the exit code is 0."""
    result = run("score", good, "--by", "channel", "--metric", "nps")

    assert result.exit_code == 0
    assert result.stdout == f"{cxkit.score(list(read_events(good)), 'nps', by='channel')}\n"
    assert result.stderr == ""


def test_without_metric_all_that_is_observed_is_shown(run, good):
    """Metrics without any event to read are left out."""
    result = run("score", good, "--format", "json")

    metrics = {row["metric"] for row in rows_of(result)}
    assert {"orders", "revenue", "nps"} <= metrics
    assert not metrics & {"csat", "first_response_time"}


def test_metrics_are_repeated_or_separated_by_commas(run, good):
    """A comma within brackets belongs to a metric's options, one outside separates metrics."""
    result = run("score", good, "-m", "nps[answers=latest,interval=wald],orders", "-m", "revenue", "--format", "json")

    assert [row["metric"] for row in rows_of(result)] == ["nps[answers=latest,interval=wald]", "orders", "revenue"]


def test_columns_and_periods(run, good):
    """Segments and periods cut the card; bounds and zone move it."""
    result = run(
        "score", good, "-m", "orders", "--by", "channel,currency", "--every", "month", "--tz", "Asia/Ho_Chi_Minh",
        "--since", "2026-01-06", "--until", "2026-02-08", "--format", "json",
    )  # fmt: skip

    assert value_of(result, "orders", period="2026-01", channel="store", currency=None, segment_currency="USD") == 1
    assert value_of(result, "orders", period="2026-02", overall=True) == 1
    assert json.loads(result.stdout)["tz"] == "Asia/Ho_Chi_Minh"


def test_level_and_as_of_reach_the_intervals(run, good):
    """Level is that of the intervals."""
    result = run("score", good, "-m", "nps", "--level", "0.8", "--as-of", "2026-03-01", "--format", "json")

    assert rows_of(result)[0]["level"] == 0.8


def test_properties_are_columns(run, good, tmp_path):
    """A column that no event has of itself is a property to segment by."""
    shops = tmp_path / "shops.csv"
    shops.write_text("time,kind,shop\n2026-01-05T09:30:00Z,order.placed,Hanoi\n2026-01-05T09:30:00Z,order.placed,\n")

    result = run("score", good, shops, "-m", "orders", "--by", "shop", "--format", "json")

    assert value_of(result, "orders", shop="Hanoi") == 1
    assert value_of(result, "orders", overall=True) == 5


def test_journey_map_gives_columns(run, tmp_path):
    """With a map one segments by what it says of touchpoints; without one the option is named."""
    events = tmp_path / "events.csv"
    events.write_text("time,kind,touchpoint\n2026-01-05T09:30:00Z,order.placed,storefront.checkout\n")

    with_map = run("score", events, "--map", "hourglass", "--by", "area", "-m", "orders", "--format", "json")
    without = run("score", events, "--by", "area")

    assert value_of(with_map, "orders", area="commerce") == 1
    assert without.exit_code == 2
    assert without.stderr.startswith("Error: --by area needs a journey map")


def test_several_files_are_scored_together(run, good, tmp_path):
    """Each event counts once, whatever file it stands in; a later row corrects an earlier one."""
    packed = tmp_path / "again.csv.gz"
    packed.write_bytes(gzip.compress(GOOD.replace("129.90", "100.00").encode()))
    lines = tmp_path / "more.ndjson"
    lines.write_text(NDJSON)

    result = run("score", good, packed, lines, "--format", "json")

    assert value_of(result, "orders") == 4
    assert value_of(result, "revenue") == 175.10


@pytest.mark.parametrize(
    ("stdin", "asked"),
    [(GOOD, []), (GOOD, ["--from", "csv"]), (NDJSON, []), (NDJSON, ["--from", "ndjson"])],
)
def test_standard_input(run, stdin, asked):
    """``-`` is standard input; what it holds is told by its first bytes or by --from."""
    result = run("score", "-", "-m", "orders", "--format", "json", *asked, stdin=stdin)

    assert result.exit_code == 0
    assert value_of(result, "orders") == (3 if stdin == GOOD else 1)


def test_packed_standard_input(run_process):
    """A packed stream is unpacked, in a process of its own as well."""
    done = run_process("score", "-", "-m", "revenue", "--format", "json", stdin=gzip.compress(GOOD.encode()))

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"][0]["value"] == 200.0


def test_csv_output_parses(run, good):
    """--format csv is one row an estimate, in full precision."""
    result = run("score", good, "-m", "nps", "--by", "channel", "--format", "csv")

    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [(row["channel"], float(row["value"])) for row in rows] == [("", 0.0), ("store", -100.0), ("web", 100.0)]


def test_markdown_output_parses(run, good):
    """--format md is a table whose rows have as many cells as its head."""
    result = run("score", good, "-m", "nps,orders", "--by", "channel", "--format", "md")

    table = [line for line in result.stdout.splitlines() if line.startswith("|")]
    assert [line.count("|") for line in table] == [5] * 4
    assert table[0] == "| metric | overall | store | web |"


def test_output_is_utf8_in_any_locale(run_process, tmp_path):
    """What programs read is UTF-8 whatever the terminal's encoding; what people read is replaced, not fatal."""
    events = tmp_path / "events.csv"
    events.write_text("time,kind,channel\n2026-01-05T09:30:00Z,order.placed,điện thoại\n", "utf-8")
    asked = ("score", events, "-m", "orders", "--by", "channel")

    data = run_process(*asked, "--format", "csv", PYTHONUTF8="0", PYTHONIOENCODING="latin-1")
    table = run_process(*asked, PYTHONUTF8="0", PYTHONIOENCODING="latin-1")

    assert "điện thoại" in data.stdout.decode()
    assert b"?i?n tho?i" in table.stdout
    assert (data.returncode, table.returncode) == (0, 0)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """Return a folder with one simulated shop as CSV, Parquet and a store."""
    for library in ("polars", "duckdb", "pyarrow"):
        pytest.importorskip(library)
    folder = tmp_path_factory.mktemp("shop")
    events = list(simulate_shop(customers=80, days=45))
    for name in ("shop.csv", "shop.parquet"):
        write_events(events, folder / name)
    with cxkit.connect(folder / "shop.db") as cx:
        cx.add(events)
    return folder


PLACES = [(name, engine) for name in ("shop.csv", "shop.parquet", "shop.db") for engine in ("rows", "polars")]


@pytest.fixture(scope="module")
def by_rows(shop):
    """Return the card of the shop's CSV by the row engine, as JSON."""
    return CliRunner().invoke(main, ["score", str(shop / "shop.csv"), *CUT, "--format", "json"]).stdout


CUT = ("--map", "hourglass", "--by", "channel,area", "--every", "month", "--tz", "Europe/Berlin")


# DuckDB plans each statistic for a second or more, whatever the size: once will do.
@pytest.mark.parametrize(("name", "engine"), [*PLACES, ("shop.parquet", "duckdb")])
def test_engines_agree(run, shop, by_rows, engine, name):
    """Every engine gives the same card of every kind of file, for every metric that there are events for."""
    result = run("score", shop / name, "--engine", engine, *CUT, "--format", "json")

    assert result.exit_code == 0, result.stderr
    assert result.stdout == by_rows
    assert len({row["metric"] for row in rows_of(result)}) > 25


def test_parquet_is_read_by_rows_where_rows_are_asked_about(run, good, tmp_path):
    """An option that looks at rows isn't passed over because an engine could read the file itself."""
    pytest.importorskip("pyarrow")
    run("import", good, "--into", tmp_path / "shop.db")
    run("export", tmp_path / "shop.db", "--to", tmp_path / "events.parquet")

    result = run("score", tmp_path / "events.parquet", "-m", "orders", "--rejects", tmp_path / "rejects.csv")

    assert result.exit_code == 0
    assert (tmp_path / "rejects.csv").exists()


def test_notes_of_a_csv_card_go_to_standard_error(run, tmp_path):
    """A CSV file has no room for what a reader should know."""
    events = tmp_path / "events.csv"
    events.write_text(
        "time,kind,amount,currency\n2026-01-05T09:30:00Z,order.placed,1,USD\n2026-01-05T09:30:00Z,order.placed,1,VND\n"
    )

    result = run("score", events, "-m", "revenue", "--format", "csv")

    assert result.stderr.startswith("note: revenue is in 2 currencies (USD, VND)")
    assert [row["currency"] for row in csv.DictReader(io.StringIO(result.stdout))] == ["USD", "VND"]


def test_what_the_engine_did_stands_beside_the_card(run, good):
    """--explain tells it on standard error, out of the way of what is read by programs."""
    result = run("score", good, "-m", "nps", "--explain", "--format", "json")

    assert "explain: rows: " in result.stderr
    assert "pass over the events" in result.stderr
    assert "explain" not in result.stdout


def test_columns_that_parquet_calls_otherwise(run, tmp_path, good):
    """--column says how; of a file that is read by rows a recipe says it."""
    pl = pytest.importorskip("polars")
    rows = {"ts_us": [1, 2], "kind": ["order.placed"] * 2, "user_id": ["c1", "c2"]}
    (tmp_path / "lake").mkdir()
    pl.DataFrame(rows).write_parquet(tmp_path / "lake" / "1.parquet")

    result = run(
        "score", tmp_path / "lake", "-m", "active_customers", "--column", "customer=user_id", "--format", "json"
    )
    assert json.loads(result.stdout)["rows"][0]["value"] == 2
    result = run("score", good, "--column", "customer=user_id")
    assert result.exit_code == 2
    assert "of others a recipe says it" in result.stderr
