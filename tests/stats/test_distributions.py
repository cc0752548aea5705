"""Quantiles and tails against published values, and against SciPy where it is installed."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxkit.stats.distributions import (
    beta_cdf,
    binomial_cdf,
    chi_square_tail,
    normal_quantile,
    normal_tail,
    student_quantile,
    two_sided,
)

shares = st.floats(0.001, 0.999)


# SciPy 1.17.1, scipy.stats.norm.ppf
@pytest.mark.parametrize(("p", "z"), [(0.5, 0.0), (0.8, 0.8416212336), (0.95, 1.644853627), (0.999, 3.0902323062)])
def test_normal_quantile(p: float, z: float):
    """Normal quantiles are SciPy's."""
    assert normal_quantile(p) == pytest.approx(z, abs=1e-9)
    assert normal_tail(z) == pytest.approx(1 - p, abs=1e-9)
    assert two_sided(2 * p - 1) == pytest.approx(z, abs=1e-9) if p > 0.5 else True


# SciPy 1.17.1, scipy.stats.t.ppf; the first seven also stand in every printed table.
@pytest.mark.parametrize(
    ("p", "df", "t"),
    [
        (0.975, 1, 12.706204736174694),
        (0.975, 2, 4.302652729749462),
        (0.95, 5, 2.0150483733330233),
        (0.975, 9, 2.262157162798205),
        (0.995, 30, 2.7499956535672254),
        (0.975, 120, 1.9799304050824402),
        (0.9995, 3, 12.923978636687961),
        (0.975, 1e6, 1.959966356814107),
        (0.6, 4, 0.2707222947075976),
        (0.5, 3, 0.0),
    ],
)
def test_student_quantile(p: float, df: float, t: float):
    """Student quantiles are SciPy's, from one degree of freedom to a million."""
    assert student_quantile(p, df) == pytest.approx(t, rel=1e-9, abs=1e-9)


@given(st.floats(0.51, 1 - 1e-8), st.floats(1000, 100_000))
def test_the_series_turns_the_distribution_round(p: float, df: float):
    """Of many degrees of freedom the quantile comes from a series: the distribution function gives p back."""
    t = student_quantile(p, df)

    assert beta_cdf(df / 2, 0.5, df / (df + t * t)) / 2 == pytest.approx(1 - p, rel=1e-8)


# SciPy 1.17.1, scipy.stats.beta.cdf
@pytest.mark.parametrize(
    ("a", "b", "x", "share"),
    [
        (2, 3, 0.4, 0.5248),
        (0.5, 0.5, 0.25, 1 / 3),
        (10, 1, 0.9, 0.9**10),
        (50, 0.5, 0.97, 0.08169933372182264),
        (5000, 5000, 0.49, 0.02274203232457461),
        (1e6, 1e6, 0.5005, 0.9213504224190758),
        (1, 1, 0.3, 0.3),
        (2, 3, 0.0, 0.0),
        (2, 3, 1.0, 1.0),
    ],
)
def test_beta_cdf(a: float, b: float, x: float, share: float):
    """The incomplete beta function is SciPy's, from halves to millions."""
    assert beta_cdf(a, b, x) == pytest.approx(share, rel=1e-7)


# SciPy 1.17.1, scipy.stats.binom.cdf
def test_binomial_cdf_of_many():
    """A million trials lose no accuracy that a rank would notice."""
    assert binomial_cdf(949_500, 1_000_000, 0.95) == pytest.approx(0.01104112239113475, rel=1e-7)


@given(st.integers(1, 40), st.integers(1, 99), st.data())
def test_binomial_cdf_sums_to_what_it_should(n: int, percent: int, data: st.DataObject):
    """P(X <= k) is the sum of exact probabilities."""
    k = data.draw(st.integers(-1, n))
    p = Fraction(percent, 100)
    exact = sum((math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k + 1)), Fraction(0))
    assert binomial_cdf(k, n, percent / 100) == pytest.approx(float(exact), rel=1e-9, abs=1e-12)


@given(st.floats(0.5, 500), st.floats(0.5, 500), shares)
def test_beta_is_symmetric(a: float, b: float, x: float):
    """I_x(a, b) and I_(1-x)(b, a) add up to one (DLMF 8.17.4)."""
    assert beta_cdf(a, b, x) + beta_cdf(b, a, 1 - x) == pytest.approx(1, abs=1e-9)


@given(st.floats(0.51, 0.999), st.integers(1, 300), st.integers(1, 300))
def test_tails_thin_out(p: float, one: int, other: int):
    """More degrees of freedom never give a wider quantile, and none is nearer than the normal one."""
    fewer, more = sorted((one, other))
    assert student_quantile(p, fewer) >= student_quantile(p, more) - 1e-9 >= normal_quantile(p) - 2e-9


@given(st.floats(0.5, 400), st.floats(0.5, 400), shares)
def test_scipy_agrees_on_beta(a: float, b: float, x: float):
    """SciPy, where it is installed, gives the same incomplete beta function for any arguments."""
    special = pytest.importorskip("scipy.special")
    assert beta_cdf(a, b, x) == pytest.approx(float(special.betainc(a, b, x)), rel=1e-8, abs=1e-13)


@given(st.floats(0.51, 0.9999), st.floats(1, 10_000))
def test_scipy_agrees_on_student(p: float, df: float):
    """SciPy, where it is installed, gives the same Student quantiles for any arguments."""
    special = pytest.importorskip("scipy.special")
    assert student_quantile(p, df) == pytest.approx(float(special.stdtrit(df, p)), rel=1e-6, abs=1e-8)


# SciPy 1.17.1, scipy.stats.chi2.sf; the first three also stand in every printed table.
@pytest.mark.parametrize(
    ("x", "df", "p"),
    [
        (3.841458820694124, 1, 0.05),
        (5.991464547107979, 2, 0.05),
        (16.918977604620448, 9, 0.05),
        (0.0, 3, 1.0),
        (0.5, 4, 0.9735009788392563),
        (38.095238, 1, 6.7374363e-10),
        (400.0, 200, 1.8438936e-15),
    ],
)
def test_chi_square_tail(x: float, df: int, p: float):
    """Tails of the chi-square are SciPy's, far out too."""
    assert chi_square_tail(x, df) == pytest.approx(p, rel=1e-7 if p < 1e-9 else 1e-12)


@given(st.floats(0, 500), st.integers(1, 300))
def test_chi_square_tail_against_scipy(x: float, df: int):
    """The same over the whole plane, where SciPy is installed."""
    expected = pytest.importorskip("scipy.stats").chi2.sf(x, df)
    assert chi_square_tail(x, df) == pytest.approx(expected, rel=1e-11, abs=1e-300)
