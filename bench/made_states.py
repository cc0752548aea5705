"""States made up by chance, of which the truth is known: what the coverage of intervals is measured on."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from cxkit.model.event import PPM
from cxkit.stats import (
    ByState,
    ClusteredState,
    DistinctState,
    FrequencyState,
    MomentsState,
    Return,
    ReturnsState,
    SketchState,
    SpansState,
    TallyState,
)
from cxkit.stats.sketch import bucket

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from random import Random

Draw = "Callable[[Random], Any]"


def poisson(chance: Random, mean: float) -> int:
    """Draw a Poisson number, by the time between events."""
    limit, n, passed = mean, 0, -math.log(1 - chance.random())
    while passed < limit:
        n += 1
        passed -= math.log(1 - chance.random())
    return n


def binomial(chance: Random, n: int, p: float) -> int:
    """Draw how many of n happen."""
    return sum(chance.random() < p for _ in range(n))


def tally(scores: Iterable[float]) -> TallyState:
    """Return the tally of answers that weigh the same."""
    return TallyState({score: (n, n * PPM, n * PPM**2) for score, n in sorted(Counter(scores).items())})


def weighed(answers: Iterable[tuple[float, int]]) -> TallyState:
    """Return the tally of answers with weights in millionths."""
    values: dict[float, tuple[int, int, int]] = {}
    for score, weight in answers:
        n, w, w2 = values.get(score, (0, 0, 0))
        values[score] = (n + 1, w + weight, w2 + weight * weight)
    return TallyState(values)


def moments(values: Sequence[int]) -> MomentsState:
    """Return the moments of whole numbers."""
    if not values:
        return MomentsState()
    return MomentsState(len(values), sum(values), sum(x * x for x in values), min(values), max(values))


def spans(gaps: Sequence[int]) -> SpansState:
    """Return spans that all ended."""
    buckets = Counter(map(bucket, gaps))
    return SpansState(moments(gaps), SketchState(dict(sorted(buckets.items()))))


def matched(k: int, n: int) -> SpansState:
    """Return spans of which k of n ended."""
    return SpansState(MomentsState(n=k), unmatched=n - k)


def clusters(customers: Iterable[Sequence[int]]) -> ClusteredState:
    """Return the sums by customer of values that weigh the same."""
    sums = [(len(values) * PPM, sum(values) * PPM) for values in customers]
    return ClusteredState(
        len(sums),
        sum(n for n, _ in sums),
        sum(s for _, s in sums),
        sum(n * n for n, _ in sums),
        sum(n * s for n, s in sums),
        sum(s * s for _, s in sums),
    )


def frequency(times: Iterable[int]) -> FrequencyState:
    """Return customers by how many events they have; those without any aren't known."""
    counts = Counter(n for n in times if n)
    return FrequencyState(dict(sorted(counts.items())))


def returns(pairs: Sequence[tuple[int, int]], earned: Sequence[int] = ()) -> ReturnsState:
    """Return customers' amounts of a year before and of now, zero for those who left; and what earned ones spend."""
    both = [(then, now) for then, now in pairs if now]
    return ReturnsState(
        {
            1: Return(
                active=len(both) + len(earned),
                base=len(pairs),
                both=len(both),
                amount=sum(now for _, now in both) + sum(earned),
                base_amount=sum(then for then, _ in pairs),
                both_amount=sum(now for _, now in both),
                base_squares=sum(then * then for then, _ in pairs),
                both_squares=sum(now * now for _, now in both),
                both_products=sum(then * now for then, now in both),
                new=len(earned),
                marked=len(earned),
                marked_amount=sum(earned),
                marked_squares=sum(x * x for x in earned),
            )
        }
    )


def distinct(n: int) -> DistinctState:
    """Return so many different customers."""
    return DistinctState(n)


def by(parts: Mapping[str | None, Any]) -> ByState:
    """Return states by the values of a column."""
    return ByState(dict(parts))


def lognormal(chance: Random, median: float, sigma: float) -> int:
    """Draw an amount in minor units; its mean is the median times exp(σ²/2)."""
    return round(median * math.exp(chance.gauss(0, sigma)))
