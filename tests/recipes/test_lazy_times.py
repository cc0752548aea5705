"""Many times at once, as each is read alone."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxkit.errors import InvalidValueError
from cxkit.recipes.lazy_times import times_of
from cxkit.recipes.times import time_reader

pl = pytest.importorskip("polars")

CHANGES = {
    "Europe/Berlin": ("2026-03-29 00:00", "2026-10-25 00:00"),
    "Australia/Lord_Howe": ("2026-04-05 00:00", "2026-10-04 00:00"),
    "America/Santiago": ("2026-04-04 12:00", "2026-09-05 12:00"),
    "Asia/Ho_Chi_Minh": ("2026-01-31 00:00", "1975-06-13 00:00"),
}
"""From when on, for a day, a clock that is changed shows odd times."""
FORMATS = (("iso",), ("%d.%m.%Y %H:%M",), ("iso", "%d/%m/%Y %H:%M"), ("%Y-%d-%m %H:%M",))


@given(
    zone=st.sampled_from(sorted(CHANGES)),
    formats=st.sampled_from(FORMATS),
    some=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 24 * 60 - 1), st.sampled_from(FORMATS)), max_size=20),
)
def test_on_days_of_change(zone: str, formats: tuple[str, ...], some: list[tuple[int, int, tuple[str, ...]]]) -> None:
    """On the days on which a clock is changed each time is what it is alone, whichever way it is written."""
    texts = []
    for which, minutes, written in some:
        moment = datetime.fromisoformat(CHANGES[zone][which]) + timedelta(minutes=minutes)
        texts.append(moment.isoformat(" ") if written[-1] == "iso" else moment.strftime(written[-1]))
    read, wanted = time_reader(formats, zone), []
    for text in texts:
        try:
            wanted.append(read(text))
        except InvalidValueError:
            wanted.append(None)
    found = times_of(pl.Series(texts, dtype=pl.String), formats, zone)

    assert found.lines().to_list() == wanted
    assert (found.bad_lines() is None) == (None not in wanted)
