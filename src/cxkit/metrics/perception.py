"""Perception: what customers answer. NPS, CSAT, CES."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

from cxkit.errors import InvalidValueError
from cxkit.metrics.estimate import Estimate
from cxkit.metrics.metric import Given, Metric, factory
from cxkit.model.event import PPM
from cxkit.model.instrument import INSTRUMENTS
from cxkit.stats import Tally, TallyState, Where
from cxkit.stats.intervals import (
    kish,
    mean_t,
    net_share,
    net_share_adjusted,
    net_share_goodman,
    net_share_wald,
    wilson,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cxkit.stats.tally import Keep

_ANSWERED = "survey.answered"


def _answers(instrument: str, answers: Keep, per: str) -> dict[str, Any]:
    return {"answers": Tally(Where(kind=_ANSWERED, instrument=instrument), "score", keep=answers, per=per)}


def _on_scale(state: TallyState, instrument: str) -> tuple[dict[float, tuple[int, float, float]], dict[str, int]]:
    """Return the answers that lie on the instrument's scale, weights as floats, and what isn't counted."""
    scale = INSTRUMENTS.get(instrument)
    kept = {}
    outside = 0
    for score, (n, w, w2) in state.values.items():
        if scale.low <= score <= scale.high:
            kept[score] = (n, w / PPM, w2 / PPM**2)
        else:
            outside += n
    return kept, {"no score": state.nulls, "off the scale": outside, "no key to thin by": state.unkeyed}


def _effective(values: Mapping[float, tuple[int, float, float]]) -> tuple[int, float]:
    n = sum(count for count, _, _ in values.values())
    return n, kish((w, w2) for _, w, w2 in values.values())


def weighted_variance(
    values: Mapping[float, tuple[int, float, float]], of: Callable[[float], float]
) -> tuple[float, float]:
    """Return a weighted mean of a function of the score, and its linearised variance (with replacement).

    Args:
        values: score → n, Σw, Σw².
        of: the score's value.

    >>> weighted_variance({9.0: (1, 1.0, 1.0), 0.0: (1, 1.0, 1.0)}, lambda score: 1.0 if score == 9 else -1.0)
    (0.0, 1.0)
    """
    n = sum(count for count, _, _ in values.values())
    total = math.fsum(w for _, w, _ in values.values())
    mean = math.fsum(w * of(score) for score, (_, w, _) in values.items()) / total
    spread = math.fsum(w2 * (of(score) - mean) ** 2 for score, (_, _, w2) in values.items())
    return mean, n / (n - 1) * spread / total**2 if n > 1 else math.inf


def _net(score: float) -> float:
    return 1.0 if score >= 9 else -1.0 if score <= 6 else 0.0  # noqa: PLR2004 - Reichheld's bands


_NPS_INTERVALS = {"adjusted-wald": net_share, "wald": net_share_wald, "goodman": net_share_goodman}
NpsInterval = Literal["adjusted-wald", "wald", "goodman"]


@factory
def nps(*, answers: Keep = "all", per: str = "customer", interval: NpsInterval = "adjusted-wald") -> Metric:
    """Net Promoter Score: the share of promoters (9-10) less the share of detractors (0-6), in points.

    Args:
        answers: ``all`` answers, or the ``first`` or ``latest`` of each `per`.
        per: ``customer`` (relational) or ``reference`` (transactional).
        interval: ``adjusted-wald`` (Rocks 2016), ``wald``, or ``goodman`` (1964).

    Source: Reichheld 2003, Harvard Business Review 81(12); Rocks 2016, The American Statistician 70(4).
    """
    if interval not in _NPS_INTERVALS:
        raise InvalidValueError("interval", interval, f"isn't one of {', '.join(_NPS_INTERVALS)}")

    def formula(states: Mapping[str, TallyState], given: Given) -> Estimate:
        values, excluded = _on_scale(states["answers"], "nps")
        n, effective = _effective(values)
        if not effective:
            return Estimate(None, level=given.level, unit="points", method=interval, excluded=excluded)
        total = math.fsum(w for _, w, _ in values.values())
        plus = math.fsum(w for score, (_, w, _) in values.items() if _net(score) > 0) / total
        minus = math.fsum(w for score, (_, w, _) in values.items() if _net(score) < 0) / total
        # One answer says nothing of what others would have answered.
        low, high = (-1.0, 1.0) if n == 1 else _NPS_INTERVALS[interval](plus, minus, effective, given.level)
        centre, se = plus - minus, math.sqrt(max(0.0, plus + minus - (plus - minus) ** 2) / effective)
        weighted = not math.isclose(effective, n)
        if weighted:
            se = math.sqrt(weighted_variance(values, _net)[1]) if n > 1 else se
        elif interval == "adjusted-wald":
            centre, se = net_share_adjusted(plus, minus, n)
        return Estimate(
            value=100 * (plus - minus),
            low=100 * low,
            high=100 * high,
            level=given.level,
            n=n,
            unit="points",
            method=interval,
            n_effective=effective if weighted else None,
            se=100 * se,
            centre=100 * centre,
            excluded=excluded,
        )

    return Metric(
        name="nps",
        title="Net Promoter Score",
        unit="points",
        better="higher",
        needs=_answers("nps", answers, per),
        formula=formula,
        source="Reichheld 2003; interval Rocks 2016",
    )


def share_estimate(
    share: float, n: int, given: Given, excluded: Mapping[str, int], effective: float | None = None
) -> Estimate:
    """Return the estimate of a share with Wilson's interval; comparisons use Agresti & Caffo's (2000) adjustment.

    >>> round(share_estimate(0.81, 100, Given(), {}).low, 6)
    0.722212
    """
    size = n if effective is None else effective
    low, high = wilson(share, size, given.level)
    centre = (share * size + 1) / (size + 2)
    return Estimate(
        value=share,
        low=low,
        high=high,
        level=given.level,
        n=n,
        unit="share",
        method="wilson",
        n_effective=effective,
        se=math.sqrt(centre * (1 - centre) / (size + 2)),
        centre=centre,
        excluded=excluded,
    )


def _share_of_answers(state: TallyState, instrument: str, least: float, given: Given) -> Estimate:
    values, excluded = _on_scale(state, instrument)
    n, effective = _effective(values)
    if not effective:
        return Estimate(None, level=given.level, unit="share", method="wilson", excluded=excluded)
    total = math.fsum(w for _, w, _ in values.values())
    share = min(1.0, math.fsum(w for score, (_, w, _) in values.items() if score >= least) / total)
    return share_estimate(share, n, given, excluded, None if math.isclose(effective, n) else effective)


def _mean_of_answers(state: TallyState, instrument: str, given: Given) -> Estimate:
    values, excluded = _on_scale(state, instrument)
    n, effective = _effective(values)
    if not effective:
        return Estimate(None, level=given.level, unit="score", method="t", excluded=excluded)
    mean, variance = weighted_variance(values, float)
    scale = INSTRUMENTS.get(instrument)
    mean = min(max(mean, scale.low), scale.high)  # weights may round it a hair off the scale
    low, high = mean_t(mean, variance * n if n > 1 else None, n, given.level)
    return Estimate(
        value=mean,
        low=max(low, scale.low),
        high=min(high, scale.high),
        level=given.level,
        n=n,
        unit="score",
        method="t",
        n_effective=None if math.isclose(effective, n) else effective,
        se=math.sqrt(variance) if n > 1 else None,
        excluded=excluded,
    )


@factory
def csat(*, answers: Keep = "all", per: str = "customer") -> Metric:
    """Customer satisfaction: the share of the top two boxes (4 and 5) of a 1-5 scale.

    Args:
        answers: ``all`` answers, or the ``first`` or ``latest`` of each `per`.
        per: ``customer`` or ``reference``.

    Source: top-two-box share as in Morgan & Rego 2006, Marketing Science 25(5); interval Wilson 1927.
    """
    return Metric(
        name="csat",
        title="Customer satisfaction",
        unit="share",
        better="higher",
        needs=_answers("csat", answers, per),
        formula=lambda states, given: _share_of_answers(states["answers"], "csat", 4, given),
        source="Morgan & Rego 2006 (top two boxes); interval Wilson 1927",
    )


@factory
def ces(*, value: Literal["mean", "share"] = "mean", answers: Keep = "all", per: str = "customer") -> Metric:
    """Customer Effort Score 2.0: agreement on 1-7 that the company made it easy.

    Args:
        value: the ``mean`` of the scale, or the ``share`` of 5 and above.
        answers: ``all`` answers, or the ``first`` or ``latest`` of each `per`.
        per: ``customer`` or ``reference``.

    Source: Dixon, Toman & DeLisi 2013, The Effortless Experience; t interval, or Wilson's for the share.
    """
    if value not in ("mean", "share"):
        raise InvalidValueError("value", value, "isn't mean or share")

    def formula(states: Mapping[str, TallyState], given: Given) -> Estimate:
        if value == "mean":
            return _mean_of_answers(states["answers"], "ces", given)
        return _share_of_answers(states["answers"], "ces", 5, given)

    return Metric(
        name="ces",
        title="Customer Effort Score",
        unit="score" if value == "mean" else "share",
        better="higher",
        needs=_answers("ces", answers, per),
        formula=formula,
        source="Dixon, Toman & DeLisi 2013",
    )
