"""Perception: what customers answer, as shares and means. CSAT, CES, stars, response rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from cxkit.metrics.answers import (
    ANSWERED,
    CLUSTERED,
    Answers,
    answers_to,
    at_most,
    clusters,
    mean_of_answers,
    share_estimate,
    share_of_answers,
    tallied,
)
from cxkit.metrics.durations import ended_metric
from cxkit.metrics.estimate import Estimate
from cxkit.metrics.metric import Given, Metric, factory
from cxkit.metrics.options import chosen, window
from cxkit.model.instrument import INSTRUMENTS
from cxkit.stats import AtLeast, Distinct, IsNull, Not, Spans, Where

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cxkit.stats import Statistic
    from cxkit.stats.tally import Keep

ShareInterval = Literal["wilson", "clustered"]
MeanInterval = Literal["t", "clustered"]


def share_metric(  # noqa: PLR0913 - what a metric says of itself
    name: str,
    title: str,
    instrument: str,
    counts: tuple[float, float],
    source: str,
    *,
    answers: Keep,
    per: str,
    interval: str,
    kinds: tuple[str, ...] = (ANSWERED,),
) -> Metric:
    """Return the metric of the share of answers that lie within two bounds, both inclusive."""
    chosen("interval", interval, ("wilson", CLUSTERED))
    where, (least, most) = answers_to(instrument, kinds), counts
    needs: dict[str, Statistic] = {"answers": tallied(where, answers, per)}
    if interval == CLUSTERED:
        needs |= clusters(instrument, where, answers, plus=Where(score=AtLeast(least)) & Where(score=at_most(most)))

    def formula(states: Mapping[str, Any], given: Given) -> Estimate:
        found = Answers.of(states["answers"], instrument)
        return share_of_answers(found, lambda score: least <= score <= most, given, states.get("clusters"))

    return Metric(name, title, "share", "higher", needs, formula, source)


def mean_metric(  # noqa: PLR0913 - what a metric says of itself
    name: str,
    title: str,
    instrument: str,
    source: str,
    *,
    answers: Keep,
    per: str,
    interval: str,
    kinds: tuple[str, ...] = (ANSWERED,),
    decimals: int | None = None,
) -> Metric:
    """Return the metric of the mean answer to an instrument."""
    chosen("interval", interval, ("t", CLUSTERED))
    where = answers_to(instrument, kinds)
    needs: dict[str, Statistic] = {"answers": tallied(where, answers, per, decimals=decimals)}
    if interval == CLUSTERED:
        needs |= clusters(instrument, where, answers, of="score")

    def formula(states: Mapping[str, Any], given: Given) -> Estimate:
        return mean_of_answers(Answers.of(states["answers"], instrument), instrument, given, states.get("clusters"))

    return Metric(name, title, "score", INSTRUMENTS.get(instrument).better, needs, formula, source)


def own_interval(default: str, interval: str) -> str:
    """Return the interval that an option stands for: the value's own, unless another is asked for."""
    return default if interval == "default" else interval


@factory
def csat(*, answers: Keep = "all", per: str = "customer", interval: ShareInterval = "wilson") -> Metric:
    """Customer satisfaction: the share of the top two boxes (4 and 5) of a 1-5 scale.

    Args:
        answers: ``all`` answers, or the ``first`` or ``latest`` of each `per`.
        per: ``customer`` or ``reference``.
        interval: ``wilson``, or ``clustered`` where customers answer repeatedly.

    Source: top-two-box share as in Morgan & Rego 2006, Marketing Science 25(5); interval Wilson 1927.
    """
    source = "Morgan & Rego 2006 (top two boxes); interval Wilson 1927"
    return share_metric(
        "csat", "Customer satisfaction", "csat", (4, 5), source, answers=answers, per=per, interval=interval
    )


@factory
def csat_mean(*, answers: Keep = "all", per: str = "customer", interval: MeanInterval = "t") -> Metric:
    """Mean satisfaction: the mean answer on the same 1-5 scale, to stand beside the share of the top two boxes.

    Args:
        answers: ``all`` answers, or the ``first`` or ``latest`` of each `per`.
        per: ``customer`` or ``reference``.
        interval: ``t``, or ``clustered`` where customers answer repeatedly.

    Source: mean satisfaction as in Morgan & Rego 2006, Marketing Science 25(5); t interval.
    """
    return mean_metric(
        "csat_mean", "Mean satisfaction", "csat", "Morgan & Rego 2006", answers=answers, per=per, interval=interval
    )


