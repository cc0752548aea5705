"""What data may be: tables of four libraries, files, stores, several of them; and what is wrong with a file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

import cxkit
from cxkit.errors import InvalidValueError, UnsupportedError
from cxkit.files import write_events
from cxkit.model import COLUMNS

if TYPE_CHECKING:
    from pathlib import Path

EVENTS = [
    cxkit.event(
        "visit.started", id=f"v{n}", customer=f"c{n % 3}", channel="web", time=datetime(2026, 3, n + 1, tzinfo=UTC)
    )
    for n in range(6)
]
COLUMNS_OF = {name: [getattr(event, name) for event in EVENTS] for name in ("ts_us", "kind", "customer", "channel")}


def visits(data: Any, **asked: Any) -> float | None:
    """Return the visits a customer."""
    return cxkit.score(data, "visit_frequency", **asked).get("visit_frequency").value


def test_pandas_and_arrow_tables() -> None:
    """They are scored by Polars, and nowhere else."""
    pd, pa = pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
    pytest.importorskip("polars")
    for table, library in ((pd.DataFrame(COLUMNS_OF), "pandas"), (pa.table(COLUMNS_OF), "pyarrow")):
        assert visits(table) == visits(EVENTS) == 2
        assert visits(table, by="channel", top=1) == 2
        with pytest.raises(UnsupportedError, match=f"a {library} table is scored by engine 'polars', not 'rows'"):
            visits(table, engine="rows")


def test_files_and_stores_together(tmp_path: Path) -> None:
    """Several paths are scored as one, each event once; a store may be among them, or alone."""
    write_events(EVENTS[:4], tmp_path / "a.csv")
    write_events(EVENTS[2:], tmp_path / "b.ndjson")
    with cxkit.connect(tmp_path / "shop.db") as cx:
        cx.add(EVENTS)
    assert visits([tmp_path / "a.csv", str(tmp_path / "b.ndjson")]) == 2
    assert visits((tmp_path / "a.csv", tmp_path / "shop.db")) == 2
    assert visits(tmp_path / "shop.db") == 2
    pytest.importorskip("polars")
    assert visits([tmp_path / "a.csv", tmp_path / "shop.db"], engine="polars") == 2
    assert visits(tmp_path / "shop.db", engine="polars") == 2


def test_what_stands_among_paths(tmp_path: Path) -> None:
    """A path that isn't one, and a file that isn't there."""
    with pytest.raises(InvalidValueError, match="data: 3 stands among paths and isn't one"):
        visits([tmp_path / "a.csv", 3])
    with pytest.raises(InvalidValueError, match="doesn't exist"):
        visits([tmp_path / "a.csv"])


@pytest.mark.parametrize("engine", ["polars", "duckdb", "rows"])
def test_a_parquet_file_damaged_inside(tmp_path: Path, engine: str) -> None:
    """It says which file, whatever the library calls the damage."""
    pytest.importorskip("pyarrow")
    pytest.importorskip(engine if engine != "rows" else "polars")
    path = tmp_path / "events.parquet"
    write_events(EVENTS * 200, path)
    data = bytearray(path.read_bytes())
    data[4 : len(data) // 2] = b"\xff" * (len(data) // 2 - 4)
    path.write_bytes(data)
    with pytest.raises(
        InvalidValueError, match=r"file: '.*events.parquet' (can't be read|isn't a whole Parquet file)"
    ) as caught:
        visits(path, engine=engine)
    assert "\n" not in str(caught.value)


def test_faults_of_our_own_pass(tmp_path: Path) -> None:
    """An event that can't be, in a file without fault, is said as it is."""
    pl = pytest.importorskip("polars")
    pl.DataFrame({"ts_us": [None, 1], "kind": ["visit.started"] * 2}).write_parquet(tmp_path / "events.parquet")
    with pytest.raises(InvalidValueError, match="ts_us: None stands in 1 rows: an event needs a time"):
        visits(tmp_path / "events.parquet")


