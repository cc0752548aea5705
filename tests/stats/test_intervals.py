"""Intervals: reference figures with their sources; each contains its value and stays on its scale."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cxkit.stats.intervals import (
    compound_poisson,
    kish,
    mean_t,
    net_share,
    net_share_adjusted,
    net_share_goodman,
    net_share_wald,
    poisson_score,
    quantile_bounds,
    quantile_ranks,
    wilson,
)

levels = st.sampled_from((0.5, 0.8, 0.9, 0.95, 0.99, 0.999))
sizes = st.integers(1, 10**9) | st.floats(0.01, 1e6)


@st.composite
def thirds(draw: st.DrawFn) -> tuple[float, float, int]:
    """Draw shares that count up and down, and how many answers they rest on."""
    up, between, down = draw(st.tuples(*[st.integers(0, 1000)] * 3).filter(any))
    n = up + between + down
    return up / n, down / n, n


# Wilson 1927; figures by R's binom::binom.confint(methods = "wilson")
@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(81, 100, 0.722212, 0.874852), (0, 10, 0.0, 0.277533), (10, 10, 0.722467, 1.0)],
)
def test_wilson(hits: int, n: int, low: float, high: float):
    """Wilson's interval, also where all answers are alike."""
    assert wilson(hits / n, n) == pytest.approx((low, high), abs=5e-7)


# Rocks 2016, The American Statistician 70(4); figures by R. Detractors, passives, promoters: 20, 30, 50.
@pytest.mark.parametrize(
    ("interval", "level", "low", "high"),
    [
        (net_share_wald, 0.95, 0.146922, 0.453078),
        (net_share, 0.95, 0.140511, 0.442013),
        (net_share, 0.90, 0.164748, 0.417776),
        (net_share_goodman, 0.95, 0.108825, 0.491175),
    ],
)
def test_net_share(interval, level: float, low: float, high: float):
    """The three intervals of a net share."""
    assert interval(0.5, 0.2, 100, level) == pytest.approx((low, high), abs=5e-7)


def test_net_share_adjusted_before_clipping():
    """What is clipped to the scale: ten promoters, and one (Rocks 2016; figures by R)."""
    for n, low, high in ((10, 0.475036, 1.063426), (1, -0.484986, 0.984986)):
        centre, se = net_share_adjusted(1.0, 0.0, n)
        assert (centre - 1.959964 * se, centre + 1.959964 * se) == pytest.approx((low, high), abs=1e-6)
    assert net_share(1.0, 0.0, 10) == pytest.approx((0.475036, 1.0), abs=5e-7)
    assert net_share_adjusted(0.5, 0.2, 100)[0] == pytest.approx(0.291262, abs=5e-7)


def test_net_share_wald_knows_no_doubt():
    """Wald's interval of answers that are all alike is nothing wide: why it isn't the default."""
    assert net_share_wald(1.0, 0.0, 10) == (1.0, 1.0)


# By R's qt: the half width is .825559.
def test_mean_t():
    """The t interval of a mean; one observation says nothing of its own spread."""
    assert mean_t(10.0, 4.0, 25) == pytest.approx((10 - 0.825559, 10 + 0.825559), abs=1e-6)
    assert mean_t(10.0, None, 1) == (-math.inf, math.inf)
    assert mean_t(10.0, 0.0, 2) == (10.0, 10.0)


# Barker 2002, The American Statistician 56(2): (count - mean)² / mean = z²
def test_poisson_score():
    """The bounds are the means that a score test just doesn't reject."""
    z2 = 1.959963984540054**2
    for count in (1, 10, 10_000):
        for bound in poisson_score(count):
            assert (count - bound) ** 2 / bound == pytest.approx(z2)
    assert poisson_score(0) == (0.0, pytest.approx(z2))


def test_compound_poisson_of_ones_is_a_count():
    """A sum of ones is a count, whose Wald interval is n ± z √n."""
    assert compound_poisson(100, 100) == pytest.approx((100 - 19.59964, 100 + 19.59964), abs=1e-5)


# Kish 1965; w = (1, 2, 1, 1.5, .5, 1, 3, 1, .8, 1.2): deff 1.276923 (R survey)
def test_kish():
    """The effective number of weighted answers; equal weights lose nothing, no answers are none."""
    weights = (1, 2, 1, 1.5, 0.5, 1, 3, 1, 0.8, 1.2)
    assert 10 / kish((w, w * w) for w in weights) == pytest.approx(1.276923, abs=5e-7)
    assert kish((w, w * w) for w in weights) == pytest.approx(7.83133, abs=5e-6)
    assert kish([(2.5, 6.25)] * 4) == pytest.approx(4)
    assert kish([]) == 0


@given(thirds(), levels, st.sampled_from((net_share, net_share_wald, net_share_goodman)))
def test_net_shares_stay_and_contain(drawn: tuple[float, float, int], level: float, interval):
    """A net share's interval contains it and stays within -1 and 1."""
    plus, minus, n = drawn
    low, high = interval(plus, minus, n, level)
    assert -1 <= low <= plus - minus <= high <= 1


