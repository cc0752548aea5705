"""Buckets are whole decimal numbers, the same everywhere, and a quantile from them is within one per cent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cxkit.stats import SketchState
from cxkit.stats.sketch import bucket, midpoint, width_of

INT64 = 2**63
numbers = st.integers(-INT64, INT64 - 1) | st.integers(-2000, 2000) | st.builds(pow, st.just(10), st.integers(0, 18))


@given(numbers)
def test_a_number_stands_in_its_bucket(value: int):
    """A bucket holds the numbers from its edge on, away from zero, for its width."""
    edge = abs(bucket(value))
    assert edge <= abs(value) < edge + width_of(edge)
    assert (bucket(value) < 0) is (value < 0 and edge > 0)
    assert bucket(-value) == -bucket(value)
    assert bucket(bucket(value)) == bucket(value)


@given(numbers, numbers)
def test_buckets_keep_order(one: int, other: int):
    """A greater number never stands in a lower bucket, or ranks would mean nothing."""
    low, high = sorted((one, other))
    assert bucket(low) <= bucket(high)


@given(numbers)
def test_midpoint_is_within_one_per_cent(value: int):
    """The middle of a bucket is within one per cent of every number in it."""
    assert abs(midpoint(bucket(value)) - value) <= abs(value) / 100


def test_a_decade_has_175_buckets():
    """Widths 2, 4 and 10 on [100, 200), [200, 500) and [500, 1000), and so on every power of ten (D)."""
    for decade in (100, 1000, 10**6):
        edges = set(map(bucket, range(decade, 10 * decade, decade // 100)))
        assert len(edges) == 175
    assert {width_of(size) for size in range(100)} == {1}
    assert [width_of(size) for size in (100, 199, 200, 499, 500, 999, 1000)] == [2, 2, 4, 4, 10, 10, 20]


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=40), st.data())
def test_at_rank(values: list[int], data: st.DataObject):
    """The number of a rank is the sorted number of that rank, within one per cent."""
    buckets: dict[int, int] = {}
    for value in sorted(values):
        buckets[bucket(value)] = buckets.get(bucket(value), 0) + 1
    state = SketchState(buckets)
    rank = data.draw(st.integers(1, len(values)))
    found = state.at_rank(rank)
    assert found is not None
    assert abs(found - sorted(values)[rank - 1]) <= sorted(values)[rank - 1] / 100
    assert state.n == len(values)
    assert state.at_rank(len(values) + 1) is None
