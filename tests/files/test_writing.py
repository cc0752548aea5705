from __future__ import annotations

import gzip
import io
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import event_tables

from cxkit.errors import InvalidValueError, MissingExtraError
from cxkit.files import WRITE_FORMATS, read_events, write_events
from cxkit.model.event import Event, event
from cxkit.model.instrument import Instruments

if TYPE_CHECKING:
    from collections.abc import Iterator

VISIT = Event(id="1", ts_us=0, kind="visit.started", source="app")


def back(data: bytes, name: str) -> list[Event]:
    """Return the events of a file that was written; instruments' scales are no matter here."""
    file = io.BytesIO(data)
    file.name = name  # type: ignore[attr-defined]
    return list(read_events(file, strict=True, instruments=Instruments()))


def with_parquet(*names: str) -> list[Any]:
    """Return cases of which those of Parquet are skipped where the extra isn't installed."""
    lacking = pytest.mark.skipif(find_spec("pyarrow") is None, reason="needs the extra 'frame'")
    return [pytest.param(name, marks=lacking) if name.endswith("parquet") else name for name in names]


@pytest.mark.parametrize("fmt", with_parquet(*WRITE_FORMATS))
@given(table=event_tables(max_size=4))
def test_round_trip(fmt: str, table: list[Event]) -> None:
    """What is written is read as equal events, in every format."""
    out = io.BytesIO()

    assert write_events(iter(table), out, format=fmt) == len(table)
    assert back(out.getvalue(), "a.csv" if fmt == "csv" else "a.parquet" if fmt == "parquet" else "a.ndjson") == table


@pytest.mark.parametrize("name", with_parquet("a.csv", "a.csv.gz", "a.ndjson", "a.jsonl.gz", "a.parquet", "a"))
def test_path(tmp_path: Path, name: str) -> None:
    """A path tells the format, and whether to pack; the same events are the same bytes."""
    table = [VISIT, event("order.placed", customer="Nguyễn\r", reference="o-1", properties={"a": [1.5]})]
    path = tmp_path / name
    write_events(table, path)
    first = path.read_bytes()
    write_events(table, str(path))

    assert path.read_bytes() == first
    assert first.startswith(b"\x1f\x8b") == name.endswith(".gz")
    assert list(read_events(path)) == table
    assert os.listdir(tmp_path) == [name]  # noqa: PTH208 - nothing else is left


def test_cells_are_not_altered() -> None:
    """A text that a spreadsheet takes for a formula is data, and stays so."""
    formulas = [event("a.b", customer=text) for text in ("=1+1", "+a", "-a", "@a", "'a", " a ")]
    out = io.StringIO(newline="")
    write_events(formulas, out)

    assert list(read_events(io.StringIO(out.getvalue(), newline=""))) == formulas


def failing() -> Iterator[Event]:
    """Give one event, then fail."""
    yield VISIT
    raise RuntimeError


@pytest.mark.parametrize("name", with_parquet("a.csv", "a.ndjson.gz", "a.parquet"))
def test_old_file_stays_when_writing_fails(tmp_path: Path, name: str) -> None:
    """A file changes at once or not at all."""
    path = tmp_path / name
    write_events([VISIT], path)
    before = path.read_bytes()

    with pytest.raises(RuntimeError):
        write_events(failing(), path)
    assert path.read_bytes() == before
    with pytest.raises(RuntimeError):
        write_events(failing(), tmp_path / f"new-{name}")
    assert os.listdir(tmp_path) == [name]  # noqa: PTH208 - nothing else is left


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a full disk to try is Linux's")
def test_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full at the last moment leaves the old file, and nothing beside it."""
    path = tmp_path / "a.csv"
    write_events([VISIT], path)
    before = path.read_bytes()
    opened = Path.open
    monkeypatch.setattr(
        Path,
        "open",
        lambda self, mode="r": opened(Path("/dev/full") if mode == "xb" and not self.touch() else self, "ab"),
    )

    with pytest.raises(OSError, match="No space left"):
        write_events([VISIT], path)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["a.csv"]  # noqa: PTH208 - nothing else is left


def test_given_file_stays_open_when_writing_fails() -> None:
    """Who opened a file decides what becomes of it."""
    out = io.BytesIO()

    with pytest.raises(RuntimeError):
        write_events(failing(), out)
    assert not out.closed


def test_rewriting_what_is_being_read(tmp_path: Path) -> None:
    """A file may be written from its own events."""
    path = tmp_path / "a.csv"
    table = [event("a.b", customer=str(number)) for number in range(10_000)]
    write_events(table, path)
    write_events(read_events(path), path)

    assert list(read_events(path)) == table


@pytest.mark.skipif(os.name != "posix", reason="links and modes are Unix's")
def test_links_and_modes_stay(tmp_path: Path) -> None:
    """A link stays a link, and a file keeps its mode."""
    path, link = tmp_path / "a.csv", tmp_path / "link.csv"
    path.touch(0o640)
    link.symlink_to(path)
    write_events([VISIT], link)

    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(read_events(path)) == [VISIT]


def test_standard_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hyphen is standard output, which stays open."""
    stdout = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdout", stdout)
    write_events([VISIT], "-", format="ndjson")

    assert back(stdout.buffer.getvalue(), "-") == [VISIT]  # type: ignore[attr-defined]


def test_device() -> None:
    """What is no plain file is written to as it is, and closed, when writing fails too."""
    assert write_events([VISIT], os.devnull, format="ndjson") == 1
    with pytest.raises(RuntimeError):
        write_events(failing(), os.devnull)
    assert not os.path.isfile(os.devnull)  # noqa: PTH113 - it isn't replaced


def test_files_that_cannot_be_written(tmp_path: Path) -> None:
    """What can't be written to is one sentence, before anything is asked of the events."""
    cases: dict[Any, str] = {
        tmp_path / "none" / "a.csv": "can't be written: its folder doesn't exist",
        tmp_path: "is a folder: name a file in it",
        "a\0b": "can't be written: .*embedded null",
        7: "isn't a path or a file open for writing",
    }
    for file, said in cases.items():
        with pytest.raises(InvalidValueError, match=said):
            write_events(failing(), file)
    with pytest.raises(InvalidValueError, match="format: 'jsonl' isn't one of csv, ndjson, cloudevents, parquet"):
        write_events([VISIT], tmp_path / "a.csv", format="jsonl")


def test_parquet_is_neither_text_nor_packed(tmp_path: Path) -> None:
    """Parquet goes into a binary file as it is."""
    pytest.importorskip("pyarrow")
    for out in (io.StringIO(), tmp_path / "a.parquet.gz"):
        with pytest.raises(InvalidValueError, match="can't take Parquet: it is binary and packed already"):
            write_events([VISIT], out, format="parquet")


def test_parquet_without_its_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without pyarrow Parquet names the extra to install."""
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(MissingExtraError, match=r"pip install 'cxkit\[frame\]'"):
        write_events([VISIT], path)
    with pytest.raises(MissingExtraError, match=r"pip install 'cxkit\[frame\]'"):
        list(read_events(path))


@given(st.binary(max_size=200))
def test_packed_output_is_gzip(data: bytes) -> None:
    """What is packed is gzip that anything unpacks."""
    table = [event("a.b", customer=data.hex() or None)]
    out = io.BytesIO()
    out.name = "a.csv.gz"  # type: ignore[attr-defined]
    write_events(table, out)

    assert back(gzip.decompress(out.getvalue()), "a.csv") == table
