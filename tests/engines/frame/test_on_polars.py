"""Parquet files of many rows are scored from disk, with the same result."""

from __future__ import annotations

from datetime import date

import narwhals.stable.v2 as nw
import pytest

import cxkit
from cxkit.metrics import BUILT_IN

pl = pytest.importorskip("polars", reason="pip install 'cxkit[frame]'")

from cxkit.engines.frame import on_polars, open_paths  # noqa: E402 - it needs what is asked for above
from cxkit.engines.frame.backend import backend_of  # noqa: E402
from cxkit.simulate.columns import simulate_tables  # noqa: E402


@pytest.fixture
def path(tmp_path):
    """Return a file of a small shop's events."""
    tables = simulate_tables(customers=150, days=70, start=date(2025, 9, 1))
    path = tmp_path / "shop.parquet"
    pl.concat([pl.DataFrame(pl.from_arrow(table)) for table in tables]).cast({pl.Categorical: pl.String}).write_parquet(
        path
    )
    return str(path)


def large(monkeypatch, folder):
    """Take every Parquet file for a large one; files go into a folder."""
    folder.mkdir()
    monkeypatch.setattr(on_polars, "MOST_ROWS", 1)
    monkeypatch.setattr("tempfile.tempdir", str(folder))


def test_from_disk_as_from_memory(path, tmp_path, monkeypatch):
    """Every built-in metric is the same, to the last digit, and nothing is left on the disk."""
    metrics = [metric.__name__ for metric in BUILT_IN]
    how = {"by": "channel", "every": "month", "tz": "Europe/Berlin", "engine": "polars"}
    in_memory = cxkit.score(path, metrics, **how)
    large(monkeypatch, tmp_path / "scratch")

    from_disk = cxkit.score(path, metrics, **how)

    assert from_disk.to_json() == in_memory.to_json()
    assert any(row.estimate.value for row in from_disk)
    assert not list((tmp_path / "scratch").iterdir())


def test_a_file_is_left_where_it_is(path, tmp_path, monkeypatch):
    """A large file isn't read into memory; what is held of it is a file while the context lasts."""
    _, frame = frame_of(path)
    with on_polars.near(frame, None) as (_, in_memory):
        assert in_memory
    large(monkeypatch, tmp_path / "scratch")

    with on_polars.near(frame, None) as (found, in_memory):
        assert found is frame
        assert not in_memory
        with on_polars.held(found) as kept:
            files = list((tmp_path / "scratch").rglob("*.parquet"))
            assert kept.collect().shape == found.collect().shape
            assert len(files) == 1
        assert not list((tmp_path / "scratch").rglob("*.parquet"))


def test_what_is_compared_often_gives_the_same(path, tmp_path, monkeypatch):
    """A coded column lets the same rows pass, also of values that it doesn't hold; a large table stays as it is."""
    _, frame = frame_of(path)
    column = nw.col("kind")
    filters = [column == "order.placed", column == "no.such", ~column.is_in(["order.placed", "no.such"])]
    coded = on_polars.coded(frame, ["kind"])

    def lengths(table):
        return [len(table.filter(each).collect()) for each in filters]

    assert lengths(coded) == lengths(frame)
    assert coded.collect_schema()["kind"] == nw.Categorical
    large(monkeypatch, tmp_path / "scratch")
    with on_polars.near(frame, None) as (found, _):
        assert on_polars.coded(found, ["kind"]) is found


def test_only_what_can_be_counted_at_once_is_large(path, monkeypatch):
    """A table in memory, and a query that would have to be computed to be counted, are read as they were."""
    monkeypatch.setattr(on_polars, "MOST_ROWS", 1)
    for native in (pl.read_parquet(path), pl.scan_parquet(path).filter(pl.col("score") > 3)):
        _, frame = backend_of(native)
        with on_polars.near(frame, None) as (_, in_memory):
            assert in_memory


def frame_of(path):
    """Return a file as the engine sees it."""
    return backend_of(open_paths([path], "polars"))
