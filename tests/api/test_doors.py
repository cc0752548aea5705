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
