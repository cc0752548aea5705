"""What the footers of Parquet files tell of times, and when the table itself is asked."""

from __future__ import annotations

import attrs
import pytest

from cxkit.engines import Request
from cxkit.stats import Distinct, Tally, Where

pl = pytest.importorskip("polars", reason="pip install 'cxkit[frame]'")
pytest.importorskip("pyarrow.parquet", reason="pip install 'cxkit[frame]'")

from cxkit.engines import frame  # noqa: E402 - it needs what is asked for above
from cxkit.engines.frame import files  # noqa: E402
from cxkit.engines.frame.files import Scanned, Told, told_of  # noqa: E402
from cxkit.errors import InvalidValueError  # noqa: E402

ORDERS = Distinct(Where(kind="order.placed"))


def written(folder, *times, name="events", dtype=pl.Int64, column="ts_us", **how):
    """Write events of those times and return the path of their file."""
    path = folder / f"{name}.parquet"
    kinds = ["order.placed" if n % 2 else "visit.started" for n in range(len(times))]
    columns = {column: pl.Series(times, dtype=dtype), "kind": pl.Series(kinds, dtype=pl.String)}
    pl.DataFrame(columns | {"customer": kinds}).write_parquet(path, **how)
    return str(path)


def told(*paths, **names):
    """Return what the footers of files tell."""
    return told_of(Scanned(None, paths, names))


def test_rows_and_ends_of_several_files(tmp_path):
    """The least and the greatest of all row groups of all files."""
    one = written(tmp_path, 5, 3, 9, row_group_size=1)
    two = written(tmp_path, 7, -2, name="two")
    none = written(tmp_path, name="none")

    assert told(one, two, none) == Told(5, -2, 9, kinds=True)
    assert told(none) == Told(0, None, None, kinds=True)
    assert told(written(tmp_path, 4, column="at", name="named"), ts_us="at") == Told(1, 4, 4, kinds=True)


def test_kinds_that_are_null(tmp_path):
    """Whether each event has a kind is told, too; where one has none, reading it says so."""
    path = str(tmp_path / "events.parquet")
    pl.DataFrame({"ts_us": [1, 2], "kind": ["order.placed", None], "customer": ["a", "b"]}).write_parquet(path)

    assert told(path) == Told(2, 1, 2, kinds=False)
    with pytest.raises(InvalidValueError, match=r"^kind: None stands in 1 rows"):
        frame.collect(frame.open_paths([path], "polars"), Request((ORDERS,)))


@pytest.mark.parametrize(
    "how",
    [{"statistics": False}, {"dtype": pl.UInt64}, {"dtype": pl.Int32}, {"column": "at"}],
    ids=lambda how: next(iter(how)),
)
def test_footers_that_do_not_tell(tmp_path, how):
    """Without exact ends of integers of 64 bits the table is asked, as it is of a column that isn't there."""
    assert told(written(tmp_path, 1, 2, **how)) is None


def test_times_that_are_null_or_in_a_folder_name(tmp_path):
    """What is wrong with the table is said by who reads it, and a folder's name may be the column."""
    folder = tmp_path / "ts_us=3"
    folder.mkdir()

    assert told(written(tmp_path, 1, None)) is None
    assert told(written(folder, 1)) is None
    assert told(str(tmp_path / "nothing.parquet")) is None


def test_small_files_are_not_worth_loading_pyarrow(tmp_path, monkeypatch):
    """Where pyarrow isn't loaded yet, only large files load it."""
    path = written(tmp_path, 1, 2)
    monkeypatch.delitem(files.sys.modules, "pyarrow.parquet")

    assert told(path) is None
    monkeypatch.setattr(files, "_LARGE", 1)
    assert told(path) == Told(2, 1, 2, kinds=True)


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
@pytest.mark.parametrize("bounds", [{}, {"since_us": 1, "until_us": 10}, {"since_us": 4}, {"until_us": 9}])
def test_the_same_is_found_with_footers_and_without(tmp_path, monkeypatch, engine, bounds):
    """What is in bounds is counted whether the footers say that all is or not; fewer columns are read if they do."""
    path = written(tmp_path, 5, 3, 9, 1)
    request = Request((ORDERS,), **bounds)
    with_footers = frame.collect(frame.open_paths([path], engine), request)
    monkeypatch.setattr("cxkit.engines.frame.door.told_of", lambda _: None)

    without = frame.collect(frame.open_paths([path], engine), request)

    assert attrs.evolve(with_footers, work=None) == attrs.evolve(without, work=None)
    assert with_footers.events == sum(
        bounds.get("since_us", 0) <= ts < bounds.get("until_us", 100) for ts in (5, 3, 9, 1)
    )
    assert set(without.work.columns) - set(with_footers.work.columns) == (set() if bounds else {"ts_us"})


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_only_what_is_read_is_looked_at(tmp_path, engine):
    """A weight that no statistic weighs by, and a score of events that none reads, stop nothing; any other does."""
    path = str(tmp_path / "odd.parquet")
    pl.DataFrame(
        {
            "ts_us": [1, 2], "kind": ["order.placed", "visit.started"], "weight_ppm": [1, -1],
            "score": [1.0, float("inf")], "customer": ["a", "b"],
        }
    ).write_parquet(path)  # fmt: skip
    scores = Tally(Where(kind="order.placed"))

    def states(statistic):
        return frame.collect(frame.open_paths([path], engine), Request((statistic,))).states[statistic]

    assert states(ORDERS)[None, None].n == 1
    assert states(scores)[None, None].n == 1
    with pytest.raises(InvalidValueError, match=r"^weight_ppm: -1 is negative"):
        states(Tally(Where(), of="kind"))
    with pytest.raises(InvalidValueError, match=r"^score: inf isn't finite, in 1 rows"):
        states(Distinct(Where(), of="score"))