@given(st.integers(0, 10**6), st.integers(1, 10**6), levels)
def test_wilson_stays_and_contains(hits: int, n: int, level: float):
    """A share's interval contains it and stays within 0 and 1."""
    assume(hits <= n)
    low, high = wilson(hits / n, n, level)
    assert 0 <= low <= hits / n <= high <= 1


@given(st.integers(0, 10**12), st.integers(1, 10**12), levels)
def test_counts_stay_and_contain(count: int, n: int, level: float):
    """A count's interval contains it and isn't below zero; a sum's contains it."""
    low, high = poisson_score(count, level)
    assert 0 <= low <= count <= high
    low, high = compound_poisson(count, n, level)
    assert low <= count <= high


@given(st.floats(-1e9, 1e9), st.floats(0, 1e9), st.integers(2, 10_000), levels)
def test_means_contain(mean: float, variance: float, n: int, level: float):
    """A mean's interval contains it."""
    low, high = mean_t(mean, variance, n, level)
    assert low <= mean <= high


@given(thirds(), st.integers(2, 1000))
def test_wider_at_higher_levels(drawn: tuple[float, float, int], n: int):
    """More confidence never takes anything away."""
    plus, minus, answers = drawn
    for interval in (
        lambda level: net_share(plus, minus, answers, level),
        lambda level: net_share_goodman(plus, minus, answers, level),
        lambda level: wilson(plus, n, level),
        lambda level: poisson_score(n, level),
        lambda level: mean_t(plus, minus, n, level),
    ):
        narrow, wide = interval(0.8), interval(0.99)
        assert wide[0] <= narrow[0] <= narrow[1] <= wide[1]


@cache
def _cumulated(n: int, q: Fraction) -> list[Fraction]:
    """Return P(X <= k) for k from -1 to n."""
    found = [Fraction(0)]
    for k in range(n + 1):
        found.append(found[-1] + math.comb(n, k) * q**k * (1 - q) ** (n - k))
    return found


@pytest.mark.parametrize("level", ["0.8", "0.9", "0.95", "0.99"])
@pytest.mark.parametrize("q", ["0.5", "0.9", "0.95", "0.1"])
def test_quantile_ranks_by_brute_force(q: str, level: str):
    """For up to sixty values the ranks are those that exact binomial probabilities give."""
    tail = (1 - Fraction(level)) / 2
    for n in range(1, 61):
        below = _cumulated(n, Fraction(q))
        rank = math.ceil(n * Fraction(q))
        low = max(r for r in range(rank + 1) if r == 0 or below[r] <= tail)
        high = min(r for r in range(rank, n + 2) if r == n + 1 or below[r] >= 1 - tail)
        assert quantile_ranks(float(q), n, float(level)) == (rank, low, high), n


@given(st.sampled_from((0.5, 0.55, 0.7, 0.9, 0.95)), st.integers(1, 10**6), levels)
def test_quantile_ranks_enclose(q: float, n: int, level: float):
    """The ranks that bound a quantile lie on either side of it, and reach no further than they must."""
    rank, low, high = quantile_ranks(q, n, level)
    assert 0 <= low <= rank <= high <= n + 1
    assert rank == math.ceil(n * Fraction(str(q)))


# Hettmansperger & Sheather 1986: between ranks d and d + 1 of a median, (n - d) I / (d + (n - 2 d) I) of the way.
@pytest.mark.parametrize("n", [6, 10, 11, 25, 50, 99, 500])
def test_median_bounds(n: int):
    """Bounds of a median are interpolated as published, and lie alike on either side."""
    rank, below, above = quantile_bounds(0.5, n)
    assert below is not None
    assert above is not None
    d = below.outer
    error, more = (sum(math.comb(n, k) for k in range(d + step)) / 2**n for step in (0, 1))
    part = (0.025 - error) / (more - error)
    assert below.weight == pytest.approx((n - d) * part / (d + (n - 2 * d) * part))
    assert (above.outer, above.inner, above.weight) == (n + 1 - d, n - d, pytest.approx(below.weight))
    assert below.outer <= below.inner <= rank <= above.inner <= above.outer


def test_no_bound_where_the_sample_is_too_small():
    """Of fifty values all lie below the p95 in one of thirteen samples: no bound above it holds as often as wanted."""
    _, below, above = quantile_bounds(0.95, 50)
    assert above is None
    assert below is not None
    assert quantile_bounds(0.5, 3)[1:] == (None, None)


@given(st.sampled_from((0.5, 0.55, 0.7, 0.9, 0.95)), st.integers(1, 10**5), levels)
def test_quantile_bounds_enclose(q: float, n: int, level: float):
    """Bounds lie on either side of the quantile's rank, a fraction of a rank further in than whole ranks do."""
    rank, below, above = quantile_bounds(q, n, level)
    for bound in (below, above):
        assert bound is None or 0 <= bound.weight < 1
    assert below is None or 1 <= below.outer <= below.inner <= rank
    assert above is None or rank <= above.inner <= above.outer <= n
