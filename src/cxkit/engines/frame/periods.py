"""Instants to local periods, from the calendar's own description: no engine does date arithmetic of its own."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw

from cxkit.engines.frame.columns import whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cxkit.engines.frame.backend import Backend, LazyFrame
    from cxkit.model.calendar import Calendar

_HOUR_US: Final = 3_600_000_000
_DAY_US: Final = 24 * _HOUR_US
_SHORTEST: Final = {"day": 1, "week": 7, "month": 28, "quarter": 90, "year": 365}
_TREE: Final = 48
"""How many periods a tree of comparisons may tell apart; more are looked up by the hour."""
_RUN: Final = 400 * 24
"""Hours that lie no further apart are looked up together: scanning a zone over empty centuries takes long."""


def with_period(backend: Backend, frame: LazyFrame, calendar: Calendar, span: tuple[int, int], name: str) -> LazyFrame:
    """Add the period of each event.

    Args:
        backend: the native functions.
        frame: a table with ``ts_us``.
        calendar: how to cut time.
        span: the first and the last instant of the table.
        name: the new column.
    """
    first, last = span
    if (last - first) // _DAY_US // _SHORTEST[calendar.every] < _TREE:
        cuts, indices = calendar.pieces(first, last)
        return frame.with_columns(_tree(cuts, indices).alias(name))
    return _by_hour(backend, frame, calendar, name)


def _tree(cuts: Sequence[int], indices: Sequence[int]) -> nw.Expr:
    """Return a balanced tree of comparisons: a chain as long would recurse too deep."""
    if not cuts:
        return whole(indices[0])
    middle = len(cuts) // 2
    earlier = _tree(cuts[:middle], indices[: middle + 1])
    later = _tree(cuts[middle + 1 :], indices[middle + 1 :])
    return nw.when(nw.col("ts_us") < whole(cuts[middle])).then(earlier).otherwise(later)


def _by_hour(backend: Backend, frame: LazyFrame, calendar: Calendar, name: str) -> LazyFrame:
    """Join the period that each hour begins in, and the instants within the hour at which another one begins."""
    frame = frame.with_columns((nw.col("ts_us") // _HOUR_US).alias("cx_hour"))
    (found,) = backend.rows([frame.select("cx_hour").unique()])
    if not found:  # a filter let nothing pass
        return frame.with_columns(whole(0).alias(name)).drop("cx_hour")
    hours, periods, changes = _hours(calendar, sorted(hour for (hour,) in found))
    most = max(map(len, changes))
    columns: dict[str, Sequence[int | None]] = {"cx_hour": hours, "cx_begins": periods}
    for k in range(most):
        columns[f"cx_cut_{k}"] = [cuts[k][0] if k < len(cuts) else None for cuts in changes]
        columns[f"cx_then_{k}"] = [cuts[k][1] if k < len(cuts) else None for cuts in changes]
    frame = frame.join(backend.beside(frame, {}, columns), on="cx_hour", how="left")
    period = nw.col("cx_begins")
    for k in range(most):
        period = nw.when(nw.col("ts_us") >= nw.col(f"cx_cut_{k}")).then(nw.col(f"cx_then_{k}")).otherwise(period)
    return frame.with_columns(period.alias(name)).drop(*columns)


def _hours(calendar: Calendar, hours: Sequence[int]) -> tuple[Sequence[int], list[int], list[list[tuple[int, int]]]]:
    """Return hours, the period at the start of each, and the (instant, period) pairs that change it within the hour."""
    periods: list[int] = []
    changes: list[list[tuple[int, int]]] = []
    start = 0
    for at in range(1, len(hours) + 1):
        if at < len(hours) and hours[at] - hours[at - 1] <= _RUN:
            continue
        run = hours[start:at]
        cuts, indices = calendar.pieces(run[0] * _HOUR_US, (run[-1] + 1) * _HOUR_US - 1)
        for hour in run:
            low = bisect_right(cuts, hour * _HOUR_US)
            high = bisect_right(cuts, (hour + 1) * _HOUR_US - 1)
            periods.append(indices[low])
            changes.append(list(zip(cuts[low:high], indices[low + 1 : high + 1], strict=True)))
        start = at
    return hours, periods, changes
