"""First response time: quantiles by order statistics, the mean by t; what has no end is left out and counted."""

from __future__ import annotations

from random import Random

import pytest

from cxkit import metrics
from cxkit.errors import InvalidValueError
from cxkit.metrics import Estimate, Given
from cxkit.stats import MomentsState, SketchState, SpansState
from cxkit.stats.sketch import bucket

SECOND = 1_000_000


def spans(*seconds: float, **rest: int) -> SpansState:
    """Return the state of gaps of so many seconds."""
    gaps = [round(gap * SECOND) for gap in seconds]
    buckets: dict[int, int] = {}
    for gap in sorted(gaps):
        buckets[bucket(gap)] = buckets.get(bucket(gap), 0) + 1
    moments = (
        MomentsState(len(gaps), sum(gaps), sum(gap * gap for gap in gaps), min(gaps), max(gaps))
        if gaps
        else MomentsState()
    )
    return SpansState(moments, SketchState(buckets), **rest)


def estimate(state: SpansState, at: str, level: float = 0.95) -> Estimate:
    """Return the first response time at a quantile, or its mean."""
    return metrics.first_response_time(at=at).estimate({"responses": state}, Given(level))


# The median of ten lies at rank 5; its 95 % interval between ranks 2 and 9 (David & Nagaraja 2003, 7.1).
def test_median():
    """The median and its bounds are order statistics, within one per cent."""
    found = estimate(spans(*range(10, 110, 10)), "p50")
    assert (found.value, found.low, found.high) == pytest.approx((50, 20, 90), rel=0.01)
    assert (found.n, found.unit, found.method) == (10, "seconds", "order-statistics")


def test_p90_of_ten():
    """Rank 9; ten are too few for an upper bound, so the longest wait stands in for it."""
    found = estimate(spans(*range(10, 110, 10)), "p90")
    assert found.value == pytest.approx(90, rel=0.01)
    assert found.high == 100.0
    assert found.low == pytest.approx(70, rel=0.01)


# By hand: 60, 120, 180: mean 120, s = 60, t(.975, 2) = 4.302653; half width 4.302653 · 60/√3 = 149.0483.
def test_mean():
    """The mean is exact, with a t interval that stays above zero."""
    found = estimate(spans(60, 120, 180), "mean")
    assert (found.value, found.n, found.method) == (120.0, 3, "t")
    assert (found.low, found.high) == (0.0, pytest.approx(269.04826, abs=5e-5))
    assert found.se == pytest.approx(60 / 3**0.5)


@pytest.mark.parametrize("at", ["p50", "p90", "p95"])
def test_quantiles_of_many(at: str):
    """Quantiles of a thousand waits are within one per cent of the exact ones, inside their bounds."""
    chance = Random(7)
    waits = [chance.lognormvariate(6, 1.5) for _ in range(1000)]
    found = estimate(spans(*waits), at)
    exact = sorted(waits)[{"p50": 500, "p90": 900, "p95": 950}[at] - 1]
    assert found.value == pytest.approx(exact, rel=0.01)
    assert found.low < found.value < found.high


@pytest.mark.parametrize("at", ["p50", "p90", "p95", "mean"])
def test_one_wait(at: str):
    """One answered contact gives its wait, exact at its ends, never outside what was observed."""
    found = estimate(spans(123.456789), at)
    assert found.value == 123.456789
    assert found.n == 1
    assert found.low == (0.0 if at == "mean" else 123.456789)
    assert found.high == (None if at == "mean" else 123.456789)


@pytest.mark.parametrize("at", ["p50", "p90", "p95", "mean"])
def test_no_waits(at: str):
    """Nothing answered, no value; and the reasons why."""
    state = spans(unmatched=1, negative=2, immature=3, orphan=4, unkeyed=5)
    found = estimate(state, at)
    assert (found.value, found.n) == (None, 0)
    assert found.excluded == {
        "no end yet": 1, "end before start": 2, "window not over": 3, "end without start": 4, "no key": 5,
    }  # fmt: skip


def test_absurd_waits_are_counted():
    """Gaps of a century and more are left out, and that is said."""
    state = SpansState(MomentsState(1, SECOND, SECOND**2, SECOND, SECOND, out=2), SketchState({SECOND: 1, 10**17: 2}))
    found = estimate(state, "mean")
    assert (found.value, found.excluded) == (1.0, {"gap out of range": 2})


def test_coverage_of_the_median():
    """In simulated samples of 25 the 95 % interval of the median covers the true one at least so often."""
    chance = Random(11)
    covered = 0
    for _ in range(1000):
        found = estimate(spans(*(chance.expovariate(1 / 600) for _ in range(25))), "p50")
        covered += found.low <= 600 * 0.693147 <= found.high
    assert covered >= 0.94 * 1000


def test_other_quantiles_are_refused():
    """An option that isn't offered is named."""
    with pytest.raises(InvalidValueError, match="at: 'p42' isn't one of p50, p90, p95, mean"):
        metrics.first_response_time(at="p42")