def test_too_many_periods() -> None:
    """A year that is mistyped makes more days than anybody reads: the first and last time are named."""
    mistyped = cxkit.event("visit.started", time=datetime(26, 3, 1, tzinfo=UTC))
    with pytest.raises(InvalidValueError, match=r"every: 'day' makes 730,491 periods of the time from 0026-03-01T"):
        cxkit.score([*EVENTS, mistyped], "orders", every="day")
    assert len(cxkit.score([*EVENTS, mistyped], "orders", every="day", since="2026-01-01").periods) == 6
    assert len(cxkit.score([*EVENTS, mistyped], "orders", every="year").periods) == 2001


def test_columns_are_those_of_events() -> None:
    """The doors take what `COLUMNS` names."""
    assert set(COLUMNS_OF) <= set(COLUMNS)


def test_columns_by_other_names(tmp_path: Path) -> None:
    """A table, and Parquet files, may call a column otherwise; events and files that are read by rows may not."""
    pl = pytest.importorskip("polars")
    theirs = pl.DataFrame(COLUMNS_OF).rename({"customer": "user_id", "ts_us": "at"}).with_columns(customer=pl.lit("x"))
    theirs.write_parquet(tmp_path / "events.parquet")
    called = {"customer": "user_id", "ts_us": "at"}

    for data in (theirs, theirs.lazy(), tmp_path / "events.parquet", tmp_path):
        assert visits(data, columns=called) == visits(EVENTS)
    with pytest.raises(InvalidValueError, match=r"columns: .*events have names of their own"):
        visits(EVENTS, columns=called)
    theirs.write_csv(tmp_path / "events.csv")
    with pytest.raises(UnsupportedError, match="is read row by row, where columns can't be renamed: write a recipe"):
        visits(tmp_path / "events.csv", columns=called)
    with pytest.raises(InvalidValueError, match=r"columns: .*are named by the recipe"):
        visits(tmp_path / "events.csv", columns=called, recipe="survey")


def test_folders_and_patterns(tmp_path: Path) -> None:
    """Several files are one table; of mixed ones each event counts once."""
    pl = pytest.importorskip("polars")
    for number, half in enumerate((EVENTS[:3], EVENTS[3:])):
        folder = tmp_path / f"year={2025 + number}"
        folder.mkdir()
        write_events(half, folder / "events.csv")
        rows = [{name: getattr(event, name) for name in COLUMNS} for event in half]
        pl.DataFrame(rows, schema_overrides={"amount_minor": pl.Int64}).write_parquet(folder / "events.parquet")

    pattern = f"{tmp_path}/*/*.parquet"
    assert visits(pattern) == visits(f"{tmp_path}/*/*.csv") == visits(tmp_path) == visits(EVENTS)
    assert visits(pattern, engine="duckdb") == visits(pattern, engine="rows") == visits(EVENTS)
    card = cxkit.score(pattern, "visit_frequency", by="year")
    assert [row.segment for row in card.rows] == [{}, {"year": "2025"}, {"year": "2026"}]
    one = cxkit.score(f"{tmp_path}/year=2025/*.parquet", "visit_frequency", by="year")
    assert [row.segment for row in one.rows] == [{}, {"year": "2025"}]
    with pytest.raises(InvalidValueError, match="matches no file"):
        visits(f"{tmp_path}/*.parquet")


def test_a_lazy_table_that_fails_half_way(tmp_path: Path) -> None:
    """One sentence names the table and what its library says."""
    pl = pytest.importorskip("polars")
    table = pl.LazyFrame(COLUMNS_OF).with_columns(kind=pl.lit("survey.answered"))
    table = table.with_columns(score=pl.col("kind").cast(pl.Float64))

    with pytest.raises(InvalidValueError, match="data: 'the polars table' can't be read by polars: conversion"):
        cxkit.score(table, "nps")
