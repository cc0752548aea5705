"""An estimate holds what JSON can hold, and prints as people read numbers."""

from __future__ import annotations

import math

import attrs
import pytest

from cxkit.metrics import Estimate
from cxkit.metrics.estimate import format_number, format_seconds


def test_an_unbounded_side_is_none():
    """Infinity isn't JSON: a side without a bound has none."""
    found = Estimate(3.0, -math.inf, math.inf)
    assert (found.low, found.high) == (None, None)


def test_no_exclusion_is_none():
    """A reason that nothing was left out for isn't listed."""
    assert Estimate(3.0, excluded={"no score": 0, "off the scale": 2}).excluded == {"off the scale": 2}


def test_estimates_are_values():
    """An estimate can't be changed, and is equal to one that says the same."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Estimate(3.0).value = 4.0
    assert Estimate(3.0, n=2) == Estimate(3.0, n=2)


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (Estimate(0.81, 0.722212, 0.874852, n=100, unit="share"), "81.0 % [72.2, 87.5] n=100"),
        (Estimate(30.0, 14.0511, 44.2013, n=100, unit="points"), "+30.0 [+14.1, +44.2] n=100"),
        (Estimate(-0.04, -100, 100, n=1, unit="points"), "0.0 [-100.0, +100.0] n=1"),
        (Estimate(5.0, 1.5, 7.0, n=4, unit="score"), "5.00 [1.50, 7.00] n=4"),
        (Estimate(69_659, 69_142.7, 70_179.2, n=69_659, unit="count"), "69,659 [69,143, 70,179] n=69659"),
        (Estimate(35.893648, 35.6, None, n=2, unit="USD"), "35.89 USD [35.60, –] n=2"),
        (Estimate(150.0, 42.0, 3700.0, n=9, unit="seconds"), "2 min 30 s [42 s, 1 h 02 min] n=9"),
        (Estimate(None, unit="share"), "– n=0"),
    ],
)
def test_print(estimate: Estimate, text: str):
    """A share is in per cent, points carry their sign, money its currency, durations two units."""
    assert str(estimate) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"), (0.25, "0.25 s"), (59.94, "59.9 s"), (60, "1 min 00 s"), (119.6, "2 min 00 s"),
        (3599, "59 min 59 s"), (3600, "1 h 00 min"), (86_399, "24 h 00 min"), (86_400, "1 d 00 h"),
        (90_061, "1 d 01 h"), (-150, "-2 min 30 s"),
    ],
)  # fmt: skip
def test_durations(seconds: float, text: str):
    """A duration is written in the two units that say enough."""
    assert format_seconds(seconds) == text


@pytest.mark.parametrize(
    ("number", "unit", "text"),
    [(0.0, "points", "0.0"), (-0.04, "points", "0.0"), (0.05, "points", "+0.1"), (1234.5, "VND", "1,234.50")],
)
def test_numbers(number: float, unit: str, text: str):
    """No sign stands before a zero."""
    assert format_number(number, unit) == text
