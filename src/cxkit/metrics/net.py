"""Net shares: those who count up less those who count down. NPS and sentiment."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

from cxkit.errors import InvalidValueError
from cxkit.metrics.answers import (
    ANSWERED,
    CLUSTERED,
    Answers,
    answers_to,
    at_most,
    clustered_variance,
    clusters,
    effective_of,
    tallied,
    weighted_variance,
)
from cxkit.metrics.estimate import Estimate
from cxkit.metrics.metric import Given, Metric, factory
from cxkit.metrics.options import chosen
from cxkit.metrics.perception import mean_metric, own_interval
from cxkit.stats import AtLeast, IsNull, Less, Not, Tally, Where
from cxkit.stats.intervals import net_share, net_share_adjusted, net_share_goodman, net_share_wald

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cxkit.stats import ClusteredState, Statistic
    from cxkit.stats.tally import Keep

_PROMOTER, _DETRACTOR = 9, 6
_NET_INTERVALS = {"adjusted-wald": net_share, "wald": net_share_wald, "goodman": net_share_goodman}
NetInterval = Literal["adjusted-wald", "wald", "goodman", "clustered"]


def _net(score: float) -> float:
    return 1.0 if score >= _PROMOTER else -1.0 if score <= _DETRACTOR else 0.0


def _net_estimate(  # noqa: PLR0913, PLR0917 - what the estimate is made of
    answers: Answers,
    net: Callable[[float], float],
    interval: str,
    given: Given,
    clustered: ClusteredState | None,
    scale: float,
) -> Estimate:
    """Return the share of the answers that count up less the share of those that count down, times a scale."""
    unit = "points" if scale == 100 else "score"  # noqa: PLR2004 - per cent
    n, effective = answers.n, answers.effective
    method = interval if clustered is None else "adjusted-wald, clustered"
    if not effective:
        return Estimate(None, level=given.level, unit=unit, method=method, excluded=answers.excluded)
    plus, minus = answers.share(lambda score: net(score) > 0), answers.share(lambda score: net(score) < 0)
    value = plus - minus
    variance = max(0.0, plus + minus - value**2)
    size = effective if clustered is None else effective_of(clustered, variance, effective, given.level)
    within = _NET_INTERVALS["adjusted-wald" if clustered is not None else interval]
    # One answer says nothing of what others would have answered.
    low, high = (-1.0, 1.0) if n == 1 or not size else within(plus, minus, size, given.level)
    centre, se = value, math.sqrt(variance / effective)
    if clustered is not None:
        own = clustered_variance(clustered)
        se = se if own is None else math.sqrt(own)
    elif answers.weighted:
        se = math.sqrt(weighted_variance(answers.values, net)[1]) if n > 1 else se
    elif interval == "adjusted-wald":
        centre, se = net_share_adjusted(plus, minus, n)
    return Estimate(
        value=scale * value,
        low=scale * low,
        high=scale * high,
        level=given.level,
        n=n,
        unit=unit,
        method=method,
        n_effective=size if answers.weighted or clustered is not None else None,
        se=scale * se,
        centre=scale * centre,
        excluded=answers.excluded,
    )


@factory
def nps(*, answers: Keep = "all", per: str = "customer", interval: NetInterval = "adjusted-wald") -> Metric:
    """Net Promoter Score: the share of promoters (9-10) less the share of detractors (0-6), in points.

    Args:
        answers: ``all`` answers, or the ``first`` or ``latest`` of each `per`.
        per: ``customer`` (relational) or ``reference`` (transactional).
        interval: ``adjusted-wald`` (Rocks 2016), ``wald``, ``goodman`` (1964), or ``clustered``, which is honest where
            customers answer repeatedly.

    Source: Reichheld 2003, Harvard Business Review 81(12); Rocks 2016, The American Statistician 70(4).
    """
    chosen("interval", interval, (*_NET_INTERVALS, CLUSTERED))
    where = answers_to("nps")
    needs: dict[str, Statistic] = {"answers": tallied(where, answers, per)}
    if interval == CLUSTERED:
        down = Where(score=at_most(_DETRACTOR))
        needs |= clusters("nps", where, answers, plus=Where(score=AtLeast(_PROMOTER)), minus=down)

    def formula(states: Mapping[str, Any], given: Given) -> Estimate:
        found = Answers.of(states["answers"], "nps")
        return _net_estimate(found, _net, interval, given, states.get("clusters"), 100)

    return Metric(
        name="nps",
        title="Net Promoter Score",
        unit="points",
        better="higher",
        needs=needs,
        formula=formula,
        source="Reichheld 2003; interval Rocks 2016",
    )


@factory
def sentiment(
    *,
    value: Literal["net", "mean"] = "net",
    neutral: float = 0.0,
    interval: Literal["default", "clustered"] = "default",
) -> Metric:
    """Sentiment of texts on -1 to 1: the share of positive ones less the share of negative ones, or the mean.

    Args:
        value: ``net``, or ``mean`` (of scores to three decimals).
        neutral: scores from -neutral to neutral are neither positive nor negative.
        interval: ``default`` is the adjusted Wald interval of a net share, or t; ``clustered`` where customers are
            heard repeatedly.

    Source: net sentiment as social listening has it; interval Rocks 2016 for a difference of two shares of one sample.
    """
    chosen("value", value, ("net", "mean"))
    chosen("interval", interval, ("default", CLUSTERED))
    if not 0 <= neutral < 1:
        raise InvalidValueError("neutral", neutral, "must lie within 0 and 1: 0.05 takes -0.05…0.05 for neutral")
    kinds = (ANSWERED, "review.posted", "contact.opened")
    title, source = "Sentiment", "net share; interval Rocks 2016"
    if value == "mean":
        return mean_metric(
            "sentiment",
            title,
            "sentiment",
            source,
            answers="all",
            per="customer",
            interval=own_interval("t", interval),
            kinds=kinds,
            decimals=3,
        )
    where = answers_to("sentiment", kinds)
    # Scores are continuous: the instrument's own name is tallied where a score is positive, negative or any.
    positive, negative = Where(score=Not(at_most(neutral))), Where(score=Less(-neutral))
    known = Where(score=Not(IsNull()))
    within = Where(score=AtLeast(-1)) & Where(score=at_most(1))
    needs: dict[str, Statistic] = {
        "answers": Tally(where & known & within, "instrument"),
        "positive": Tally(where & known & positive & within, "instrument"),
        "negative": Tally(where & negative & within, "instrument"),
        "asked": Tally(where, "instrument"),
    }
    if interval == CLUSTERED:
        needs |= clusters("sentiment", where, "all", plus=known & positive, minus=negative)

    def formula(states: Mapping[str, Any], given: Given) -> Estimate:
        weighed = {name: states[name].values.get("sentiment", (0, 0, 0)) for name in needs if name != "clusters"}
        middle = tuple(
            a - b - c for a, b, c in zip(*(weighed[n] for n in ("answers", "positive", "negative")), strict=True)
        )
        state = {1.0: weighed["positive"], 0.0: middle, -1.0: weighed["negative"]}
        values = {sign: (n, w / 1e6, w2 / 1e12) for sign, (n, w, w2) in state.items() if n}
        left = weighed["asked"][0] - weighed["answers"][0]
        found = Answers(values, {"no score on the scale": left})
        return _net_estimate(found, float, own_interval("adjusted-wald", interval), given, states.get("clusters"), 1)

    return Metric("sentiment", title, "score", "higher", needs, formula, source)
