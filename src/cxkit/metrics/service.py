"""Service: how long customers wait."""

from __future__ import annotations

import math
from typing import Literal

from cxkit.errors import InvalidValueError
from cxkit.metrics.estimate import Estimate
from cxkit.metrics.metric import Given, Metric, factory
from cxkit.stats import Spans, SpansState, Where
from cxkit.stats.intervals import mean_t, quantile_ranks

_SECOND = 1_000_000
_QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95}
At = Literal["p50", "p90", "p95", "mean"]


def span_estimate(state: SpansState, at: str, given: Given) -> Estimate:
    """Return a quantile or the mean of the gaps, in seconds.

    A quantile's interval is made of order statistics of the same histogram, within one per cent; where the sample is
    too small for a bound, its least or greatest gap stands in.

    >>> span_estimate(SpansState(), "p50", Given()).value is None
    True
    """
    excluded = {
        "no end yet": state.unmatched,
        "end before start": state.negative,
        "window not over": state.immature,
        "end without start": state.orphan,
        "no key": state.unkeyed,
        "gap out of range": state.gaps.out,
    }
    gaps = state.gaps
    if gaps.low is None or gaps.high is None or gaps.mean is None:
        return Estimate(None, level=given.level, unit="seconds", method=at, excluded=excluded)
    least, greatest = gaps.low / _SECOND, gaps.high / _SECOND
    if at == "mean":
        value = gaps.mean / _SECOND
        variance = None if gaps.variance is None else gaps.variance / _SECOND**2
        low, high = mean_t(value, variance, gaps.n, given.level)
        se = None if variance is None else math.sqrt(variance / gaps.n)
        return Estimate(value, max(0.0, low), high, given.level, gaps.n, "seconds", "t", se=se, excluded=excluded)
    rank, below, above = quantile_ranks(_QUANTILES[at], gaps.n, given.level)

    def of_rank(at_rank: int) -> float:
        found = state.sketch.at_rank(at_rank)
        return greatest if found is None else min(greatest, max(least, found / _SECOND))

    low = least if below < 1 else of_rank(below)
    high = greatest if above > gaps.n else of_rank(above)
    return Estimate(of_rank(rank), low, high, given.level, gaps.n, "seconds", "order-statistics", excluded=excluded)


@factory
def first_response_time(*, at: At = "p50") -> Metric:
    """First response time: from a contact's opening to its first answer, by the day the contact was opened.

    Args:
        at: ``p50``, ``p90``, ``p95`` (within one per cent) or ``mean`` (exact).

    Source: first reply time as desks define it; quantile interval David & Nagaraja 2003, Order Statistics, 7.1.
    """
    if at not in (*_QUANTILES, "mean"):
        raise InvalidValueError("at", at, f"isn't one of {', '.join(_QUANTILES)}, mean")
    return Metric(
        name="first_response_time",
        title="First response time",
        unit="seconds",
        better="lower",
        needs={"responses": Spans(Where(kind="contact.opened"), Where(kind="contact.answered"))},
        formula=lambda states, given: span_estimate(states["responses"], at, given),
        source="first contact.answered - contact.opened; interval David & Nagaraja 2003",
    )
