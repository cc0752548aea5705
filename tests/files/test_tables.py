"""Tables of events become one Parquet file, at once or not at all."""

from __future__ import annotations

import io
import sys

import pytest

from cxkit.errors import InvalidValueError, MissingExtraError
from cxkit.files.tables import write_tables
from cxkit.files.write import parquet_schema
from cxkit.simulate.columns import simulate_tables

pytest.importorskip("polars", reason="pip install 'cxkit[frame]'")
pq = pytest.importorskip("pyarrow.parquet", reason="pip install 'cxkit[frame]'")


def shop():
    """Return a table of a small shop's events."""
    return next(simulate_tables(customers=60, days=30))


def test_the_file_is_a_plain_one(tmp_path):
    """The file has the types that events are exported in, and the rows of the tables."""
    path = tmp_path / "shop.parquet"
    written = write_tables([shop()], path)
    read = pq.read_table(path)

    assert read.schema.equals(parquet_schema())
    assert written == read.num_rows > 0
    assert read.to_pylist() == shop().to_pylist()


def test_a_file_appears_when_all_of_it_is_written(tmp_path):
    """What fails half-way leaves what was there; no table at all is a file of no rows."""
    path = tmp_path / "shop.parquet"
    assert write_tables([], path) == 0
    assert pq.read_table(path).schema.equals(parquet_schema())
    before = path.read_bytes()

    def failing():
        yield shop()
        raise InvalidValueError("events", None, "ran out")

    with pytest.raises(InvalidValueError, match="ran out"):
        write_tables(failing(), path)

    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_parquet_is_packed_already(tmp_path):
    """A name that ends in .gz is refused, and a file open for text."""
    with pytest.raises(InvalidValueError, match="packed already"):
        write_tables([], tmp_path / "shop.parquet.gz")
    with pytest.raises(InvalidValueError, match="it is binary"):
        write_tables([shop()], io.StringIO())


def test_missing_library_is_named(tmp_path, monkeypatch):
    """Without pyarrow the sentence says what to install, and no file is begun."""
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)

    with pytest.raises(MissingExtraError, match=r"cxkit\[frame\]"):
        write_tables([], tmp_path / "shop.parquet")

    assert not list(tmp_path.iterdir())
