"""Chance draws from tables as they stand."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from cxkit.simulate.chance import pick, wait_us

KNOTS = (5, 60, 60, 600)
below_one = st.floats(0, 1, exclude_max=True)


def test_pick_gives_each_entry_its_share():
    """Evenly spread chance picks every entry equally often."""
    found = Counter(pick(lambda at=at: at / 1000, ("a", "b", "c", "d")) for at in range(1000))

    assert found == {"a": 250, "b": 250, "c": 250, "d": 250}


@given(below_one, below_one)
def test_waits_grow_with_chance(one, other):
    """A wait lies between the first and the last knot, and more chance is never less wait."""
    shorter, longer = (wait_us(lambda at=at: at, KNOTS) for at in sorted((one, other)))

    assert 5_000_000 <= shorter <= longer <= 600_000_000
