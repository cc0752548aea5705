"""Sample sizes: published figures, and the promise that each size keeps and the one below it doesn't."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxkit.errors import InvalidValueError
from cxkit.stats.distributions import normal_tail, student_quantile, two_sided
from cxkit.stats.intervals import net_share, wilson
from cxkit.stats.samplesize import (
    for_mean,
    for_means_difference,
    for_net_share,
    for_net_share_difference,
    for_share,
    for_shares_difference,
    power_of_means,
)

margins = st.floats(0.01, 0.4)
levels = st.sampled_from((0.8, 0.9, 0.95, 0.99))


def test_nps_reference():
    """At 90 %, ±10 points and s² = 1, n = s²z²/d² − 3 = 1.644854² / .01 − 3 = 267.55, so 268 (Rocks 2016)."""
    assert for_net_share(0.1, 0.9) == 268
    assert for_net_share(0.1, 0.95) == 382  # 384.15 − 3
    assert for_net_share(0.05, 0.95, variance=0.61) == 935  # .61 · 3.841459 / .0025 − 3 = 934.3


@given(margins, levels)
def test_net_share_keeps_its_promise(margin, level):
    """Half promoters and half detractors, the widest there is: n is narrow enough, and one less isn't."""
    n = for_net_share(margin, level)

    def half(n: int) -> float:
        return two_sided(level) * math.sqrt((1 - 1.5 / (n + 3)) / (n + 3))

    assert half(n) <= margin
    if n > 2:
        assert two_sided(level) / math.sqrt(n + 2) > margin
    low, high = net_share(0.5, 0.5, n, level)
    assert (high - low) / 2 <= margin + 1e-12


# Wilson's half width at n, solved by hand: at a half z²(1/4d² − 1); Piegorsch 2004.
@pytest.mark.parametrize(
    ("margin", "share", "n"), [(0.05, 0.5, 381), (0.1, 0.5, 93), (0.03, 0.5, 1064), (0.05, 0.1, 141)]
)
def test_share_reference(margin, share, n):
    """The closed form of Wilson's width."""
    assert for_share(margin, share=share) == n
    if share == 0.5:
        assert n == math.ceil(1.959963984540054**2 * (1 / (4 * margin**2) - 1))


@given(margins, levels, st.floats(0, 1))
def test_share_keeps_its_promise(margin, level, share):
    """So many are enough, and one less isn't."""
    n = for_share(margin, level, share)

    def half(n: int) -> float:
        z2 = two_sided(level) ** 2
        return math.sqrt(z2 * share * (1 - share) / n + z2 * z2 / (4 * n * n)) / (1 + z2 / n)

    assert half(n) <= margin + 1e-12
    assert n == 2 or half(n - 1) > margin - 1e-12
    low, high = wilson(share, n, level)
    assert (high - low) / 2 <= margin + 1e-12


@given(st.floats(0.05, 5), levels)
def test_mean_keeps_its_promise(ratio, level):
    """So many are enough for the t interval, and one less isn't."""
    n = for_mean(1.0, ratio, level)

    def half(n: int) -> float:
        return student_quantile(0.5 + level / 2, n - 1) * ratio / math.sqrt(n)

    assert half(n) <= 1
    assert n == 2 or half(n - 1) > 1


# R 4, the examples of ?power.t.test and ?power.prop.test: power .8689528 at n = 20 and difference 1; n = 22.02110 for
# power .9; n = 76.7 for power .9 between .5 and .75. R leaves out the other tail (2.3e-7) unless strict.
# Cohen 1988: 394 (393.4) for an effect of .2, 64 (63.77) for .5.
def test_comparison_references():
    """Two samples, as R and Cohen's tables have them."""
    assert power_of_means(20, 1.0, 1.0) == pytest.approx(0.8689528 + 2.3e-7, abs=1e-7)
    assert for_means_difference(1.0, 1.0, power=0.9) == 23
    assert for_means_difference(0.2, 1.0) == 394
    assert for_means_difference(0.5, 1.0) == 64
    assert for_shares_difference(0.5, 0.75, power=0.9) == 77
    assert for_shares_difference(0.75, 0.5, power=0.9) == 77


@pytest.mark.parametrize("n", [2, 3, 10, 100, 3000])
@pytest.mark.parametrize("effect", [0.05, 0.5, 2.0])
def test_power_is_the_noncentral_t(n, effect):
    """The integral gives SciPy's tails of the noncentral t."""
    nct = pytest.importorskip("scipy.stats").nct
    t, df, shift = student_quantile(0.975, 2 * n - 2), 2 * n - 2, effect * math.sqrt(n / 2)

    below = nct.cdf(-t, df, shift)
    below = 0.0 if math.isnan(below) else below  # as SciPy has it of some tails of 1e-81

    assert power_of_means(n, effect, 1.0) == pytest.approx(nct.sf(t, df, shift) + below, abs=1e-8)


@given(st.floats(0.02, 0.5), st.floats(0.1, 1))
def test_net_share_difference_has_its_power(difference, variance):
    """The normal test on n + 3 has at least 80 % power, and one answer less hasn't."""
    n = for_net_share_difference(difference, variance=variance)

    def power(n: int) -> float:
        return 1 - normal_tail(difference / math.sqrt(2 * variance / (n + 3)) - two_sided(0.95))

    assert power(n) >= 0.8 - 1e-9
    assert n == 2 or power(n - 1) < 0.8 + 1e-9


def test_what_no_survey_reaches_is_refused():
    """A margin that asks for more answers than there are people says so."""
    with pytest.raises(InvalidValueError, match="answers would be needed"):
        for_net_share(1e-9)