@factory
def ces(
    *,
    value: Literal["mean", "share"] = "mean",
    version: Literal["2.0", "1.0"] = "2.0",
    answers: Keep = "all",
    per: str = "customer",
    interval: Literal["default", "clustered"] = "default",
) -> Metric:
    """Customer Effort Score: 2.0 is agreement on 1-7 that the company made it easy; 1.0 is effort on 1-5, low is good.

    Args:
        value: the ``mean`` of the scale, or the ``share`` of those who had it easy: 5 and above of 2.0, 1 and 2 of 1.0.
        version: ``2.0`` (instrument ces) or ``1.0`` (instrument ces1).
        answers: ``all`` answers, or the ``first`` or ``latest`` of each `per`.
        per: ``customer`` or ``reference``.
        interval: ``default`` is t for the mean and Wilson's for the share; ``clustered`` where customers answer
            repeatedly.

    Source: Dixon, Freeman & Toman 2010, Harvard Business Review 88(7) (1.0); Dixon, Toman & DeLisi 2013, The Effortless
        Experience (2.0).
    """
    chosen("value", value, ("mean", "share"))
    chosen("version", version, ("2.0", "1.0"))
    chosen("interval", interval, ("default", CLUSTERED))
    instrument, easy = ("ces", (5, 7)) if version == "2.0" else ("ces1", (1, 2))
    source = "Dixon, Toman & DeLisi 2013" if version == "2.0" else "Dixon, Freeman & Toman 2010"
    shared: dict[str, Any] = {"answers": answers, "per": per}
    title = "Customer Effort Score"
    if value == "mean":
        return mean_metric("ces", title, instrument, source, interval=own_interval("t", interval), **shared)
    return share_metric("ces", title, instrument, easy, source, interval=own_interval("wilson", interval), **shared)


_STARRED = (ANSWERED, "review.posted")


@factory
def stars(
    *,
    value: Literal["mean", "share", "1", "2", "3", "4", "5"] = "mean",
    answers: Keep = "all",
    per: str = "customer",
    interval: Literal["default", "clustered"] = "default",
) -> Metric:
    """Stars: what reviews and surveys give on 1-5.

    Args:
        value: the ``mean``, the ``share`` of four and five stars, or the share of exactly ``1`` to ``5`` stars: the
            five together are the distribution.
        answers: ``all`` answers, or the ``first`` or ``latest`` of each `per`.
        per: ``customer`` or ``reference``.
        interval: ``default`` is t for the mean and Wilson's for shares; ``clustered`` where customers answer
            repeatedly.

    Source: mean, top-two share and distribution of ratings as review sites show them; t, or Wilson 1927.
    """
    chosen("value", value, ("mean", "share", "1", "2", "3", "4", "5"))
    chosen("interval", interval, ("default", CLUSTERED))
    shared: dict[str, Any] = {"answers": answers, "per": per, "kinds": _STARRED}
    source = "ratings of 1-5; t or Wilson 1927"
    if value == "mean":
        return mean_metric("stars", "Stars", "stars", source, interval=own_interval("t", interval), **shared)
    bounds = (4.0, 5.0) if value == "share" else (float(value), float(value))
    return share_metric("stars", "Stars", "stars", bounds, source, interval=own_interval("wilson", interval), **shared)


@factory
def response_rate(*, rate: Literal["matched", "rr1"] = "matched", window_days: float = 30.0) -> Metric:
    """Response rate: surveys answered, of the surveys sent, matched by reference.

    Args:
        rate: ``matched`` leaves out surveys whose window isn't over yet; ``rr1`` is AAPOR's minimum rate, completed
            answers of all that was ever sent, whether it arrived or not.
        window_days: how long an answer counts, for ``matched``; ``inf`` is for ever.

    Source: AAPOR 2016, Standard Definitions, 9th edition (RR1); interval Wilson 1927.
    """
    chosen("rate", rate, ("matched", "rr1"))
    sent = Where(kind="survey.sent")
    title, source = "Response rate", "AAPOR 2016; interval Wilson 1927"
    if rate == "rr1":
        complete = Where(kind=ANSWERED, score=Not(IsNull()))

        def minimum(states: Mapping[str, Any], given: Given) -> Estimate:
            answered, asked = states["answered"], states["sent"].n + states["sent"].nulls
            excluded = {"answer to nothing sent": answered.orphan}
            if not asked:
                return Estimate(None, level=given.level, unit="share", method="wilson", excluded=excluded)
            return share_estimate(answered.matched / asked, asked, given, excluded)

        needs: dict[str, Statistic] = {"answered": Spans(sent, complete), "sent": Distinct(sent, of="reference")}
        return Metric("response_rate", title, "share", "higher", needs, minimum, source)
    spans = Spans(sent, Where(kind=ANSWERED), window_us=window("window_days", window_days))
    return ended_metric("response_rate", title, "higher", spans, "answer", "AAPOR 2016")
