"""Intervals: each takes counts or sums and returns (low, high), containing its value and staying on the scale."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

from cxkit.stats.distributions import binomial_cdf, student_quantile, two_sided

if TYPE_CHECKING:
    from collections.abc import Iterable

Interval = tuple[float, float]

_HAIR = 1e-10


def wilson(share: float, n: float, level: float = 0.95) -> Interval:
    """Return Wilson's score interval of a share (Wilson 1927).

    Args:
        share: the share observed, 0 to 1.
        n: how many observations, or the effective number where they are weighted.
        level: the confidence level.

    >>> [round(bound, 6) for bound in wilson(81 / 100, 100)]
    [0.722212, 0.874852]
    """
    z2 = two_sided(level) ** 2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = math.sqrt(z2 * share * (1 - share) / n + z2 * z2 / (4 * n * n)) / (1 + z2 / n)
    # At the ends the bound is the end exactly; rounding mustn't leave it a hair inside.
    return (
        0.0 if share == 0 else max(0.0, min(centre - half, share)),
        1.0 if share == 1 else min(1.0, max(centre + half, share)),
    )


def shares_difference(share: float, n: int, other: float, m: int, level: float = 0.95) -> Interval:
    """Return the interval of a share less the share of another sample (Newcombe 1998, method 10: two of Wilson's).

    Args:
        share: the share observed in the one sample.
        n: how many observations it has.
        other: the share observed in the other.
        m: how many observations that has.
        level: the confidence level.

    >>> [round(bound, 4) for bound in shares_difference(56 / 70, 70, 48 / 80, 80)]
    [0.0524, 0.3339]
    """
    (low, high), (other_low, other_high) = wilson(share, n, level), wilson(other, m, level)
    value = share - other
    return (
        value - math.hypot(share - low, other_high - other),
        value + math.hypot(high - share, other - other_low),
    )


def mean_t(mean: float, variance: float | None, n: float, level: float = 0.95) -> Interval:
    """Return the t interval of a mean; everything where one observation says nothing of the spread.

    Args:
        mean: the sample's mean.
        variance: its sample variance, or None for fewer than two observations.
        n: how many observations.
        level: the confidence level.

    >>> [round(bound, 4) for bound in mean_t(10.0, 4.0, 25)]
    [9.1744, 10.8256]
    """
    if variance is None or n <= 1:
        return (-math.inf, math.inf)
    half = student_quantile(0.5 + level / 2, n - 1) * math.sqrt(variance / n)
    return (mean - half, mean + half)


def poisson_score(count: int, level: float = 0.95) -> Interval:
    """Return the score interval of a Poisson count, which inverts (count - mean)² / mean = z² (Barker 2002).

    >>> [round(bound, 3) for bound in poisson_score(10)]
    [5.432, 18.409]
    """
    z = two_sided(level)
    centre, half = count + z * z / 2, z * math.sqrt(count + z * z / 4)
    return (max(0.0, centre - half), centre + half)


def compound_poisson(total: float, squares: float, level: float = 0.95) -> Interval:
    """Return the interval of a sum of a Poisson number of amounts, whose variance is estimated by Σx² (Wald).

    >>> [round(bound, 2) for bound in compound_poisson(100.0, 400.0)]
    [60.8, 139.2]
    """
    half = two_sided(level) * math.sqrt(squares)
    return (total - half, total + half)


def net_share(plus: float, minus: float, n: float, level: float = 0.95) -> Interval:
    """Return the adjusted Wald interval of a share less another of the same answers (Rocks 2016), on -1 to 1.

    Adds 3/4 to either side and 3/2 between, so that it covers what it says also when all answers are alike.

    Args:
        plus: the share that counts up, such as promoters.
        minus: the share that counts down, such as detractors.
        n: how many answers, or the effective number.
        level: the confidence level.

    >>> [round(bound, 6) for bound in net_share(0.5, 0.2, 100)]
    [0.140511, 0.442013]
    """
    centre, se = net_share_adjusted(plus, minus, n)
    half = two_sided(level) * se
    value = plus - minus
    return (max(-1.0, min(value, centre - half)), min(1.0, max(value, centre + half)))


def net_share_adjusted(plus: float, minus: float, n: float) -> tuple[float, float]:
    """Return centre and standard error of the adjusted Wald interval.

    >>> [round(part, 6) for part in net_share_adjusted(0.5, 0.2, 100)]
    [0.291262, 0.076915]
    """
    total = n + 3
    up, down = (n * plus + 0.75) / total, (n * minus + 0.75) / total
    return up - down, math.sqrt((up + down - (up - down) ** 2) / total)


def net_share_wald(plus: float, minus: float, n: float, level: float = 0.95) -> Interval:
    """Return the plain Wald interval of a net share, which is nothing wide when all answers are alike.

    >>> [round(bound, 6) for bound in net_share_wald(0.5, 0.2, 100)]
    [0.146922, 0.453078]
    """
    value = plus - minus
    half = two_sided(level) * math.sqrt(max(0.0, plus + minus - value**2) / n)
    return (max(-1.0, value - half), min(1.0, value + half))


def net_share_goodman(plus: float, minus: float, n: float, level: float = 0.95) -> Interval:
    """Return Goodman's simultaneous interval of a net share (Goodman 1964): χ² with two degrees of freedom.

    >>> [round(bound, 6) for bound in net_share_goodman(0.5, 0.2, 100)]
    [0.108825, 0.491175]
    """
    value = plus - minus
    half = math.sqrt(-2 * math.log(1 - level) * max(0.0, plus + minus - value**2) / n)
    return (max(-1.0, value - half), min(1.0, value + half))


def kish(weights: Iterable[tuple[float, float]]) -> float:
    """Return the effective number of answers, (Σw)² / Σw² (Kish 1965), from pairs of Σw and Σw².

    >>> kish([(3.0, 3.0)])
    3.0
    """
    total = squares = 0.0
    for w, w2 in weights:
        total += w
        squares += w2
    return total * total / squares if squares else 0.0


def quantile_ranks(q: float, n: int, level: float = 0.95) -> tuple[int, int, int]:
    """Return the ranks, from 1, of a quantile and of the order statistics that bound it.

    The value is the inverted CDF's. The bounds are the nearest ranks whose binomial probability reaches the level on
    either side (David & Nagaraja 2003, 7.1); rank 0 or n + 1 says that the sample is too small for a bound there.

    >>> quantile_ranks(0.5, 10)
    (5, 2, 9)
    """
    # A hair off both: 0.55 · 20 is above 11 in floating point, and a probability may equal the tail exactly.
    rank = max(1, math.ceil(q * n - _HAIR))
    tail = (1 - level) / 2 + _HAIR
    guess = two_sided(level) * math.sqrt(n * q * (1 - q))
    low = min(rank, max(0, math.floor(n * q - guess) + 1))
    while low > 0 and binomial_cdf(low - 1, n, q) > tail:
        low -= 1
    while low < rank and binomial_cdf(low, n, q) <= tail:
        low += 1
    high = max(rank, min(n + 1, math.ceil(n * q + guess)))
    while high <= n and binomial_cdf(high - 1, n, q) < 1 - tail:
        high += 1
    while high > rank and binomial_cdf(high - 2, n, q) >= 1 - tail:
        high -= 1
    return rank, low, high


@attrs.frozen
class Between:
    """A point between two order statistics.

    Attributes:
        outer: the rank that lies further from the quantile, from 1.
        inner: the rank next to it.
        weight: how far the point lies from the outer to the inner, 0 to 1.
    """

    outer: int
    inner: int
    weight: float


def quantile_bounds(q: float, n: int, level: float = 0.95) -> tuple[int, Between | None, Between | None]:
    """Return a quantile's rank, and where its bounds lie between order statistics (Hettmansperger & Sheather 1986).

    Beyond the median as Nyblom (1992) has it. Whole ranks alone hold the quantile more often than the level says, for
    their probabilities leap; interpolated they hold it as often, nearly whatever the distribution. Where the sample is
    too small for a bound there is none.

    >>> rank, below, above = quantile_bounds(0.5, 10)
    >>> rank, (below.outer, below.inner, round(below.weight, 4)), (above.outer, above.inner)
    (5, (2, 3, 0.6577), (9, 8))
    >>> quantile_bounds(0.95, 50)[2] is None
    True
    """
    rank, low, high = quantile_ranks(q, n, level)
    tail = (1 - level) / 2
    below = None if low < 1 else Between(low, min(low + 1, rank), _weight(q, n, low, tail))
    above = None if high > n else Between(high, max(high - 1, rank), _weight(1 - q, n, n + 1 - high, tail))
    return rank, below, above


def _weight(q: float, n: int, rank: int, tail: float) -> float:
    """Return how far to go from a lower bound's rank to the next, so that its error is the tail."""
    error, more = binomial_cdf(rank - 1, n, q), binomial_cdf(rank, n, q)
    if rank == n or not error < tail < more:
        return 0.0
    part = (tail - error) / (more - error)
    return 1 / (1 + rank * (1 - q) * (1 - part) / ((n - rank) * q * part))
