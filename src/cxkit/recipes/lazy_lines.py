"""The lines of a CSV file cut into cells by Polars, where it is certain that Python's csv would cut them so."""

from __future__ import annotations

import io
import mmap
import re
from contextlib import suppress
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

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

    counted = _counted(path)
    if counted is None:
        return None
    if not counted.quotes:
        with suppress(pl.exceptions.PolarsError):  # a line with more cells, or bytes that aren't UTF-8
            cells = _scanned(path, _names(width), separator).collect()
            # No line has more cells than there are, so that each has as many where not a byte is wanting.
            held = sum(cells[name].str.len_bytes().sum() for name in _names(width))
            if len(cells) == counted.lines and held + len(cells) * (width - 1) * len(separator) == counted.held:
                return cells
    try:
        lines = _scanned(path, [_LINE], _NOWHERE).with_columns(pl.col(_LINE).str.strip_suffix("\r")).collect()
    except pl.exceptions.PolarsError:
        return None
    return _cut(lines, width, separator) if len(lines) == counted.lines else None


def _names(width: int) -> list[str]:
    return [f"c{at}" for at in range(width)]


def _scanned(path: str, names: list[str], separator: str) -> pl.LazyFrame:
    """Return the lines after the header cut at a separator, whatever stands between; nothing is an empty text."""
    import polars as pl

    renamed = "empty_string_is_null" in signature(pl.scan_csv).parameters  # Polars 2
    empty: dict[str, Any] = {"empty_string_is_null": False} if renamed else {"missing_utf8_is_empty_string": True}
    return pl.scan_csv(
        path,
        has_header=False,
        skip_rows=1,
        separator=separator,
        quote_char=None,
        infer_schema=False,
        new_columns=names,
        row_index_name=ROW,
        **empty,
    ).with_columns(pl.col(ROW).cast(pl.Int64), pl.col(names).fill_null(""))


class _Counted(NamedTuple):
    """What a file has after its header.

    Attributes:
        lines: how many.
        held: how many bytes they have, without their ends.
        quotes: whether there are any in the file.
    """

    lines: int
    held: int
    quotes: bool


def _counted(path: str) -> _Counted | None:
    """Count what follows the header; None where some lines end otherwise than others."""
    with Path(path).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        quotes, has_returns = (content.find(sign) >= 0 for sign in (b'"', b"\r"))
        header = len(content[: content.find(b"\n")].rstrip(b"\r"))
        ends = returns = 0
        for chunk in iter(lambda: content.read(2**22), b""):
            ends += chunk.count(b"\n")
            returns += chunk.count(b"\r") if has_returns else 0
        open_end = content[-1:] != b"\n"
        # A return within a line would end it; so each must stand before a line's end.
        if has_returns and (returns != ends or not (open_end or content[-2:] == b"\r\n")):
            return None
        return _Counted(ends - 1 + open_end, len(content) - header - ends - returns, quotes)


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
