"""Floats as the decimals that their shortest digits are."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from cxkit.recipes.lazy_entries import DECIMALS, typed_numbers

pl = pytest.importorskip("polars")

PRICES = st.decimals(min_value=-(10**8), max_value=10**8, places=2).map(float)
LONGER = st.decimals(min_value=-(10**6), max_value=10**6, places=6).map(float)
ODD = st.one_of(st.floats(allow_nan=True), st.sampled_from([1e12, 1e15, 5e-7, 0.1 + 0.2, 2.0**52, -0.015]))


@given(values=st.lists(st.one_of(st.none(), PRICES, PRICES, LONGER, ODD), max_size=30))
def test_as_their_digits_say(values: list[float | None]) -> None:
    """Each number is the one that is written, to the last digit, or all of them are left to their texts."""
    found = typed_numbers(pl.Series(values, dtype=pl.Float64))
    event("natively" if found is not None else "by texts")
    if found is None:
        assert any(each is not None and not _plain(each) for each in values)
        return

    wanted = [None if each is None or each != each else Decimal(repr(each)) for each in values]  # noqa: PLR0124 - NaN
    assert [None if each is None else Decimal(each).scaleb(-found.scale) for each in found.entries] == wanted
    assert found.greatest() >= found.greatest(exactly=True)


def _plain(number: float) -> bool:
    """Say whether a number has few digits, before its decimals and after them."""
    if number != number:  # noqa: PLR0124 - NaN is no number, and in nobody's way
        return True
    digits = Decimal(repr(number))
    if not digits.is_finite():
        return False
    exponent = digits.normalize().as_tuple().exponent
    return isinstance(exponent, int) and -exponent <= DECIMALS and abs(number) * 10**DECIMALS < 10**15


def test_a_few_with_more_decimals() -> None:
    """Numbers that a glance at some of them misses have their decimals too."""
    prices = [1.25, 2.5] * 500
    prices[777] = 0.015
    found = typed_numbers(pl.Series(prices))

    assert found is not None
    assert (found.scale, found.entries[0], found.entries[777]) == (3, 1250, 15)
