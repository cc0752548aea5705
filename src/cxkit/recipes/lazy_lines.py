"""The lines of a CSV file cut into cells by Polars, where it is certain that Python's csv would cut them so."""

from __future__ import annotations

import io
import mmap
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import polars as pl

ROW: Final = "cx_row"
"""The column with the number of a line, the first after the header being 0."""

_LINE: Final = "cx_line"
_NOWHERE: Final = "\x01"
"""A separator that stands nowhere in the file, so that a line is one cell."""


def header_of(path: str, separator: str = ",") -> list[str] | None:
    """Return the cells of the first line; None where the file has no other, or has signs that aren't text."""
    with Path(path).open("rb") as file:
        first = file.readline()
        if not first.strip() or file.seek(0, io.SEEK_END) == len(first):
            return None
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            if any(content.find(sign) >= 0 for sign in (b"\0", _NOWHERE.encode())):
                return None
    try:
        text = first.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        return None
    return None if '"' in text or "\r" in text else text.split(separator)


def cells_of(path: str, width: int, separator: str = ",") -> pl.DataFrame | None:
    """Return the cells of the lines after the header, as ``c0`` and so on; null in lines that have too many or few.

    Returns:
        None where Python would cut the file into other lines, or a record goes over several.
    """
    import polars as pl

    ends, quotes = _counted(path)
    if ends is None:
        return None
    lines = _scanned(path, [_LINE], _NOWHERE).with_columns(pl.col(_LINE).fill_null("").str.strip_suffix("\r"))
    line = pl.col(_LINE)
    separators = line.str.count_matches(separator, literal=True)
    try:
        if not quotes:
            looks = lines.select(n=pl.len(), least=separators.min(), most=separators.max()).collect(engine="streaming")
            n, least, most = looks.row(0)
            if n == ends and least == most == width - 1:
                cells = _scanned(path, _names(width), separator)
                return cells.with_columns(pl.col(_names(width)).fill_null("")).collect()
        held = lines.collect()
    except pl.exceptions.PolarsError:  # bytes that aren't UTF-8
        return None
    return _cut(held, width, separator) if len(held) == ends else None


def _names(width: int) -> list[str]:
    return [f"c{at}" for at in range(width)]


def _scanned(path: str, names: list[str], separator: str) -> pl.LazyFrame:
    import polars as pl

    return pl.scan_csv(
        path,
        has_header=False,
        skip_rows=1,
        separator=separator,
        quote_char=None,
        infer_schema=False,
        new_columns=names,
        row_index_name=ROW,
    ).with_columns(pl.col(ROW).cast(pl.Int64))


def _counted(path: str) -> tuple[int | None, int]:
    """Return how many lines follow the header, or None where some end otherwise than others; and how many quotes."""
    with Path(path).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        quotes = content.find(b'"') + 1
        has_returns = content.find(b"\r") >= 0
        ends = returns = 0
        for chunk in iter(lambda: content.read(2**22), b""):
            ends += chunk.count(b"\n")
            returns += chunk.count(b"\r") if has_returns else 0
        if content[-1:] != b"\n":
            ends += 1
        elif has_returns and content[-2:] != b"\r\n":
            return None, quotes
        pairs = ends - 1 if content[-1:] != b"\n" else ends
    # A return within a line would end it; so each must stand before a line's end.
    return (None if has_returns and returns != pairs else ends - 1), quotes


def _cut(lines: pl.DataFrame, width: int, separator: str) -> pl.DataFrame | None:
    """Cut lines of which some have quotes, or another number of cells."""
    import polars as pl

    names = _names(width)
    parts = pl.col(_LINE).str.split(separator)
    right = parts.list.len() == width
    has_quotes = lines[_LINE].str.contains('"', literal=True)
    plain = lines.filter(~has_quotes)
    cells = [pl.when(right).then(parts.list.get(at, null_on_oob=True)).alias(name) for at, name in enumerate(names)]
    found = plain.lazy().select(ROW, *cells).collect()
    quoted = lines.filter(has_quotes)
    if len(quoted):
        apart = re.escape(separator)
        cell = rf'(?:[^"{apart}]*|"(?:[^"]|"")*")'
        if not quoted[_LINE].str.contains(rf"^{cell}(?:{apart}{cell}){{{width - 1}}}$").all():
            return None
        text = io.BytesIO("\n".join(quoted[_LINE]).encode())
        read = pl.read_csv(text, has_header=False, infer_schema=False, separator=separator, new_columns=names)
        read = read.with_columns(pl.col(names).fill_null(""), quoted[ROW])
        found = pl.concat([found, read.select(ROW, *names)]).sort(ROW)
    return found
