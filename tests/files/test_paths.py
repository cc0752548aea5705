"""What a path stands for: files, folders and patterns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from cxkit.errors import InvalidValueError
from cxkit.files import files_at

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of files as tools leave them."""
    names = (
        "a.parquet",
        "month=02/b.csv.gz",
        "month=01/c.ndjson",
        "_SUCCESS",
        ".a.parquet.crc",
        "_temporary/d.csv",
        "e.txt",
    )
    for name in names:
        path = tmp_path / "events" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path / "events"


def test_a_folder(folder: Path) -> None:
    """Files of events in it and beneath, sorted; not what is hidden, unfinished or something else."""
    found = [str(folder / name) for name in ("a.parquet", "month=01/c.ndjson", "month=02/b.csv.gz")]

    assert files_at(str(folder)) == found


def test_a_pattern(folder: Path) -> None:
    """Two stars go into folders; a folder that matches is none of the files."""
    assert files_at(f"{folder}/**/*.csv.gz") == [f"{folder}/month=02/b.csv.gz"]
    assert files_at(f"{folder}/*[at]*") == [f"{folder}/a.parquet", f"{folder}/e.txt"]


def test_a_file(folder: Path) -> None:
    """It stands for itself, whether it is there or not, and though its name look like a pattern."""
    odd = folder / "a[1].csv"
    odd.touch()
    for path in (str(odd), str(folder / "none.csv"), "-"):
        assert files_at(path) == [path]


def test_nothing_there(folder: Path) -> None:
    """What stands for no file is refused, with what was looked for."""
    with pytest.raises(InvalidValueError, match=re.escape(f"file: '{folder}/*.xlsx' matches no file")):
        files_at(f"{folder}/*.xlsx")
    empty = folder / "empty"
    empty.mkdir()
    with pytest.raises(InvalidValueError, match=r"is a folder in which no file's name ends in .csv, .ndjson"):
        files_at(str(empty))
