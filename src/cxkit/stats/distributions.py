"""Quantiles of the distributions that intervals need, from the standard library's functions alone."""

from __future__ import annotations

import math
from functools import lru_cache

_TINY = 1e-300
_MANY_DF = 1000
"""From so many degrees of freedom on, the first terms of a series give t's quantile to twelve digits, up to `_FAR`."""
_FAR = 6.0


@lru_cache(maxsize=256)
def normal_quantile(p: float) -> float:
    """Return the standard normal quantile (Wichura 1988, algorithm AS 241, from the standard library).

    >>> round(normal_quantile(0.975), 6)
    1.959964
    """
    from statistics import NormalDist

    return NormalDist().inv_cdf(p)


def normal_tail(z: float) -> float:
    """Return P(Z > z) of a standard normal.

    >>> round(2 * normal_tail(1.959964), 4)
    0.05
    """
    return 0.5 * math.erfc(z / math.sqrt(2))


def two_sided(level: float) -> float:
    """Return the normal quantile of a two-sided level.

    >>> round(two_sided(0.9), 6)
    1.644854
    """
    return normal_quantile(0.5 + level / 2)


def _beta_fraction(a: float, b: float, x: float) -> float:
    # Lentz's evaluation of the continued fraction of the incomplete beta function (DLMF 8.17.22).
    c, d = 1.0, 1 - (a + b) * x / (a + 1)
    d = 1 / (d if abs(d) > _TINY else _TINY)
    result = d
    for m in range(1, 20_000):  # about √a steps near the middle
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 + numerator * d
            d = 1 / (d if abs(d) > _TINY else _TINY)
            c = 1 + numerator / (c if abs(c) > _TINY else _TINY)
            result *= c * d
        if abs(c * d - 1) < 1e-15:  # noqa: PLR2004 - double precision
            break
    return result


def beta_cdf(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b).

    >>> round(beta_cdf(2, 3, 0.4), 6)
    0.5248
    """
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _beta_fraction(a, b, x) / a
    return 1 - front * _beta_fraction(b, a, 1 - x) / b


@lru_cache(maxsize=4096)
def student_quantile(p: float, df: float) -> float:
    """Return the quantile of Student's t with `df` degrees of freedom, for p of a half or more.

    >>> round(student_quantile(0.975, 9), 6), round(student_quantile(0.975, 1), 4)
    (2.262157, 12.7062)
    """
    # P(T > t) = I_x(df/2, 1/2) / 2 at x = df / (df + t²); it falls in t, so bisection can't fail.
    tail = 1 - p
    low = high = normal_quantile(p)  # t's tails are heavier: the quantile is never nearer
    if df >= _MANY_DF and low <= _FAR:
        return _near_normal(low, df)
    while beta_cdf(df / 2, 0.5, df / (df + high * high)) / 2 > tail:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if beta_cdf(df / 2, 0.5, df / (df + middle * middle)) / 2 > tail:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _near_normal(z: float, df: float) -> float:
    # Cornish and Fisher's expansion of t's quantile around the normal one (Abramowitz & Stegun 26.7.5).
    z2 = z * z
    terms = (
        z * (z2 + 1) / 4,
        z * ((5 * z2 + 16) * z2 + 3) / 96,
        z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384,
        z * ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945) / 92160,
    )
    found = 0.0
    for term in reversed(terms):
        found = (found + term) / df
    return z + found


def binomial_cdf(k: int, n: int, p: float) -> float:
    """Return P(X <= k) of a binomial.

    >>> round(binomial_cdf(3, 10, 0.5), 6)
    0.171875
    """
    if k < 0:
        return 0.0
    return 1.0 if k >= n else 1 - beta_cdf(k + 1, n - k, p)


def chi_square_tail(x: float, df: int) -> float:
    """Return P(X > x) of a chi-square with `df` degrees of freedom: the regularised upper incomplete gamma function.

    >>> round(chi_square_tail(3.841459, 1), 6), round(chi_square_tail(5.991465, 2), 6)
    (0.05, 0.05)
    """
    a, half = df / 2, x / 2
    if half <= 0:
        return 1.0
    front = math.exp(a * math.log(half) - half - math.lgamma(a))
    if half < a + 1:  # the series of the lower function (DLMF 8.11.4)
        term = total = 1 / a
        k = a
        while term > total * 1e-17:
            k += 1
            term *= half / k
            total += term
        return max(0.0, 1 - front * total)
    # Lentz's evaluation of the upper function's continued fraction (DLMF 8.9.2).
    b = half + 1 - a
    c, d = 1 / _TINY, 1 / b
    result = d
    for i in range(1, 10_000):
        step = -i * (i - a)
        b += 2
        d = step * d + b
        d = 1 / (d if abs(d) > _TINY else _TINY)
        c = b + step / c
        c = c if abs(c) > _TINY else _TINY
        result *= c * d
        if abs(c * d - 1) < 1e-15:  # noqa: PLR2004 - double precision
            break
    return front * result
