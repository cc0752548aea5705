"""Runs of lines that are alike."""

from __future__ import annotations

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxkit.recipes.lazy_runs import Runs

pl = pytest.importorskip("polars")
pytest.importorskip("pyarrow")

LINES = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([None, 1.5, 2.5]), st.one_of(st.none(), st.integers(-9, 9)))
)


@given(lines=LINES, data=st.data())
def test_same_as_one_by_one(lines: list[tuple[int, float | None, int | None]], data: st.DataObject) -> None:
    """Runs begin where a column changes, null being like null alone, and are added up as Python adds them."""
    keys, others, numbers = ([line[at] for line in lines] for at in range(3))
    columns = [pl.Series(keys, dtype=pl.UInt32), pl.Series(others, dtype=pl.Float64)]
    runs = Runs(columns, len(lines))
    wanted = [[number for *_, number in run] for _, run in groupby(lines, key=lambda line: line[:2])]

    assert runs.lengths.to_list() == [len(run) for run in wanted]
    sums = [[number for number in run if number is not None] for run in wanted]
    assert runs.total(pl.Series(numbers, dtype=pl.Int64)).to_list() == [sum(run) if run else None for run in sums]
    flags = data.draw(st.lists(st.booleans(), min_size=len(wanted), max_size=len(wanted)))
    spread = [flag for flag, run in zip(flags, wanted, strict=True) for _ in run]
    assert runs.spread(pl.Series(flags, dtype=pl.Boolean)).to_list() == spread
