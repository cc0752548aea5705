"""Durations and shares of spans: what waits, responses, deliveries and abandonment have in common."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal

from cxkit.metrics.answers import share_estimate
from cxkit.metrics.estimate import Estimate
from cxkit.metrics.metric import Metric
from cxkit.metrics.options import chosen
from cxkit.stats.intervals import Between, mean_t, quantile_bounds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cxkit.metrics.metric import Given
    from cxkit.stats import MomentsState, SketchState, Spans, SpansState

_SECOND = 1_000_000
_QUANTILES: Final = {"p50": 0.5, "p90": 0.9, "p95": 0.95}
At = Literal["p50", "p90", "p95", "mean"]
AT: Final = (*_QUANTILES, "mean")


def duration_estimate(
    gaps: MomentsState, sketch: SketchState, at: str, given: Given, excluded: Mapping[str, int]
) -> Estimate:
    """Return a quantile or the mean of durations in microseconds, in seconds.

    A quantile's interval is interpolated between order statistics of the same histogram, within one per cent; where the
    sample is too small for a bound, it is zero below, and none above.

    >>> from cxkit.metrics import Given
    >>> from cxkit.stats import MomentsState, SketchState
    >>> duration_estimate(MomentsState(), SketchState(), "p50", Given(), {}).value is None
    True
    """
    if gaps.low is None or gaps.high is None or gaps.mean is None:
        return Estimate(None, level=given.level, unit="seconds", method=at, excluded=excluded)
    least, greatest = gaps.low / _SECOND, gaps.high / _SECOND
    if at == "mean":
        value = gaps.mean / _SECOND
        variance = None if gaps.variance is None else gaps.variance / _SECOND**2
        low, high = mean_t(value, variance, gaps.n, given.level)
        se = None if variance is None else math.sqrt(variance / gaps.n)
        return Estimate(value, max(0.0, low), high, given.level, gaps.n, "seconds", "t", se=se, excluded=excluded)
    rank, below, above = quantile_bounds(_QUANTILES[at], gaps.n, given.level)

    def of_rank(at_rank: int) -> float:
        found = sketch.at_rank(at_rank)
        return greatest if found is None else min(greatest, max(least, found / _SECOND))

    def of_bound(bound: Between) -> float:
        outer, inner = of_rank(bound.outer), of_rank(bound.inner)
        return outer + bound.weight * (inner - outer)

    low = min(0.0, least) if below is None else of_bound(below)
    upper = None if above is None else of_bound(above)
    return Estimate(of_rank(rank), low, upper, given.level, gaps.n, "seconds", "order-statistics", excluded=excluded)


def left_out(state: SpansState, end: str = "end") -> dict[str, int]:
    """Return why starts weren't counted; what has no end is for the metric to count or to leave out."""
    return {
        f"{end} before start": state.negative,
        "window not over": state.immature,
        f"{end} without start": state.orphan,
        "no key": state.unkeyed,
        "gap out of range": state.gaps.out,
    }


def span_estimate(state: SpansState, at: str, given: Given) -> Estimate:
    """Return a quantile or the mean of the gaps of spans, in seconds.

    >>> from cxkit.metrics import Given
    >>> from cxkit.stats import SpansState
    >>> span_estimate(SpansState(), "p50", Given()).value is None
    True
    """
    return duration_estimate(state.gaps, state.sketch, at, given, {"no end yet": state.unmatched, **left_out(state)})


def span_share(state: SpansState, given: Given, *, ends: str = "end", unmatched: bool = False) -> Estimate:
    """Return the share of starts that ended in time, or that didn't, of those whose window is over; Wilson's interval.

    Args:
        state: the spans; spoiled starts count as not ended.
        given: the level.
        ends: what an end is called where it is left out.
        unmatched: whether the share is of those that did not end.

    >>> from cxkit.metrics import Given
    >>> from cxkit.stats import MomentsState, SpansState
    >>> span_share(SpansState(gaps=MomentsState(n=3), unmatched=1), Given()).value
    0.75
    """
    excluded = {reason: n for reason, n in left_out(state, ends).items() if reason != "gap out of range"}
    missed = state.unmatched + state.spoiled
    of = state.matched + missed
    if not of:
        return Estimate(None, level=given.level, unit="share", method="wilson", excluded=excluded)
    return share_estimate((missed if unmatched else state.matched) / of, of, given, excluded)


def time_metric(name: str, title: str, spans: Spans, at: str, source: str) -> Metric:
    """Return the metric of how long spans last, at a quantile or on average; short is good."""
    chosen("at", at, AT)
    return Metric(
        name=name,
        title=title,
        unit="seconds",
        better="lower",
        needs={"spans": spans},
        formula=lambda states, given: span_estimate(states["spans"], at, given),
        source=f"{source}; interval David & Nagaraja 2003",
    )


def ended_metric(  # noqa: PLR0913, PLR0917 - what a metric says of itself
    name: str, title: str, better: str, spans: Spans, ends: str, source: str
) -> Metric:
    """Return the metric of the share of starts that ended in time; ends are called so where they are left out."""
    return Metric(
        name=name,
        title=title,
        unit="share",
        better=better,
        needs={"spans": spans},
        formula=lambda states, given: span_share(states["spans"], given, ends=ends),
        source=f"{source}; interval Wilson 1927",
    )
