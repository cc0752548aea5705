"""How many answers: the smallest sample whose interval is as narrow, or whose test as sharp, as one wants.

Each size is solved for the interval that the metric will have, so that the number that comes out keeps the promise: the
adjusted Wald interval of a net share, Wilson's of a share, Student's of a mean.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from cxkit.errors import InvalidValueError
from cxkit.stats.distributions import normal_quantile, normal_tail, student_quantile, two_sided

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST: Final = 2**53
_HAIR: Final = 1e-9
_STEPS: Final = 400


def for_net_share(margin: float, level: float = 0.95, variance: float = 1.0) -> int:
    """Return how many answers give a net share, such as NPS, an interval of so much either way (after Rocks 2016).

    n = s²z²/d² − 3, because the adjusted Wald interval adds three answers.

    Args:
        margin: half the interval's width, on -1 to 1.
        level: the confidence level.
        variance: p + d − (p − d)² of the shares p up and d down: 1 at most, when all answers are at the two ends.

    >>> for_net_share(0.1, 0.9), for_net_share(0.1, 0.9, variance=0.61)
    (268, 163)
    """
    return _whole(variance * (two_sided(level) / margin) ** 2 - 3)


def for_share(margin: float, level: float = 0.95, share: float = 0.5) -> int:
    """Return how many observations give a share a Wilson interval of so much either way (after Piegorsch 2004).

    Half its width is z·√(npq + z²/4) / (n + z²), which is a quadratic equation in n.

    Args:
        margin: half the interval's width.
        level: the confidence level.
        share: the share expected; a half asks for the most.

    >>> for_share(0.05), for_share(0.05, share=0.1)
    (381, 141)
    """
    z2, pq, h2 = two_sided(level) ** 2, share * (1 - share), margin * margin
    return _whole(z2 * (pq - 2 * h2 + math.sqrt(pq * pq - 4 * h2 * pq + h2)) / (2 * h2))


def for_mean(margin: float, sd: float, level: float = 0.95) -> int:
    """Return how many observations give a mean a t interval of so much either way.

    Args:
        margin: half the interval's width.
        sd: the standard deviation that one guesses; the interval will be made of the sample's own.
        level: the confidence level.

    >>> for_mean(0.1, 1.2), for_mean(5, 10)
    (556, 18)
    """
    least = (two_sided(level) * sd / margin) ** 2
    return _smallest(least, lambda n: student_quantile(0.5 + level / 2, n - 1) * sd / math.sqrt(n) <= margin)


def for_net_share_difference(difference: float, level: float = 0.95, power: float = 0.8, variance: float = 1.0) -> int:
    """Return how many answers each of two samples needs for a difference of net shares to be seen.

    n = 2s²(z₁₋α⸝₂ + z_power)²/d² − 3: the two-sample test of adjusted Wald, as `compare` makes it.

    Args:
        difference: the least difference that matters.
        level: one less the test's two-sided α.
        power: with which probability the test shall see it.
        variance: that of either sample.

    >>> for_net_share_difference(0.1)
    1567
    """
    z = two_sided(level) + normal_quantile(power)
    return _whole(2 * variance * (z / difference) ** 2 - 3)


def for_shares_difference(share: float, other: float, level: float = 0.95, power: float = 0.8) -> int:
    """Return how many observations each of two samples needs for a difference of shares to be seen.

    The normal approximation with the pooled variance under the hypothesis of no difference (Fleiss, Levin & Paik 2003,
    4.2, without continuity correction).

    >>> for_shares_difference(0.5, 0.75, power=0.9), for_shares_difference(0.1, 0.12)
    (77, 3841)
    """
    middle = (share + other) / 2
    apart = math.sqrt(share * (1 - share) + other * (1 - other))
    alike = math.sqrt(2 * middle * (1 - middle))
    return _whole(((two_sided(level) * alike + normal_quantile(power) * apart) / (share - other)) ** 2)


def for_means_difference(difference: float, sd: float, level: float = 0.95, power: float = 0.8) -> int:
    """Return how many observations each of two samples needs for a difference of means to be seen by the t test.

    >>> for_means_difference(1.0, 1.0, power=0.9)
    23
    """
    z = two_sided(level) + normal_quantile(power)
    return _smallest(
        2 * (z * sd / difference) ** 2, lambda n: power_of_means(n, difference, sd, level) >= power - _HAIR
    )


@lru_cache(maxsize=1024)
def power_of_means(n: int, difference: float, sd: float, level: float = 0.95) -> float:
    """Return the power of the two-sample t test with n observations each: the tails of the noncentral t.

    The integral over the standard deviation that the sample will show, by Simpson's rule.

    >>> round(power_of_means(20, 1.0, 1.0), 6)
    0.868953
    """
    df = 2 * n - 2
    shift, t = abs(difference) / sd * math.sqrt(n / 2), student_quantile(0.5 + level / 2, df)
    # s, the ratio of the sample's to the true deviation, has ln density c + (df - 1)·ln s - df·s²/2.
    constant = math.log(2) + df / 2 * math.log(df / 2) - math.lgamma(df / 2)
    spread = 9 / math.sqrt(2 * df)
    first, last = max(0.0, 1 - spread), 1 + spread
    step = (last - first) / _STEPS
    total = 0.0
    for k in range(_STEPS + 1):
        s = first + k * step
        if s > 0:
            density = math.exp(constant + (df - 1) * math.log(s) - df * s * s / 2)
            weight = 1 if k in (0, _STEPS) else 4 if k % 2 else 2
            total += weight * density * (normal_tail(t * s - shift) + normal_tail(t * s + shift))
    return total * step / 3


def _whole(n: float) -> int:
    """Return the next whole number; at least two answers, for one says nothing of the spread."""
    if not n < _MOST:
        raise InvalidValueError("margin", n, "answers would be needed: allow a wider interval, or a greater difference")
    return max(2, math.ceil(n - _HAIR))


def _smallest(guess: float, enough: Callable[[int], bool]) -> int:
    """Return the least n that is enough, near a guess that lies a little below it."""
    n = _whole(guess)
    while n > 2 and enough(n - 1):  # noqa: PLR2004 - a spread needs two
        n -= 1
    while not enough(n):
        n += 1
    return n
