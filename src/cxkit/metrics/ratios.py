"""Ratios that are no shares: counts to counts, means of counts, products, sums of money to sums of money."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cxkit.metrics.estimate import Estimate
from cxkit.stats.distributions import student_quantile, two_sided
from cxkit.stats.intervals import Interval, mean_t, wilson

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cxkit.metrics.metric import Given
    from cxkit.stats import FrequencyState


def count_ratio(count: int, of: int, given: Given, excluded: Mapping[str, int]) -> Estimate:
    """Return one count to another, both Poisson.

    Given their sum the first is binomial, so that Wilson's interval of its share p gives that of the ratio p / (1 - p)
    (Przyborowski & Wilenski 1940; Barker & Cadwell 2008).

    >>> from cxkit.metrics import Given
    >>> estimate = count_ratio(30, 120, Given(), {})
    >>> estimate.value, round(estimate.low, 3), round(estimate.high, 3)
    (0.25, 0.168, 0.372)
    """
    if not of:
        return Estimate(None, level=given.level, unit="ratio", method="conditional", excluded=excluded)
    low, high = (_odds(bound) for bound in wilson(count / (count + of), count + of, given.level))
    value = count / of
    return Estimate(
        value=value,
        low=min(low, value),
        high=max(high, value),
        level=given.level,
        n=of,
        unit="ratio",
        method="conditional",
        se=math.sqrt(max(count, 1) * (count + of) / of**3),
        excluded=excluded,
    )


def _odds(share: float) -> float:
    return share / (1 - share) if share < 1 else math.inf


def events_each(state: FrequencyState, given: Given) -> Estimate:
    """Return how many events a customer has who has any: t interval, never below one.

    >>> from cxkit.metrics import Given
    >>> from cxkit.stats import FrequencyState
    >>> events_each(FrequencyState({1: 3, 5: 1}), Given()).value
    2.0
    """
    excluded = {"no customer": state.anonymous}
    n = state.at_least(1)
    if not n:
        return Estimate(None, level=given.level, unit="ratio", method="t", excluded=excluded)
    mean, variance = mean_and_variance(state, n)
    low, high = mean_t(mean, variance, n, given.level)
    se = None if variance is None else math.sqrt(variance / n)
    return Estimate(mean, max(1.0, low), high, given.level, n, "ratio", "t", se=se, excluded=excluded)


def mean_and_variance(state: FrequencyState, n: int) -> tuple[float, float | None]:
    """Return mean and sample variance of events among n customers; those without any are zeros."""
    total = state.events
    squares = sum(times * times * customers for times, customers in state.customers.items())
    return total / n, None if n <= 1 else (n * squares - total**2) / (n * (n - 1))


def product_interval(first: float, of_first: Interval, second: float, of_second: Interval) -> Interval:
    """Return the interval of a product of two independent estimates, from theirs (MOVER: Zou & Donner 2008).

    >>> [round(bound, 3) for bound in product_interval(3.0, (2.5, 3.5), 0.15, (0.12, 0.19))]
    [0.333, 0.592]
    """
    value = first * second
    down = math.hypot(second * (first - of_first[0]), first * (second - of_second[0]))
    up = math.hypot(second * (of_first[1] - first), first * (of_second[1] - second))
    return value - down, value + up


def linear_interval(value: float, variance: float, df: float, level: float) -> Interval:
    """Return the interval of a ratio whose variance was linearised: t with the clusters' degrees of freedom."""
    if df < 1:
        return 0.0, math.inf
    half = student_quantile(0.5 + level / 2, df) * math.sqrt(variance)
    return max(0.0, value - half), value + half


def log_interval(value: float, variance: float, level: float) -> Interval:
    """Return the interval of a positive ratio from the variance of its logarithm."""
    factor = math.exp(two_sided(level) * math.sqrt(variance))
    return value / factor, value * factor
