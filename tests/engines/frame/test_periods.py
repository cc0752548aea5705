"""Periods on tables are the calendar's, in every zone, however long the span."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import narwhals.stable.v2 as nw
import pytest

from cxkit.model.calendar import EVERY, Calendar
from cxkit.model.event import to_us

pl = pytest.importorskip("polars", reason="pip install 'cxkit[frame]'")
duckdb = pytest.importorskip("duckdb", reason="pip install 'cxkit[frame]'")

from cxkit.engines.frame.backend import backend_of  # noqa: E402 - it needs what is asked for above
from cxkit.engines.frame.periods import with_period  # noqa: E402

HOUR = 3_600_000_000


def instants(*days: tuple[int, int, int]) -> list[int]:
    """Return instants from half a day before each day to a day and a half after it, 29 minutes apart."""
    starts = [to_us(datetime(*day, tzinfo=UTC)) for day in days]
    return [start + minutes * 60_000_000 for start in starts for minutes in range(-720, 2160, 29)]


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
@pytest.mark.parametrize(
    ("zone", "times"),
    [
        ("Europe/Berlin", instants((2025, 3, 30), (2025, 10, 26))),
        ("Australia/Lord_Howe", instants((2025, 4, 6), (2025, 10, 5))),
        ("America/St_Johns", instants((2010, 3, 14), (2010, 11, 7))),  # changed its clocks a minute after midnight
        ("Asia/Ho_Chi_Minh", instants((1906, 7, 1), (1970, 1, 1), (1975, 6, 13), (2026, 1, 1))),
        ("UTC", [random.Random(1).randrange(-(2**55), 2**56) for _ in range(500)]),
        ("Europe/Berlin", [random.Random(2).randrange(-(10**16), 10**16) for _ in range(300)]),
    ],
)
def test_every_period_is_the_calendars(engine, zone, times):
    """By comparison where there are few periods, by the hour where there are many: the same."""
    table = pl.DataFrame({"ts_us": sorted(times)})
    native = table if engine == "polars" else duckdb.connect().from_arrow(table.to_arrow())
    backend, frame = backend_of(native)
    for every in EVERY:
        calendar = Calendar(every, zone)
        cut = with_period(backend, frame, calendar, (min(times), max(times)), "found")
        (rows,) = backend.rows([cut.select(nw.col("ts_us"), nw.col("found"))])

        assert sorted(rows) == [(ts_us, calendar.index(ts_us)) for ts_us in sorted(times)], every


def test_no_event_has_no_period():
    """A filter may have let nothing pass by the time that periods are looked up by the hour."""
    backend, frame = backend_of(pl.DataFrame({"ts_us": [0]}).filter(pl.lit(False)))  # noqa: FBT003 - a literal column

    (rows,) = backend.rows([with_period(backend, frame, Calendar("day"), (0, 1000 * 24 * HOUR), "found")])
    assert rows == []
