"""Many different times at once, as `cxkit.recipes.times` reads each: natively where they are plainly written."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from cxkit.errors import InvalidValueError
from cxkit.files.moments import day_us, local_day_us, minute_us, plain_rest_us, rest_us
from cxkit.model.calendar import zone
from cxkit.recipes.lazy_vector import Vector, places
from cxkit.recipes.model import EPOCHS, ISO
from cxkit.recipes.times import time_reader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from zoneinfo import ZoneInfo

    import polars as pl

    from cxkit.recipes.lazy_columns import Coded

_SPANS_KEPT: Final = 2**14
_US: Final = timedelta(microseconds=1)
_DAY_US: Final = timedelta(days=1) // _US
_HOUR_US: Final = timedelta(hours=1) // _US
_FIRST_US: Final = -5_364_662_400_000_000
_LAST_US: Final = 7_258_118_400_000_000
_LOOKED_AT: Final = 16
"""How many cells say how most times are written."""
_ISO_DAY: Final = "^[0-9]{4}-"
_WIDE: Final = {
    "Y": "(?:1[89]|20|21)[0-9]{2}", "m": "(?:0[1-9]|1[0-2])", "d": "(?:0[1-9]|[12][0-9]|3[01])",
    "H": "(?:[01][0-9]|2[0-3])", "M": "[0-5][0-9]", "S": "[0-5][0-9]",
}  # fmt: skip
"""The directives that are written in one way alone: with all their digits."""


def times_of(cells: pl.Series, formats: Sequence[str], tz: str | None) -> Vector:
    """Return the instants of texts; null where there are none.

    >>> import polars as pl
    >>> cells = pl.Series(["1970-01-01 01:00:01", "01.01.1970", "x"])
    >>> times_of(cells, ("%d.%m.%Y",), "Europe/Berlin").entries.to_list()
    [1000000, -3600000000, None]
    """
    import polars as pl

    given = [fmt for fmt in formats if fmt != ISO]
    natively: list[Callable[[pl.Series], pl.Series]] = []
    if given and _fixed(given[0]):
        natively.append(lambda some: _local(_parsed(some, given[0]), tz))
    if _iso_alone(given):
        # What is of the one is none of the other, so that what most are may come first.
        first = cells.head(_LOOKED_AT).str.contains(_ISO_DAY).any()
        natively.insert(0 if first else len(natively), lambda some: _by_iso(some, tz))
    found = pl.Series([None], dtype=pl.Int64).new_from_index(0, len(cells))
    for place, read in enumerate(natively):
        if not place:
            found = read(cells)
        elif found.null_count() > cells.null_count():
            left = (found.is_null() & cells.is_not_null()).arg_true()
            found = found.scatter(left, read(cells.gather(left)))
    return _the_rest(found, cells, time_reader(formats, tz))


def times_of_typed(column: Coded, formats: Sequence[str], tz: str | None) -> Vector:
    """Return the instants of a column that a typed file holds, as `times_of` does those of text."""
    import polars as pl

    typed = column.typed
    if typed is None or not isinstance(typed.dtype, pl.Datetime) or not _iso_alone(formats):
        return times_of(column.cells, formats, tz)
    us = typed.dt.epoch("us")
    if typed.dtype.time_zone is None:
        us = _local(us, tz)
    us = us.set((us < _FIRST_US) | (us > _LAST_US), None)
    if us.null_count() == typed.null_count():
        return Vector(us)
    return _the_rest(us, column.cells, time_reader(formats, tz))


def _the_rest(found: pl.Series, cells: pl.Series, read: Callable[[str], int]) -> Vector:
    import polars as pl

    if found.null_count() == cells.null_count():
        return Vector(found)
    left = (found.is_null() & cells.is_not_null()).arg_true()
    moments: list[int | None] = []
    for cell in cells.gather(left).to_list():
        try:
            moments.append(read(cell))
        except InvalidValueError:
            moments.append(None)
    found = found.scatter(left, pl.Series(moments, dtype=pl.Int64)) if moments else found
    bad = found.is_null() & cells.is_not_null()
    return Vector(found, None, bad if bad.any() else None)


def _iso_alone(formats: Sequence[str]) -> bool:
    """Say whether a text of ISO 8601 with its hyphens is of none of the formats."""
    return not any("-" in fmt for fmt in formats if fmt != ISO and fmt not in EPOCHS)


def _fixed(fmt: str) -> bool:
    parts = re.split(r"%(.)", fmt)
    return fmt not in EPOCHS and all(each in _WIDE for each in parts[1::2]) and not re.search(r"\s\s|[\t\n]", fmt)


def _parsed(cells: pl.Series, fmt: str) -> pl.Series:
    """Return the times of the texts that are written with all digits of a format, as a clock shows them."""
    import polars as pl

    parts = re.split(r"%(.)", fmt)
    pattern = "".join(re.escape(part) if place % 2 == 0 else _WIDE[part] for place, part in enumerate(parts))
    plain = cells.set(~cells.str.contains(f"^{pattern}$"), None)
    if not any(each in "HM" for each in parts[1::2]):
        return plain.str.to_date(fmt, strict=False, cache=False).cast(pl.Datetime("us")).to_physical()
    return plain.str.to_datetime(fmt, time_unit="us", strict=False, cache=False).to_physical()


def _by_iso(cells: pl.Series, tz: str | None) -> pl.Series:
    """Return the instants of texts of ISO 8601: as most are written, or by days, minutes and the rest, few each."""
    found = _local(_parsed(cells, "%Y-%m-%d %H:%M:%S"), tz)
    if found.null_count() == cells.null_count():
        return found
    left = found.is_null() & cells.is_not_null()
    return found.scatter(places(left), _by_parts(cells.filter(left), tz))


def _by_parts(cells: pl.Series, tz: str | None) -> pl.Series:
    day, minute, rest = cells.str.head(10), _each(cells.str.slice(10, 6), minute_us), cells.str.slice(16)
    found = _each(day, day_us) + minute + _each(rest, rest_us)
    if tz is None:
        return found
    clock = zone(tz)
    here = _each(day, lambda text: local_day_us(text, clock)) + minute + _each(rest, plain_rest_us)
    return here.zip_with(here.is_not_null(), found)


def _local(moments: pl.Series, tz: str | None) -> pl.Series:
    """Return the instants at which clocks show these times; null in the hours in which they are changed."""
    if tz is None or moments.null_count() == len(moments):
        return moments.set(moments.is_not_null(), None)
    clock = zone(tz)
    shown = moments.set((moments < _FIRST_US) | (moments > _LAST_US), None)
    found = moments - _ahead_at(shown, _DAY_US, clock)
    if found.null_count() == shown.null_count():
        return found
    left = places(found.is_null() & shown.is_not_null())
    some = shown.gather(left)
    return found.scatter(left, some - _ahead_at(some, _HOUR_US, clock))


def _ahead_at(moments: pl.Series, unit: int, clock: ZoneInfo) -> pl.Series:
    """Return by how much a clock is ahead of UTC at the times that it shows; null where it changes in that span."""
    import polars as pl

    spans = moments // unit
    known = (spans.drop_nulls() if spans.null_count() else spans).unique()
    ahead = pl.Series([_ahead(each * unit, unit, clock) for each in known.to_list()], dtype=pl.Int64)
    return spans.replace_strict(known, ahead, default=None, return_dtype=pl.Int64)


@lru_cache(_SPANS_KEPT)
def _ahead(begin: int, length: int, clock: ZoneInfo) -> int | None:
    """Return by how much a clock is ahead of UTC from a time that it shows; None if it is changed meanwhile."""
    first = datetime(1970, 1, 1, tzinfo=clock) + begin * _US
    ends = (first, first + length * _US)
    seen = {moment.replace(fold=fold).utcoffset() for moment in ends for fold in (0, 1)}
    return (seen.pop() or timedelta()) // _US if len(seen) == 1 else None


def _each(texts: pl.Series, read: Callable[[str], int]) -> pl.Series:
    """Return what each text is read as; null where it can't be."""
    import polars as pl

    known = texts.drop_nulls().unique()
    found: list[int | None] = []
    for text in known.to_list():
        try:
            found.append(read(text))
        except ValueError:
            found.append(None)
    return texts.replace_strict(known, pl.Series(found, dtype=pl.Int64), default=None, return_dtype=pl.Int64)
